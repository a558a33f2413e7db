import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import { FlowTable } from '../net/flow-table.ts'
import type { Packet } from '../net/packet.ts'
import { ACK, FIN, RST, SYN } from '../net/packet.ts'
import { Attempt } from './flow-attempt.ts'
import type { FlowOwner } from './flow-owner.ts'

/** Linux sends SYNs at most 64 s apart by default, seven in all: after this time none follows. */
const IDLE_MICROS = 70 * 1e6
/** More of them at once: the oldest is told. Half-open connections never cost those that are established. */
const MAX_ATTEMPTS = 30_000
const IPPROTO_TCP = 6

/** What became of a packet of no connection: it was an attempt's, or it opens a connection, from the start or in the middle. */
export type AttemptStep = typeof TAKEN | typeof ANSWERED | typeof UNKNOWN
export const TAKEN = 0
/** `attempt` was answered, and is none any more. */
export const ANSWERED = 1
export const UNKNOWN = 2

/** Connections of which only SYNs were seen, apart from the others: a flood of them is small, and pushes out nothing but itself. */
export class Attempts {
  attempt: Attempt | undefined
  /** Who sent the packet that answered. */
  side: Side = CLIENT
  readonly #owner: FlowOwner
  readonly #table: FlowTable<Attempt>

  constructor(owner: FlowOwner, seed: number) {
    this.#owner = owner
    this.#table = new FlowTable(seed)
  }

  has(packet: Packet, scope: number): boolean {
    return this.#table.find(packet, IPPROTO_TCP, scope) !== undefined
  }

  /** Whether there is one between these addresses that the packet, which came from another network, has nothing to do with. */
  isOther(packet: Packet, scope: number): boolean {
    const attempt = this.#table.find(packet, IPPROTO_TCP, scope)
    if (attempt === undefined || attempt.network === packet.network) return false
    const next = attempt.isn + 1 | 0
    if (this.#table.side === SERVER) return (packet.flags & ACK) !== 0 && (packet.ack | 0) !== next
    return (packet.seq | 0) !== ((packet.flags & SYN) === 0 ? next : attempt.isn)
  }

  /** A packet of a connection that is not known. */
  segment(packet: Packet, atMicros: Micros, interfaceId: number, scope: number): AttemptStep {
    const attempt = this.#table.find(packet, IPPROTO_TCP, scope)
    const isBareSyn = (packet.flags & (SYN | ACK | RST | FIN)) === SYN && packet.payloadLength + packet.payloadMissing === 0
    if (attempt === undefined) {
      if (isBareSyn) this.#open(packet, atMicros, interfaceId, scope)
      // A reset of what is not known says nothing that could be shown.
      return isBareSyn || (packet.flags & RST) !== 0 ? TAKEN : UNKNOWN
    }
    const { side } = this.#table
    if (isBareSyn && side === CLIENT) this.#again(attempt, packet, atMicros, interfaceId, scope)
    else if ((packet.flags & RST) !== 0) this.#reset(attempt, side, packet, atMicros)
    else return this.#answer(attempt, side)
    return TAKEN
  }

  #open(packet: Packet, atMicros: Micros, interfaceId: number, scope: number): void {
    const attempt = new Attempt(this.#owner, this.#owner.opened(), interfaceId, packet, atMicros)
    this.expire(atMicros)
    this.#table.add(attempt, packet, IPPROTO_TCP, scope, CLIENT)
    attempt.lastMicros = atMicros
  }

  /** The same number again, or another one: then the same ports try anew. */
  #again(attempt: Attempt, packet: Packet, atMicros: Micros, interfaceId: number, scope: number): void {
    if (attempt.isn === (packet.seq | 0)) {
      attempt.again(atMicros)
      this.#table.touch(attempt, atMicros)
      return
    }
    attempt.tell()
    this.#table.remove(attempt)
    this.#open(packet, atMicros, interfaceId, scope)
  }

  /** It must acknowledge the SYN (RFC 9293 §3.10.7.3), or follow it where the client itself gives up. */
  #reset(attempt: Attempt, side: Side, packet: Packet, atMicros: Micros): void {
    if (side === SERVER && (packet.flags & ACK) !== 0 && (packet.ack | 0) === (attempt.isn + 1 | 0)) attempt.tell(atMicros)
    else if (side === CLIENT) attempt.tell()
  }

  #answer(attempt: Attempt, side: Side): AttemptStep {
    this.#table.remove(attempt)
    this.attempt = attempt
    this.side = side
    return ANSWERED
  }

  /** Tells those that were silent for long, and the oldest where there are too many. */
  expire(nowMicros: Micros): void {
    for (let oldest = this.#table.oldest(); oldest !== undefined; oldest = this.#table.oldest()) {
      if (this.#table.size < MAX_ATTEMPTS && nowMicros - oldest.lastMicros < IDLE_MICROS) return
      oldest.tell()
      this.#table.remove(oldest)
    }
  }

  end(): void {
    for (const attempt of this.#table) {
      attempt.tell()
      this.#table.remove(attempt)
    }
  }
}
