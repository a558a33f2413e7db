import type { Micros } from '../model/time.ts'
import { FlowTable, scopeWithin } from '../net/flow-table.ts'
import type { Packet } from '../net/packet.ts'
import { SYN } from '../net/packet.ts'
import { senderOfFirst } from '../net/reassembly.ts'
import { isServerPort } from '../protocols/registry.ts'
import { ANSWERED, Attempts, TAKEN } from './flow-attempts.ts'
import type { FlowOwner } from './flow-owner.ts'
import { TcpFlow } from './flow-tcp.ts'
import { Redirects } from './redirects.ts'

/** An idle connection is closed after this much capture time: longer than the keep-alive of common servers and proxies. */
const IDLE_MICROS = 10 * 60 * 1e6
/** A closed one stays known for this long, so that stray retransmissions do not start a new flow. */
const LINGER_MICROS = 5 * 1e6
const MAX_FLOWS = 100_000
const MAX_LINGERING = 20_000
const IPPROTO_TCP = 6

/** The flows of TCP, from the SYN that asks for one until late packets of it are not expected any more. */
export class TcpFlows implements Iterable<TcpFlow> {
  readonly #owner: FlowOwner
  readonly #table: FlowTable<TcpFlow>
  readonly #attempts: Attempts
  readonly #redirects: Redirects
  #lingering: TcpFlow[] = []
  #lingerHead = 0
  /** There was a connection of which another had the addresses. */
  #hasNamesakes = false

  /** `seed`: draws a number of 32 bits for each of the tables. */
  constructor(owner: FlowOwner, seed: () => number) {
    this.#owner = owner
    this.#table = new FlowTable(seed())
    this.#attempts = new Attempts(owner, seed())
    this.#redirects = new Redirects(seed())
  }

  /** The connection that a segment belongs to; `segment` must follow before the next `find` or `open`. */
  find(packet: Packet, scope: number): TcpFlow | undefined {
    const flow = this.#table.find(packet, IPPROTO_TCP, scope)
    return flow !== undefined && flow.network === packet.network && (packet.flags & SYN) === 0 ? flow : this.#findRarely(flow, packet, scope)
  }

  #findRarely(any: TcpFlow | undefined, packet: Packet, scope: number): TcpFlow | undefined {
    const isOther = any === undefined ? this.#hasNamesakes : any.network !== packet.network
    const flow = isOther ? this.#findNamesake(any, packet, scope) : any
    if (flow === undefined || (packet.flags & SYN) === 0 || !flow.tcp.isReusedBy(packet, this.#table.side)) return flow
    this.drop(flow)
    return undefined
  }

  /**
   * Networks on one wire (VLANs, overlays) may have the same addresses, and one connection may be seen in several of them on its way, or each direction in its own. So a connection is told by its addresses;
   * where another one of them, in another network, has numbers of its own, it has a scope of its own.
   */
  #findNamesake(flow: TcpFlow | undefined, packet: Packet, scope: number): TcpFlow | undefined {
    const namesake = this.#hasNamesakes ? this.#table.find(packet, IPPROTO_TCP, scopeWithin(scope, packet.network)) : undefined
    if (namesake !== undefined || flow === undefined) return namesake
    // Asked once more, for the side.
    if (this.#table.find(packet, IPPROTO_TCP, scope) === flow && flow.tcp.isNear(packet, this.#table.side)) return flow
    this.#hasNamesakes = true
    return undefined
  }

  /** Where a connection that is not known belongs. */
  #scopeOfNew(packet: Packet, scope: number): number {
    const own = scopeWithin(scope, packet.network)
    const isTaken = this.#table.find(packet, IPPROTO_TCP, scope) !== undefined || this.#attempts.isOther(packet, scope)
    if (isTaken) this.#hasNamesakes = true
    return isTaken || (this.#hasNamesakes && this.#attempts.has(packet, own)) ? own : scope
  }

  /** A flow for a segment that `find` has none for. Undefined where there is no connection so far: a SYN alone, or what came of it. */
  open(packet: Packet, atMicros: Micros, nowMicros: Micros, interfaceId: number, scope: number, isOnLoopback: boolean): TcpFlow | undefined {
    return isOnLoopback ? this.#openOnLoopback(packet, atMicros, nowMicros, interfaceId, scope) : this.#open(packet, atMicros, nowMicros, interfaceId, scope)
  }

  /** There the two directions of a connection may have different addresses. */
  #openOnLoopback(packet: Packet, atMicros: Micros, nowMicros: Micros, interfaceId: number, scope: number): TcpFlow | undefined {
    const redirected = this.#redirects.translate(packet, scope)
    const known = redirected === undefined ? undefined : this.#table.find(packet, IPPROTO_TCP, scope)
    const flow = known ?? this.#open(packet, atMicros, nowMicros, interfaceId, scope)
    if (flow === undefined) {
      if ((packet.flags & SYN) !== 0) this.#redirects.asked(packet, scope)
      return undefined
    }
    flow.isOnLoopback = true
    if (redirected !== undefined) this.#redirects.attach(flow, redirected)
    else if ((packet.flags & SYN) === 0) this.#redirects.opened(flow)
    return flow
  }

