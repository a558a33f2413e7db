import { VERSION } from '../../base/version.ts'
import { LINKTYPE_RAW } from '../../net/link-types.ts'
import { PcapngWriter } from '../../net/pcapng-writer.ts'
import type { TapOpening, TappedChunk } from '../relay/relay.ts'
import { ACK, FIN, PSH, RST, SYN, tcpFrame } from './tcp-frame.ts'

/** Of one frame. */
const MAX_PAYLOAD_BYTES = 32 * 1024
const NOTHING = new Uint8Array(0)
/** Readers take this interface for what it is like: between an app and its sidecar, where it is clear. */
const CLEAR_INTERFACE = 'lo'

/** A connection whose frames are being made. */
interface Tapped extends TapOpening {
  readonly interfaceId: number
  /** Sequence number of the next byte, by direction: what was sent so far and one for SYN. */
  next: [client: number, server: number]
  ended: [client: boolean, server: boolean]
}

/**
 * Plaintext that passed a sidecar as a capture (pcapng): TCP connections that look as if it had been captured on the loopback, one
 * interface for what comes in and one for what goes out. Bytes that were not tapped are missing segments.
 */
export class PlaintextCapture {
  readonly #writer = new PcapngWriter(`mtlscope ${VERSION}`)
  readonly #connections = new Map<number, Tapped>()
  readonly #interfaces: Record<'inbound' | 'outbound', number>
  readonly #head: Uint8Array

  constructor(workload: string) {
    this.#head = this.#writer.header()
    const open = (direction: string): number => this.#writer.addInterface({ linkType: LINKTYPE_RAW, name: CLEAR_INTERFACE, description: `${workload}, ${direction}, inside the sidecar` }).id
    this.#interfaces = { inbound: open('inbound'), outbound: open('outbound') }
  }

  /** What a file begins with. */
  header(): Uint8Array {
    return this.#head
  }

  get openConnections(): number {
    return this.#connections.size
  }

  chunk({ connection: id, opening, fromClient, offset, bytes, atMicros }: TappedChunk): void {
    const tapped = this.#connections.get(id) ?? (opening === undefined ? undefined : this.#open(id, opening, offset === 0, atMicros))
    if (tapped === undefined) return
    const side = fromClient ? 0 : 1
    tapped.next[side] = offset + 1
    for (let at = 0; at < bytes.length; at += MAX_PAYLOAD_BYTES) this.#frame(tapped, side, ACK | PSH, bytes.subarray(at, at + MAX_PAYLOAD_BYTES), atMicros)
    if (bytes.length > 0) return
    this.#frame(tapped, side, ACK | FIN, NOTHING, atMicros)
    tapped.next[side]++
    tapped.ended[side] = true
    if (tapped.ended[0] && tapped.ended[1]) this.#connections.delete(id)
  }

  /** The connection is over. One that had no orderly end gets a reset. */
  end(id: number, atMicros: number): void {
    const tapped = this.#connections.get(id)
    if (tapped === undefined) return
    this.#frame(tapped, 0, ACK | RST, NOTHING, atMicros)
    this.#connections.delete(id)
  }

  /** What was made since the last call; the caller owns it. */
  take(): Uint8Array {
    return this.#writer.take()
  }

  /** One that was open before the tap has no beginning. */
  #open(id: number, opening: TapOpening, isNew: boolean, atMicros: number): Tapped {
    const tapped: Tapped = { ...opening, interfaceId: this.#interfaces[opening.info.direction], next: [0, 0], ended: [false, false] }
    this.#connections.set(id, tapped)
    if (isNew) {
      this.#frame(tapped, 0, SYN, NOTHING, atMicros, describe(opening))
      tapped.next[0] = 1
      this.#frame(tapped, 1, SYN | ACK, NOTHING, atMicros)
    }
    tapped.next = [1, 1]
    return tapped
  }

  #frame(tapped: Tapped, side: 0 | 1, flags: number, payload: Uint8Array, atMicros: number, comment?: string): void {
    const { client, server, next, interfaceId } = tapped
    const ack = (flags & ACK) === 0 ? 0 : next[side ^ 1]! >>> 0
    const frame = tcpFrame(side === 0 ? client : server, side === 0 ? server : client, { seq: next[side] >>> 0, ack, flags, payload })
    this.#writer.frame(interfaceId, frame, 0, frame.length, frame.length, atMicros, comment)
    next[side] += payload.length
  }
}

/** For people who read the frames: who talks, as their certificates say. */
function describe({ info }: TapOpening): string {
  const { direction, security, clientIdentity, serverIdentity } = info
  return `${direction} ${security ?? ''}, client ${clientIdentity ?? 'unknown'}, server ${serverIdentity ?? 'unknown'}`
}
