import { closeSync } from 'node:fs'
import { openNetns, withNetns } from '../../src/sys/netns.ts'
import type { PacketRing } from '../../src/sys/packet-ring.ts'
import type { TestNamespace } from './namespace.ts'

export interface SeenFrame { bytes: Uint8Array, wire: number, atMicros: number, linkType: number, interfaceId: number }

/** A sink that keeps a copy of each frame. */
export class FramesSeen {
  readonly frames: SeenFrame[] = []

  frame(buf: Uint8Array, offset: number, captured: number, wire: number, atMicros: number, linkType: number, interfaceId: number): void {
    this.frames.push({ bytes: buf.slice(offset, offset + captured), wire, atMicros, linkType, interfaceId })
  }

  /** How many frames hold this text. */
  holding(text: string): number {
    return this.frames.filter(({ bytes }) => Buffer.from(bytes).includes(text)).length
  }
}

const QUIET_MS = 300
const moment = new Int32Array(new SharedArrayBuffer(4))

/** Hands over what was captured once nothing has come for a moment: on a busy machine the kernel delivers some packets when whoever sent them has gone on. Ends the ring. Gives how many it had counted by then. */
export function flushQuiet(ring: Pick<PacketRing, 'flush' | 'statistics'>, seen: FramesSeen): number {
  let now = ring.statistics().packets
  for (let before = -1; now !== before;) {
    Atomics.wait(moment, 0, 0, QUIET_MS)
    before = now
    now = ring.statistics().packets
  }
  ring.flush(seen)
  return now
}

/** Waits until the ring has counted so many: on a busy machine the kernel delivers some when whoever sent them has gone on. */
export function waitForPackets(ring: Pick<PacketRing, 'statistics'>, count: number): void {
  for (let n = 0; n < 6000 && ring.statistics().packets < count; n++) Atomics.wait(moment, 0, 0, 10)
}

/** Runs a function with this thread inside the namespace. */
export function inside<T>(namespace: TestNamespace, fn: () => T): T {
  const fd = openNetns(namespace.path)
  try {
    return withNetns(fd, fn)
  } finally {
    closeSync(fd)
  }
}

/** Sends one datagram for each text, each from a port of its own. Nobody need listen. */
export function sendDatagrams(from: TestNamespace, to: string, port: number, texts: readonly string[]): void {
  from.run('bash', '-c', 'for text in "${@:3}"; do printf %s "$text" > "/dev/udp/$1/$2"; done 2> /dev/null; true', 'bash', to, String(port), ...texts)
}