  #open(packet: Packet, atMicros: Micros, nowMicros: Micros, interfaceId: number, anyScope: number): TcpFlow | undefined {
    const scope = this.#scopeOfNew(packet, anyScope)
    const attempts = this.#attempts
    const step = attempts.segment(packet, atMicros, interfaceId, scope)
    if (step === TAKEN) return undefined
    const attempt = step === ANSWERED ? attempts.attempt! : undefined
    const sender = attempt === undefined ? senderOfFirst(packet, isServerPort) : attempts.side
    const flow = attempt === undefined
      ? new TcpFlow(this.#owner, this.#owner.opened(), interfaceId, atMicros)
      : new TcpFlow(this.#owner, attempt.number, attempt.interfaceId, attempt.firstMicros)
    if (attempt !== undefined) flow.tcp.opened(attempt.isn)
    this.#expire(nowMicros)
    this.#owner.connected(attempt === undefined && (packet.flags & SYN) === 0)
    this.#table.add(flow, packet, IPPROTO_TCP, scope, sender)
    this.#table.side = sender
    return flow
  }

  /** `flow`: what `find` or `open` has returned for this packet just now. */
  segment(flow: TcpFlow, packet: Packet, atMicros: Micros): void {
    flow.tcp.segment(this.#table.side, packet, atMicros)
    this.#table.touch(flow, atMicros)
    if (flow.retiredMicros < 0 && flow.tcp.closed) this.#retire(flow, atMicros)
  }

  /** Both ends are done: nothing more will be said, but the node lingers. */
  #retire(flow: TcpFlow, atMicros: Micros): void {
    flow.retiredMicros = atMicros
    this.#lingering.push(flow)
  }

  [Symbol.iterator](): Iterator<TcpFlow> {
    return this.#table[Symbol.iterator]()
  }

  /** What it holds is told. */
  drop(flow: TcpFlow): void {
    if (!flow.tcp.closed) flow.tcp.close(flow.lastMicros)
    flow.retiredMicros = Infinity
    if (flow.isOnLoopback) this.#redirects.forget(flow)
    this.#table.remove(flow)
  }

  /** Lets go what is over or idle by capture time, and tells the attempts that nothing came of. */
  expire(nowMicros: Micros): void {
    this.#expire(nowMicros)
    this.#attempts.expire(nowMicros)
  }

  /** Connections that are over or idle, and the oldest when there are too many. */
  #expire(nowMicros: Micros): void {
    this.#expireLingering(nowMicros)
    for (let oldest = this.#table.oldest(); oldest !== undefined; oldest = this.#table.oldest()) {
      const full = this.#table.size > MAX_FLOWS
      if (!full && nowMicros - oldest.lastMicros < IDLE_MICROS) return
      if (full) this.#owner.evicted()
      this.drop(oldest)
    }
  }

  #expireLingering(nowMicros: Micros): void {
    const queue = this.#lingering
    while (this.#lingerHead < queue.length) {
      const flow = queue[this.#lingerHead]!
      const few = queue.length - this.#lingerHead <= MAX_LINGERING
      if (few && flow.retiredMicros !== Infinity && nowMicros - flow.retiredMicros < LINGER_MICROS) break
      this.#lingerHead++
      if (flow.retiredMicros !== Infinity) this.drop(flow)
    }
    if (this.#lingerHead > 1024 && this.#lingerHead * 2 > queue.length) {
      this.#lingering = queue.slice(this.#lingerHead)
      this.#lingerHead = 0
    }
  }

  end(): void {
    for (const flow of this.#table) this.drop(flow)
    this.#attempts.end()
    this.#lingering = []
    this.#lingerHead = 0
  }
}
