import { readFileSync } from 'node:fs'
import { Ledger } from '../../src/check/ledger.ts'
import { buildReport } from '../../src/check/report.ts'
import type { EdgeReport, ProbeResult } from '../../src/check/verdict.ts'
import { parseCapture } from '../../src/net/capture-parser.ts'
import { Decoder } from '../../src/net/decode.ts'
import { ACK, Packet, SYN, TCP } from '../../src/net/packet.ts'
import { DEFAULT_SETTINGS } from '../../src/protocols/protocol.ts'
import { Engine } from '../../src/tap/engine.ts'

export interface CapturedFrame { readonly bytes: Uint8Array, readonly wire: number, readonly atMicros: number, readonly linkType: number }

/** The two ports of a connection: the addresses of a scene are always the same. `use`: the kernel gives a client's port again, to the 2nd connection of these ports. */
export function portsKey(clientPort: number, serverPort: number, use = 1): string {
  return use === 1 ? `${clientPort} ${serverPort}` : `${use}. ${clientPort} ${serverPort}`
}

/** Frames of a capture file by connection (`portsKey`). */
export function framesByPorts(path: string, isServerPort: (port: number) => boolean): Map<string, CapturedFrame[]> {
  const found = new Map<string, CapturedFrame[]>()
  /** By ports: the connection that they belong to now. */
  const open = new Map<string, { use: number, isn: number }>()
  const decoder = new Decoder()
  const packet = new Packet()
  const { failure } = parseCapture(readFileSync(path), {
    interface: () => {},
    frame: (buf, offset, captured, wire, atMicros, linkType) => {
      if (decoder.decode(buf, offset, captured, wire, linkType, atMicros, packet) !== TCP) return
      const [client, server] = isServerPort(packet.srcPort) ? [packet.dstPort, packet.srcPort] : [packet.srcPort, packet.dstPort]
      const now = open.get(portsKey(client, server)) ?? { use: 0, isn: -1 }
      if (now.use === 0) open.set(portsKey(client, server), now)
      // A SYN that is sent again has the number of the first.
      if ((packet.flags & (SYN | ACK)) === SYN && packet.seq !== now.isn) [now.use, now.isn] = [now.use + 1, packet.seq]
      const key = portsKey(client, server, now.use)
      const frames = found.get(key) ?? []
      if (frames.length === 0) found.set(key, frames)
      frames.push({ bytes: buf.slice(offset, offset + captured), wire, atMicros, linkType })
    },
  })
  if (failure !== undefined) throw new Error(`the capture ${failure.what}`)
  return found
}

/** What check says of these frames and nothing else: at most one edge. */
export function judgeFrames(frames: readonly CapturedFrame[], probes: readonly ProbeResult[] = []): EdgeReport | undefined {
  const ledger = new Ledger()
  const engine = new Engine(
    { settings: { ...DEFAULT_SETTINGS, details: false, bodyLimitBytes: 0, signatures: true }, capture: 'pcap', frameMarks: true },
    { message: (flow, message, context) => { ledger.add(flow, message, { frameAt: (atMicros) => context.frameAt(atMicros), facts: ledger.read(message), broken: context.broken }) } },
  )
  for (const { bytes, wire, atMicros, linkType } of frames) engine.frame(bytes, 0, bytes.length, wire, atMicros, linkType, 0)
  engine.end()
  ledger.end()
  const { edges } = buildReport(ledger, { version: 'test', source: 'test', packets: frames.length, notes: [], probes })
  if (edges.length > 1) throw new Error(`one connection, ${edges.length} edges: ${edges.map(({ client, server, port }) => `${client} ${server}:${port}`).join(', ')}`)
  return edges[0]
}
