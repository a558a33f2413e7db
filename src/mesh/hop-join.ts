import { BoundedMap } from '../base/bounded-map.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import { isLoopbackAddress } from '../net/address.ts'
import { ConnectionTable } from './connection-table.ts'
import type { ClearRole } from './exchange.ts'
import { Exchange } from './exchange.ts'
import { ExchangePool } from './exchange-pool.ts'
import { describeRequest } from './join-description.ts'
import type { HopMessage, JoinedRequest } from './joined-request.ts'
import { ExchangePairing } from './pairing.ts'
import { PlainMemory } from './plain-memory.ts'
import { isBeside, rivalsBetween, turnsBetween, turnsNextTo } from './turn-search.ts'
import type { CrossedBy } from './turn-search.ts'
import type { WireConnection } from './wire-connection.ts'
import { WireProgress } from './wire-progress.ts'
import { Names } from './workloads.ts'

export type { HopMessage, JoinedHop, JoinedRequest, JoinedVerdict } from './joined-request.ts'

/** Messages of several threads come in batches, so a hop may come this much later than the one that it belongs to. */
const SETTLE_MICROS = 250_000
/** A turn of ciphertext is known when the next one begins; requests whose turn is not known by then go without. */
const HOLD_MICROS = 2_000_000
const MAX_EXCHANGES = 8192
const MAX_JOININGS = 4096
const MAX_HELD_BYTES = 128 * 1024 * 1024
const MAX_LEARNT = 4096
/** How often, in capture time, it is looked for what is due. */
const PUMP_MICROS = 20_000
const EXPIRE_MICROS = 1_000_000
/** Turns of a request that takes longer are not counted. */
const LONGEST_MICROS = 30_000_000

export interface HopJoinOptions {
  settleMicros?: Micros
  holdMicros?: Micros
  /** Connections that were closed are remembered for so long at least, for what comes late. */
  keepMicros?: Micros
  /** What was read at one end of a wire waits so long after its answer for the other end, where that is captured, too. Default: no longer than `holdMicros` says. */
  holdHalfMicros?: () => Micros
  /** Which side a clear connection is on, where the caller knows who listens there. What is not known is learnt. */
  roleOf?: (flow: FlowInfo) => ClearRole | undefined
  /** Which place is called by an address that is not its own, such as that of a listener on another place's loopback; where the caller knows. */
  leadsTo?: (ip: string) => string | undefined
  /**
   * Time is what `advance` says, whatever the messages say. For a caller who knows how far all captures have been read: of a batch
   * what one interface saw may be ahead of what another did by as long as their thread was kept waiting. Default: false.
   */
  isTimeTold?: boolean
}

/** One request that waits for what crossed between its hops. */
interface Joining { outer: Exchange | undefined, inner: Exchange | undefined, readonly deadlineMicros: Micros }

/**
 * Joins what was seen of a request at several places: in the clear at its client and at its server, and as turns of ciphertext
 * (`Settings.ciphertextTurns`) or in plaintext on the wire between them. Hops are joined by method, path, status, sizes and time; of
 * requests that are alike and under way at once it may take one's hop for the other's. Pure: time is what the messages and
 * `advance` say. Memory is bounded; what is given up for it is emitted as far as it was seen, and counted in `limits`.
 */
