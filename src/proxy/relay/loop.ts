import type { MessagePort } from 'node:worker_threads'
import { receiveMessageOnPort } from 'node:worker_threads'
import { EPOLLIN, Epoll } from '../../sys/epoll.ts'
import { allocateAt, freeAt } from '../../sys/memory.ts'
import { readAt } from '../../sys/stream-socket.ts'
import { acceptWaiting } from './accepting.ts'
import { ConnectionList } from './connection-list.ts'
import { Connection, connectionInfo, finishedConnection } from './connection.ts'
import type { CloseReason, Direction } from './connection-report.ts'
import { ConnectionSlots } from './connection-slots.ts'
import { COUNTER } from './counters.ts'
import { endConnection } from './ending.ts'
import { takeEvent } from './leg-events.ts'
import type { Leg } from './leg.ts'
import { Legs } from './legs.ts'
import { Listeners, NO_GENERATION } from './listeners.ts'
import type { Listener } from './listeners.ts'
import { MemoryTrim } from './memory-trim.ts'
import { endPhase } from './opening.ts'
import { Policy, ownPortsOf } from './policy.ts'
import { SessionCache } from './session-cache.ts'
import type { SocketAddress } from './socket-address.ts'
import { TapFeed } from './tap-feed.ts'
import { NO_TARGETS, planTargets } from './target.ts'
import type { PlanTargets, Target } from './target.ts'
import type { Credentials, NameAddresses, ThreadCommand, ThreadInput, ThreadReport } from './thread-messages.ts'
import { REPORT_MS, ThreadReports } from './thread-reports.ts'
import type { TlsContexts } from './tls-contexts.ts'
import { openTlsContexts } from './tls-contexts.ts'
import { transfer } from './transfer.ts'
import { Tunnels } from './tunnel/tunnels.ts'

const EVENTS = 512
/** What one read takes at most, and one write of what was decrypted: eight TLS records. */
const SCRATCH_BYTES = 128 * 1024
/** Time-outs are looked at so often; finer while a permissive port waits for first bytes. */
const TICK_MS = 500
const FINE_TICK_MS = 50