export class HopJoin {
  readonly #emit: (request: JoinedRequest) => void
  readonly #options: HopJoinOptions
  readonly #settleMicros: Micros
  readonly #holdMicros: Micros
  readonly #places = new Names()
  readonly #addresses = new Map<string, readonly string[]>()
  readonly #watched = new Set<string>()
  readonly #pool = new ExchangePool()
  readonly #plains = new PlainMemory()
  readonly #wires = new WireProgress()
  readonly #connections = new ConnectionTable((endpoint, place) => this.#placeOf(endpoint, place), (what) => this.#hit(what))
  readonly #pairing = new ExchangePairing(this.#pool, this.#connections, {
    roleOf: (exchange) => this.#roleOf(exchange),
    affinity: (outer, inner) => this.#affinity(outer, inner),
  })
  /** Clear flow → the connection that its requests went over. */
  readonly #habits = new BoundedMap<string, WireConnection>(MAX_LEARNT)
  readonly #roles = new BoundedMap<string, ClearRole>(MAX_LEARNT)
  #joinings: Joining[] = []
  #nowMicros = 0
  #pairBytes = 0
  #turnsCame = false
  #pumpedMicros = 0
  #expiredMicros = 0
  /** Bounds that were hit, by name, with how often. */
  readonly limits: Record<string, number> = {}

  constructor(emit: (request: JoinedRequest) => void, options: HopJoinOptions = {}) {
    this.#emit = emit
    this.#options = options
    this.#settleMicros = options.settleMicros ?? SETTLE_MICROS
    this.#holdMicros = options.holdMicros ?? HOLD_MICROS
  }

  /** Addresses that are configured in a namespace. Without, the names that flows give their ends are taken for namespaces. */
  setPlace(namespace: string, addresses: readonly string[]): void {
    for (const ip of this.#addresses.get(namespace) ?? []) this.#places.remove(ip, namespace)
    const own = addresses.filter((ip) => !isLoopbackAddress(ip))
    this.#addresses.set(namespace, own)
    for (const ip of own) this.#places.add(ip, namespace)
  }

  /** Messages of all namespaces, in any order that is not far from that of time. */
  add(seen: HopMessage): void {
    const { flow, message } = seen
    this.#watched.add(flow.namespace ?? '')
    if (flow.hop === 'wire') this.#wires.add(flow.namespace ?? '', message)
    if (this.#options.isTimeTold !== true) this.#nowMicros = Math.max(this.#nowMicros, message.atMicros + (message.elapsedMicros ?? 0))
    if (message.protocol === 'tls') {
      this.#connections.add(seen)
      this.#turnsCame = true
    } else if (message.protocol !== 'tcp') this.#addExchange(seen)
    if (this.#nowMicros - this.#pumpedMicros >= PUMP_MICROS) this.#pump()
  }

  /** Capture time has come this far, also where nothing is said. Live: the clock. */
  advance(nowMicros: Micros): void {
    this.#wires.advance(nowMicros)
    this.#nowMicros = Math.max(this.#nowMicros, nowMicros)
    this.#pump()
  }

  /** Nothing more will come: everything that waits is emitted. */
  end(): void {
    this.advance(Infinity)
  }

  #addExchange(seen: HopMessage): void {
    const { atMicros, elapsedMicros = 0 } = seen.message
    const due = Math.max(this.#nowMicros, atMicros + elapsedMicros) + this.#settleMicros
    const exchange = new Exchange(seen, due, (endpoint) => this.#placeOf(endpoint, seen.flow.namespace ?? ''), ({ ip }) => this.#options.leadsTo?.(ip) ?? this.#places.nameOf(ip))
    if (exchange.plain) this.#plains.add(exchange, this.#nowMicros, this.#watched.has(exchange.serverPlace))
    if (!this.#pool.add(exchange)) return
    if (this.#pool.waiting > MAX_EXCHANGES || this.#pool.heldBytes + this.#pairBytes > MAX_HELD_BYTES) this.#makeRoom()
  }

  #makeRoom(): void {
    this.#hit('requests that wait for their hops')
    const next = this.#pool.next(this.#nowMicros, true)
    if (next !== undefined) this.#decide(next)
    while (this.#joinings.length > 0 && this.#pool.heldBytes + this.#pairBytes > MAX_HELD_BYTES) this.#finish(this.#joinings.shift()!, true)
  }

  #pump(): void {
    this.#pumpedMicros = this.#nowMicros
    for (let next = this.#pool.next(this.#nowMicros); next !== undefined; next = this.#pool.next(this.#nowMicros)) this.#decide(next)
    this.#finishJoinings()
    if (this.#nowMicros - this.#expiredMicros < EXPIRE_MICROS) return
    this.#expiredMicros = this.#nowMicros
    const before = this.#nowMicros - Math.max(this.#holdMicros + this.#settleMicros, this.#options.keepMicros ?? 0)
    this.#pool.expire(before)
    this.#plains.expire(this.#nowMicros)
    this.#connections.expire(before, before - LONGEST_MICROS)
  }

  /** They wait for turns: where none came, only for their time to run out. */
  #finishJoinings(): void {
    const oldest = this.#joinings[0]
    if (oldest === undefined || (!this.#turnsCame && this.#nowMicros < oldest.deadlineMicros)) return
    this.#turnsCame = false
    this.#joinings = this.#joinings.filter((joining) => !this.#finish(joining, this.#nowMicros >= joining.deadlineMicros))
  }

  /** Every hop that there is to this one has had time to come. */
  #decide(exchange: Exchange): void {
    if (exchange.taken) return
    if (exchange.plain) return this.#finishPlain(exchange)
    const outer = this.#pairing.outerOf(exchange)
    const inner = this.#pairing.innerOf(exchange)
    // An app that passes the request on is enclosed and encloses: a sidecar is quicker than an app.
    const isServer = outer !== undefined && (inner === undefined || exchange.atMicros - outer.atMicros <= inner.atMicros - exchange.atMicros)
    const other = isServer ? outer : inner
    if (other?.plain === true) return this.#finishPlain(other)
    this.#hold(isServer ? other : exchange, isServer ? exchange : other)
  }

  /** With one hop only it stays in the pool, so that a late one still finds it. */
  #hold(outer: Exchange | undefined, inner: Exchange | undefined): void {
    if (outer !== undefined && inner !== undefined) {
      this.#pool.take(outer)
      this.#pool.take(inner)
      this.#pairBytes += outer.sizeBytes + inner.sizeBytes
    }
    const joining: Joining = { outer, inner, deadlineMicros: (outer ?? inner)!.dueMicros + this.#holdMicros }
    if (this.#finish(joining, false)) return
    this.#joinings.push(joining)
    if (this.#joinings.length <= MAX_JOININGS) return
    this.#hit('requests that wait for their turn')
    this.#finish(this.#joinings.shift()!, true)
  }

  #finishPlain(wire: Exchange): void {
    const outer = this.#pairing.outerOf(wire)
    const inner = this.#pairing.innerOf(wire)
    for (const exchange of [outer, wire, inner]) if (exchange !== undefined) this.#pool.take(exchange)
    wire.outerHop = outer?.span
    wire.innerHop = inner?.span
    this.#emit(describeRequest({ outer, wire, inner, watched: this.#watched }))
    if (outer === undefined && inner === undefined) this.#plains.leaveAlone(wire)
  }

  /** Emits it when all of its turns are known, or at the latest when it is `final`. True when it is done. */
  #finish(joining: Joining, final: boolean): boolean {
    const { outer, inner } = joining
    if (outer !== undefined && inner !== undefined) return this.#finishPair(outer, inner, final)
    const only = (outer ?? inner)!
    return only.taken || this.#finishSingle(only, final)
  }

  #finishPair(outer: Exchange, inner: Exchange, final: boolean): boolean {
    const wire = this.#plains.take(outer)
    const isInDoubt = wire === undefined && (this.#isInDoubt(outer, true) || this.#isInDoubt(inner, true))
    const crossed = wire === undefined && !isInDoubt ? turnsBetween(this.#connections, outer, inner, this.#habits.get(outer.flowKey)) : undefined
    if (wire === undefined && !final && crossed?.whole !== true) return false
    if (crossed !== undefined) {
      this.#take(crossed)
      this.#habits.set(outer.flowKey, crossed.connection)
      this.#habits.set(inner.flowKey, crossed.connection)
      this.#roles.set(outer.listenerKey, 'client')
      this.#roles.set(inner.listenerKey, 'server')
    }
    this.#pairBytes -= outer.sizeBytes + inner.sizeBytes
    const open = wire === undefined && !isInDoubt && (crossed === undefined || crossed.connection.isShared) ? this.#connections.between(outer.place, inner.place, outer.atMicros, outer.endMicros) : undefined
    const rivals = open?.[0] && rivalsBetween(this.#connections, outer, inner, open[0], true)
    this.#emit(describeRequest({ outer, wire, inner, crossed, open, rivals, isInDoubt, watched: this.#watched }))
    return true
  }

  /** Whether it may have gone over a wire in plaintext, for all that was captured in its place until it was answered. */
  #isInDoubt(clear: Exchange, isPaired: boolean): boolean {
    return !this.#wires.isReadTo(clear.place, clear.endMicros) || this.#plains.mayHold(clear, this.#sureRoleOf(clear), isPaired)
  }

  #finishSingle(exchange: Exchange, final: boolean): boolean {
    const wire = this.#plains.take(exchange)
    if (wire !== undefined) return this.#finishLate(exchange, wire)
    const role = this.#roleOf(exchange)
    const isInDoubt = this.#isInDoubt(exchange, false)
    const near = isInDoubt ? undefined : turnsNextTo(this.#connections, exchange, role, this.#sureRoleOf(exchange), this.#habits.get(exchange.flowKey))
    // Who listens there has never been seen behind a wire: an answer is what tells.
    const crossed = near !== undefined && role === undefined && (final || near.whole) && isBeside(near, exchange) ? undefined : near
    const isOtherDue = crossed === undefined || !this.#watched.has(otherPlace(crossed)) || this.#nowMicros >= exchange.endMicros + (this.#options.holdHalfMicros?.() ?? 0)
    if ((!final && (crossed?.whole !== true || this.#watched.has(otherPlace(crossed)))) || !isOtherDue) return false
    this.#pool.take(exchange)
    if (crossed !== undefined) this.#take(crossed)
    const as = crossed?.role ?? role
    const sides = as === 'server' ? { inner: exchange } : as === 'client' ? { outer: exchange } : { lone: exchange }
    const shared = crossed?.connection.isShared === true ? crossed.connection : undefined
    const open = shared && this.#connections.between(shared.clientPlace, shared.serverPlace, exchange.atMicros, exchange.endMicros)
    this.#emit(describeRequest({ ...sides, crossed, open, isInDoubt, watched: this.#watched }))
    return true
  }

  /** What was read on that wire was told before this came: once more, but not as something else. */
  #finishLate(clear: Exchange, wire: Exchange): boolean {
    this.#pool.take(clear)
    this.#emit(describeRequest({ ...clear.place === wire.clientPlace ? { outer: clear } : { inner: clear }, wire, watched: this.#watched }))
    return true
  }

  /** Those of a connection that others cross at the same time are theirs, too. */
  #take({ connection, turns }: CrossedBy): void {
    if (!connection.isShared) this.#connections.take(turns)
  }

  #roleOf(exchange: Exchange): ClearRole | undefined {
    return this.#sureRoleOf(exchange) ?? this.#roles.get(exchange.listenerKey)
  }

  /** What is learnt of roles may come of hops that were taken for each other. */
  #sureRoleOf(exchange: Exchange): ClearRole | undefined {
    return this.#options.roleOf?.(exchange.first.flow) ?? exchange.role
  }

  /** Sidecars mostly keep one connection for each of the app's, and on the other side likewise. */
  #affinity(outer: Exchange, inner: Exchange): number {
    const before = this.#habits.get(outer.flowKey)
    const after = this.#habits.get(inner.flowKey)
    if (before === undefined || after === undefined) return 0
    return before === after ? 1 : -1
  }

  #placeOf(endpoint: Endpoint, namespace: string): string {
    if (isLoopbackAddress(endpoint.ip)) return namespace
    return this.#places.nameOf(endpoint.ip) ?? endpoint.name ?? endpoint.ip
  }

  #hit(limit: string): void {
    this.limits[limit] = (this.limits[limit] ?? 0) + 1
  }
}

/** Where the hop would be that is missing. */
function otherPlace({ role, connection }: CrossedBy): string {
  return role === 'server' ? connection.clientPlace : connection.serverPlace
}