/** One thread's connections, and the loop that waits for all their sockets at once. Nothing here is shared but counters and slots. */
export class RelayLoop {
  policy: Policy
  contexts: TlsContexts
  readonly sessions = new SessionCache()
  readonly slots: ConnectionSlots
  readonly counters: Float64Array
  /** Where bytes are read into; valid until the next read. */
  readonly scratch = allocateAt(SCRATCH_BYTES)
  chunkBytes = SCRATCH_BYTES
  nowMs = performance.now()
  /** Ports that lead back into this sidecar. */
  ownPorts: ReadonlySet<number> = new Set()
  readonly tap: TapFeed
  readonly listeners: Listeners
  readonly tunnels: Tunnels
  readonly reports = new ThreadReports((report) => this.#post(report))

  readonly #port: MessagePort
  readonly #wakeFd: number
  readonly #epoll = new Epoll(EVENTS)
  readonly legs = new Legs(this.#epoll)
  readonly #connections = new ConnectionList()
  readonly #queue: Leg[] = []
  readonly #idStep: number
  #credentials: Credentials
  #names: NameAddresses
  #targets: PlanTargets = NO_TARGETS
  #nextId: number
  #waitingForBytes = 0
  #nextTickMs = 0
  readonly #trim = new MemoryTrim(this.nowMs)
  #drainDeadlineMs = 0
  #cutOff = 0
  #stopped = false

  constructor(port: MessagePort, input: ThreadInput) {
    this.#port = port
    this.#wakeFd = input.wakeFd
    this.counters = new Float64Array(input.counters)
    this.tap = new TapFeed(input.tapBacklog)
    this.slots = new ConnectionSlots(input.slots)
    this.#nextId = input.firstId
    this.#idStep = input.idStep
    this.#credentials = input.credentials
    this.#names = input.names
    this.policy = new Policy(input.plan)
    this.contexts = this.#openContexts()
    this.#usePolicy()
    this.listeners = new Listeners(this.#epoll)
    this.tunnels = new Tunnels(this)
    this.#epoll.add(this.#wakeFd, NO_GENERATION, EPOLLIN)
    input.listeners.forEach((listener) => this.listeners.add(listener))
  }

  /** Returns when it was told to close. */
  run(): void {
    this.#post({ kind: 'ready' })
    try {
      while (!this.#stopped) this.#turn()
    } catch (error) {
      // A bug. The thread that comes after it takes the listeners over; nobody would ever close these connections.
      this.#endAll()
      this.tunnels.close()
      this.reports.flush()
      throw error
    }
    this.#shutDown()
  }

  #turn(): void {
    const count = this.#epoll.wait(this.#queue.length > 0 || this.tunnels.isPending ? 0 : this.#patienceMs())
    this.nowMs = performance.now()
    this.#serve(count)
    // This thread may have stood still before it looked at the clock: what came meanwhile goes before what is found to be late.
    if (this.nowMs >= this.#nextTickMs) this.#serve(this.#epoll.wait(0))
    if (this.#queue.length > 0) this.#runQueue()
    if (this.tunnels.isPending) this.tunnels.flush()
    if (this.nowMs >= this.#nextTickMs) this.#tick()
    if (this.nowMs >= this.reports.dueMs) this.reports.flush()
  }

  #serve(count: number): void {
    for (let i = 0; i < count; i++) this.#dispatch(this.#epoll.fd(i), this.#epoll.generation(i), this.#epoll.mask(i))
  }

  #patienceMs(): number {
    if (this.reports.isWaiting) return REPORT_MS
    return this.#waitingForBytes > 0 ? FINE_TICK_MS : TICK_MS
  }

  #dispatch(fd: number, generation: number, mask: number): void {
    if (generation === NO_GENERATION) return this.#dispatchOther(fd)
    const leg = this.legs.get(fd, generation)
    if (leg !== undefined) takeEvent(this, leg, mask)
  }

  #dispatchOther(fd: number): void {
    const listener = this.listeners.get(fd)
    if (listener !== undefined) acceptWaiting(this, listener)
    else if (fd === this.#wakeFd) this.#readCommands()
  }

  /** The leg's turn comes again after the others'. */
  queue(leg: Leg): void {
    if (leg.queued) return
    leg.queued = true
    this.#queue.push(leg)
  }

  #runQueue(): void {
    const legs = this.#queue.splice(0)
    for (const leg of legs) {
      leg.queued = false
      if (leg.tunnel !== undefined) this.tunnels.read(leg.tunnel)
      else if (leg.connection.phase === 'open') transfer(this, leg, leg.other)
    }
  }

  newConnection(direction: Direction, client: SocketAddress): Connection {
    const id = this.#nextId
    this.#nextId += this.#idStep
    return new Connection(id, direction, client, this.nowMs)
  }

  remember(connection: Connection): void {
    this.#connections.add(connection)
    this.counters[COUNTER.active]++
  }

  /** It is no connection any more, though its socket lives. */
  leave(connection: Connection): void {
    this.#connections.remove(connection)
    this.counters[COUNTER.active]--
    this.slots.give()
  }

  /** The connection is over and its sockets are closed. */
  forget(connection: Connection): void {
    this.leave(connection)
    connection.phase = 'over'
    this.#noteFinished(connection)
  }

  /** Of a connection that was never taken in. */
  report(connection: Connection, reason: CloseReason): void {
    connection.reason = reason
    connection.phase = 'over'
    this.counters[reason === 'limit' ? COUNTER.refusedForLimit : COUNTER.refusedForDescriptors]++
    this.#noteFinished(connection)
  }

  /** Of one that was left before. */
  tell(connection: Connection, reason: CloseReason, detail: string): void {
    connection.reason = reason
    connection.detail = detail
    this.#noteFinished(connection)
  }

  #noteFinished(connection: Connection): void {
    this.reports.finished(finishedConnection(connection, this.ownIdentity, this.nowMs), this.nowMs)
  }

  /** What the own certificate proves. */
  get ownIdentity(): string {
    return this.#credentials.ownIdentity
  }

  keepSession(connection: Connection): void {
    if (!connection.sessionWanted || connection.target === undefined) return
    if (this.sessions.keep(connection.target.text, connection.server.ssl)) connection.sessionWanted = false
  }

  inboundTarget(): Target | undefined {
    return this.#targets.inbound
  }

  /** Of outbound.map; undefined where a newer plan lacks it. */
  mappedTarget(index: number): Target | undefined {
    return this.#targets.mapped[index]
  }

  /** Those that wait there already are still taken in: closing would reset them. */
  #stopListening(listener: Listener): void {
    acceptWaiting(this, listener)
    this.listeners.close(listener)
  }

  #tick(): void {
    this.listeners.resume(this.nowMs)
    const idleMs = this.policy.plan.limits.idleTimeoutMs
    let waitingForBytes = 0
    // Backwards: ending one moves the last into its place.
    const { items } = this.#connections
    for (let i = items.length - 1; i >= 0; i--) {
      const connection = items[i]
      if (connection.phase === 'first-bytes') waitingForBytes++
      if (connection.deadlineMs !== 0 && this.nowMs >= connection.deadlineMs) endPhase(this, connection)
      else if (idleMs > 0 && connection.phase === 'open' && this.nowMs - connection.activeMs >= idleMs) endConnection(this, connection, 'idle')
    }
    this.#waitingForBytes = waitingForBytes
    this.#nextTickMs = this.nowMs + (waitingForBytes > 0 ? FINE_TICK_MS : TICK_MS)
    this.tunnels.tick()
    this.#trim.tick(this.nowMs)
    if (this.#drainDeadlineMs !== 0) this.#tickDrain()
  }

  /** A permissive port waits for its client: look at the clock more often. */
  expectBytes(): void {
    this.#waitingForBytes++
    this.#nextTickMs = Math.min(this.#nextTickMs, this.nowMs + FINE_TICK_MS)
  }

  #readCommands(): void {
    readAt(this.#wakeFd, this.scratch, 8)
    for (let received = receiveMessageOnPort(this.#port); received !== undefined; received = receiveMessageOnPort(this.#port)) {
      this.#obey(received.message as ThreadCommand)
    }
  }

  #obey(command: ThreadCommand): void {
    switch (command.kind) {
      case 'plan': return this.#replacePlan(command)
      case 'credentials':
        this.#credentials = command.credentials
        return this.#replaceContexts()
      case 'names':
        this.#names = command.names
        this.#targets = planTargets(this.policy.plan, this.#names)
        return
      case 'snapshot': return this.#post({ kind: 'snapshot', id: command.id, connections: this.#connections.items.map((connection) => connectionInfo(connection, this.ownIdentity)) })
      case 'tap':
        return this.tap.turn(command.on)
      case 'drain': return this.#drain(command.timeoutMs)
      case 'close':
        this.#stopped = true
        return
    }
  }

  #replacePlan({ plan, listeners, uses }: Extract<ThreadCommand, { kind: 'plan' }>): void {
    this.policy = new Policy(plan)
    this.#usePolicy()
    this.#replaceContexts()
    const wanted = new Map(uses)
    for (const listener of this.listeners.all()) {
      const use = wanted.get(listener.key)
      if (use === undefined) this.#stopListening(listener)
      else listener.use = use
    }
    listeners.forEach((listener) => this.listeners.add(listener))
  }

  #usePolicy(): void {
    const { plan } = this.policy
    this.chunkBytes = Math.min(SCRATCH_BYTES, Math.max(1, plan.limits.bufferBytes))
    this.ownPorts = ownPortsOf(plan)
    this.#targets = planTargets(plan, this.#names)
  }

  #openContexts(): TlsContexts {
    const { material, ticketKeys } = this.#credentials
    const { tls, inbound } = this.policy.plan
    return openTlsContexts({ material, ticketKeys, tls, tunnel: inbound?.tunnel !== 'off' })
  }

  /** Connections keep the context that they began with. Sessions of the old one are not resumed: the trust may have changed. */
  #replaceContexts(): void {
    const old = this.contexts
    this.contexts = this.#openContexts()
    old.release()
    this.sessions.clear()
    this.tunnels.retire()
  }

  #drain(timeoutMs: number): void {
    for (const listener of this.listeners.all()) this.#stopListening(listener)
    this.tunnels.retire()
    this.#drainDeadlineMs = this.nowMs + timeoutMs
    this.#nextTickMs = 0
  }

  #tickDrain(): void {
    if (this.nowMs >= this.#drainDeadlineMs) this.#cutOff = this.#endAll()
    if (this.#connections.items.length > 0 || (!this.tunnels.isQuiet && this.nowMs < this.#drainDeadlineMs)) {
      this.#nextTickMs = Math.min(this.#nextTickMs, this.nowMs + FINE_TICK_MS)
      this.#waitingForBytes++
      return
    }
    this.#drainDeadlineMs = 0
    this.reports.flush()
    this.#post({ kind: 'drained', cutOff: this.#cutOff })
  }

  #endAll(): number {
    const { items } = this.#connections
    const count = items.length
    for (let i = count - 1; i >= 0; i--) endConnection(this, items[i]!, 'drained')
    this.tunnels.flush()
    return count
  }

  #post(report: ThreadReport): void {
    this.#port.postMessage(report)
  }

  #shutDown(): void {
    this.#endAll()
    this.tunnels.close()
    this.listeners.closeAll()
    this.reports.flush()
    this.contexts.release()
    this.sessions.clear()
    this.#epoll.close()
    freeAt(this.scratch)
    this.#port.close()
  }
}
