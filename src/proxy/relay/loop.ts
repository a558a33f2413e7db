import { closeSync, openSync } from 'node:fs'
import type { MessagePort } from 'node:worker_threads'
import { receiveMessageOnPort } from 'node:worker_threads'
import { EPOLLERR, EPOLLET, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP, Epoll } from '../../sys/epoll.ts'
import { allocateAt, bytesAt, freeAt, trimMemory } from '../../sys/memory.ts'
import { closeFd, readAt } from '../../sys/stream-socket.ts'
import type { HostPort, MeshServer } from '../sidecar-plan.ts'
import { acceptWaiting } from './accepting.ts'
import { Connection, connectionInfo, finishedConnection, tapOpening } from './connection.ts'
import type { Target } from './connection.ts'
import type { CloseReason, Direction } from './connection-report.ts'
import { ConnectionSlots } from './connection-slots.ts'
import { COUNTER } from './counters.ts'
import { discard, endConnection } from './ending.ts'
import type { Leg } from './leg.ts'
import { endPhase, lookAtFirstBytes, shakeWithClient } from './opening.ts'
import { Policy, hostPortText } from './policy.ts'
import { endConnect, shakeWithServer } from './reaching.ts'
import { SessionCache } from './session-cache.ts'
import { socketError } from './socket-calls.ts'
import type { SocketAddress } from './socket-address.ts'
import { parseSocketAddress } from './socket-address.ts'
import type { Credentials, ListenerHandle, ListenerUse, NameAddresses, ThreadCommand, ThreadInput, ThreadReport } from './thread-messages.ts'
import { REPORT_MS, ThreadReports } from './thread-reports.ts'
import type { TlsContexts } from './tls-contexts.ts'
import { READ_BUFFER_BYTES, openTlsContexts } from './tls-contexts.ts'
import { transfer } from './transfer.ts'

const EVENTS = 512
/** What one read takes at most: four TLS records. */
const SCRATCH_BYTES = 64 * 1024
/** Time-outs are looked at so often; finer while a permissive port waits for first bytes. */
const TICK_MS = 500
const FINE_TICK_MS = 50
/** The start and bursts of connections leave free memory behind. */
const FIRST_TRIM_MS = 2000
const TRIM_MS = 60_000
/** Tapped bytes that the main thread has not taken yet; what comes beyond is not tapped. */
const MAX_TAP_BACKLOG_BYTES = 8 * 1024 * 1024
const EDGES = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET
const ENDED = EPOLLRDHUP | EPOLLHUP | EPOLLERR
/** Of descriptors that are no legs. */
const NO_GENERATION = 0

export interface Listener { readonly key: string, readonly fd: number, readonly port: number, use: ListenerUse }

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
  isTapped = false

  readonly #tapBacklog: Int32Array
  #tapRound = 0
  readonly #port: MessagePort
  readonly #wakeFd: number
  readonly #epoll = new Epoll(EVENTS)
  readonly #legs: (Leg | undefined)[] = []
  readonly #listeners = new Map<number, Listener>()
  readonly #connections: Connection[] = []
  readonly #queue: Leg[] = []
  readonly #idStep: number
  readonly #reports = new ThreadReports((report) => this.#post(report))
  #credentials: Credentials
  #names: NameAddresses
  #nextId: number
  #nextGeneration = 1
  #waitingForBytes = 0
  #nextTickMs = 0
  #nextTrimMs = this.nowMs + FIRST_TRIM_MS
  #reserve = -1
  #acceptAgainMs = 0
  #drainDeadlineMs = 0
  #cutOff = 0
  #stopped = false

  constructor(port: MessagePort, input: ThreadInput) {
    this.#port = port
    this.#wakeFd = input.wakeFd
    this.counters = new Float64Array(input.counters)
    this.#tapBacklog = new Int32Array(input.tapBacklog)
    this.slots = new ConnectionSlots(input.slots)
    this.#nextId = input.firstId
    this.#idStep = input.idStep
    this.#credentials = input.credentials
    this.#names = input.names
    this.policy = new Policy(input.plan)
    this.contexts = this.#openContexts()
    this.#usePolicy()
    this.takeReserve()
    this.#epoll.add(this.#wakeFd, NO_GENERATION, EPOLLIN)
    input.listeners.forEach((listener) => this.#listen(listener))
  }

  /** Returns when it was told to close. */
  run(): void {
    this.#post({ kind: 'ready' })
    try {
      while (!this.#stopped) this.#turn()
    } catch (error) {
      // A bug. The thread that comes after it takes the listeners over; nobody would ever close these connections.
      this.#endAll()
      this.#reports.flush()
      throw error
    }
    this.#shutDown()
  }

  #turn(): void {
    const count = this.#epoll.wait(this.#queue.length > 0 ? 0 : this.#patienceMs())
    this.nowMs = performance.now()
    for (let i = 0; i < count; i++) this.#dispatch(this.#epoll.fd(i), this.#epoll.generation(i), this.#epoll.mask(i))
    if (this.#queue.length > 0) this.#runQueue()
    if (this.nowMs >= this.#nextTickMs) this.#tick()
    if (this.nowMs >= this.#reports.dueMs) this.#reports.flush()
  }

  #patienceMs(): number {
    if (this.#reports.isWaiting) return REPORT_MS
    return this.#waitingForBytes > 0 ? FINE_TICK_MS : TICK_MS
  }

  #dispatch(fd: number, generation: number, mask: number): void {
    if (generation === NO_GENERATION) return this.#dispatchOther(fd)
    const leg = this.#legs[fd]
    if (leg === undefined || leg.generation !== generation) return
    if ((mask & EPOLLOUT) !== 0) leg.writable = true
    if ((mask & (EPOLLIN | ENDED)) !== 0) {
      leg.readable = true
      // This edge may be of bytes behind those that OpenSSL holds: no short read before it tells that they are taken.
      if (leg.fetched !== 0) leg.fetched = READ_BUFFER_BYTES
    }
    if ((mask & ENDED) !== 0) leg.hangup = true
    if (leg.connection.phase === 'open') this.#move(leg, mask)
    else this.#progress(leg, mask)
  }

  #move(leg: Leg, mask: number): void {
    const { other, connection } = leg
    if (leg.readable) transfer(this, leg, other)
    // Room again where something had to wait.
    if ((mask & EPOLLOUT) !== 0 && (leg.waitingBytes > 0 || other.readable || other.readEnded)) transfer(this, other, leg)
    // A reset does not wait for its turn to be read.
    if ((mask & EPOLLERR) !== 0 && connection.phase === 'open') this.#endByError(leg)
  }

  #endByError(leg: Leg): void {
    if (socketError(leg.fd) === 0) return
    endConnection(this, leg.connection, leg === leg.connection.client ? 'client-reset' : 'server-reset')
  }

  /** An event of a connection that is not open yet, or no more. */
  #progress(leg: Leg, mask: number): void {
    const { connection } = leg
    const ofClient = leg === connection.client
    switch (connection.phase) {
      case 'first-bytes': return this.#untilBytes(connection)
      case 'client-handshake': return shakeWithClient(this, connection)
      case 'connect':
        if (!ofClient) return endConnect(this, connection)
        break
      case 'server-handshake':
        if (!ofClient) return shakeWithServer(this, connection)
        break
      case 'linger': return discard(this, leg)
      default: return
    }
    if (ofClient && (mask & EPOLLERR) !== 0) endConnection(this, connection, 'client-reset')
  }

  #untilBytes(connection: Connection): void {
    // An edge of the empty send buffer alone says nothing.
    if (connection.client.readable) lookAtFirstBytes(this, connection)
  }

  #dispatchOther(fd: number): void {
    const listener = this.#listeners.get(fd)
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
      if (leg.connection.phase === 'open') transfer(this, leg, leg.other)
    }
  }

  newConnection(direction: Direction, client: SocketAddress): Connection {
    const id = this.#nextId
    this.#nextId += this.#idStep
    return new Connection(id, direction, client, this.nowMs)
  }

  remember(connection: Connection): void {
    connection.index = this.#connections.length
    this.#connections.push(connection)
    this.counters[COUNTER.active]++
  }

  /** The connection is over and its sockets are closed. */
  forget(connection: Connection): void {
    const last = this.#connections.pop()!
    if (last !== connection) {
      this.#connections[connection.index] = last
      last.index = connection.index
    }
    connection.phase = 'over'
    this.counters[COUNTER.active]--
    this.slots.give()
    this.#noteFinished(connection)
  }

  /** Of a connection that was never taken in. */
  report(connection: Connection, reason: CloseReason): void {
    connection.reason = reason
    connection.phase = 'over'
    this.counters[reason === 'limit' ? COUNTER.refusedForLimit : COUNTER.refusedForDescriptors]++
    this.#noteFinished(connection)
  }

  #noteFinished(connection: Connection): void {
    this.#reports.finished(finishedConnection(connection, this.#credentials.ownIdentity, this.nowMs), this.nowMs)
  }

  addLeg(leg: Leg): boolean {
    leg.generation = this.#nextGeneration
    this.#nextGeneration = this.#nextGeneration === 0x7fff_ffff ? 1 : this.#nextGeneration + 1
    this.#legs[leg.fd] = leg
    return this.#epoll.add(leg.fd, leg.generation, EDGES)
  }

  removeLeg(leg: Leg): void {
    this.#legs[leg.fd] = undefined
  }

  keepSession(connection: Connection): void {
    if (!connection.sessionWanted || connection.target === undefined) return
    if (this.sessions.keep(connection.target.text, connection.server.ssl)) connection.sessionWanted = false
  }

  /** `count` bytes of the scratch came from the leg; 0: it is done. */
  tapChunk(from: Leg, count: number): void {
    const { connection } = from
    if (count > 0 && Atomics.load(this.#tapBacklog, 0) + count > MAX_TAP_BACKLOG_BYTES) {
      this.counters[COUNTER.tapDroppedBytes] += count
      return
    }
    Atomics.add(this.#tapBacklog, 0, count)
    const bytes = bytesAt(this.scratch, count).slice()
    const opening = connection.tapRound === this.#tapRound ? undefined : tapOpening(connection, this.#credentials.ownIdentity)
    connection.tapRound = this.#tapRound
    const chunk = { connection: connection.id, fromClient: from === connection.client, offset: from.bytesRead - count, bytes, atMicros: Math.round((performance.timeOrigin + performance.now()) * 1000) }
    this.#reports.tapped(opening === undefined ? chunk : { ...chunk, opening }, this.nowMs)
  }

  inboundTarget(): Target | undefined {
    const to = this.policy.plan.inbound?.to
    return to === undefined ? undefined : this.#targetOf({ to, identities: [] })
  }

  /** Of outbound.map; undefined where a newer plan lacks it. */
  mappedTarget(index: number): Target | undefined {
    const mapped = this.policy.plan.outbound?.map[index]
    return mapped === undefined ? undefined : this.#targetOf(mapped)
  }

  #targetOf({ to, identities, alpn }: MeshServer & { readonly to: HostPort }): Target {
    const literal = parseSocketAddress(to.host, to.port)
    const addresses = literal === undefined ? (this.#names[to.host] ?? []).map((address) => ({ ...address, port: to.port })) : [literal]
    return { addresses, serverName: literal === undefined ? to.host : undefined, text: hostPortText(to), identities, alpn }
  }

  /** A descriptor that is given up when there is no other one; false where there is none for it. */
  takeReserve(): boolean {
    try {
      this.#reserve = openSync('/dev/null', 'r')
      return true
    } catch {
      return false
    }
  }

  releaseReserve(): void {
    if (this.#reserve >= 0) closeSync(this.#reserve)
    this.#reserve = -1
  }

  /** Even the reserve is gone: callers wait until the next tick. */
  pauseAccepting(): void {
    if (this.#acceptAgainMs !== 0) return
    this.#acceptAgainMs = this.nowMs + TICK_MS
    for (const fd of this.#listeners.keys()) this.#epoll.remove(fd)
  }

  #resumeAccepting(): void {
    if (this.#reserve < 0 && !this.takeReserve()) return
    this.#acceptAgainMs = 0
    for (const fd of this.#listeners.keys()) this.#epoll.add(fd, NO_GENERATION, EPOLLIN)
  }

  #listen(handle: ListenerHandle): void {
    const port = Number(handle.key.slice(handle.key.lastIndexOf(':') + 1))
    this.#listeners.set(handle.fd, { key: handle.key, fd: handle.fd, port, use: handle.use })
    if (this.#acceptAgainMs === 0) this.#epoll.add(handle.fd, NO_GENERATION, EPOLLIN)
  }

  /** Those that wait there already are still taken in: closing would reset them. */
  #stopListening(listener: Listener): void {
    acceptWaiting(this, listener)
    this.#listeners.delete(listener.fd)
    closeFd(listener.fd)
  }

  #tick(): void {
    if (this.#acceptAgainMs !== 0 && this.nowMs >= this.#acceptAgainMs) this.#resumeAccepting()
    const idleMs = this.policy.plan.limits.idleTimeoutMs
    let waitingForBytes = 0
    // Backwards: ending one moves the last into its place.
    for (let i = this.#connections.length - 1; i >= 0; i--) {
      const connection = this.#connections[i]
      if (connection.phase === 'first-bytes') waitingForBytes++
      if (connection.deadlineMs !== 0 && this.nowMs >= connection.deadlineMs) endPhase(this, connection)
      else if (idleMs > 0 && connection.phase === 'open' && this.nowMs - connection.activeMs >= idleMs) endConnection(this, connection, 'idle')
    }
    this.#waitingForBytes = waitingForBytes
    this.#nextTickMs = this.nowMs + (waitingForBytes > 0 ? FINE_TICK_MS : TICK_MS)
    if (this.nowMs >= this.#nextTrimMs) {
      this.#nextTrimMs = this.nowMs + TRIM_MS
      trimMemory(0)
    }
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
        return
      case 'snapshot': return this.#post({ kind: 'snapshot', id: command.id, connections: this.#connections.map((connection) => connectionInfo(connection, this.#credentials.ownIdentity)) })
      case 'tap':
        this.isTapped = command.on
        this.#tapRound++
        return
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
    for (const listener of [...this.#listeners.values()]) {
      const use = wanted.get(listener.key)
      if (use === undefined) this.#stopListening(listener)
      else listener.use = use
    }
    listeners.forEach((listener) => this.#listen(listener))
  }

  #usePolicy(): void {
    const { inbound, outbound, limits, admin } = this.policy.plan
    this.chunkBytes = Math.min(SCRATCH_BYTES, Math.max(1, limits.bufferBytes))
    const transparent = [...inbound === undefined || inbound.mode === 'listen' ? [] : inbound.listen, ...outbound === undefined || outbound.mode === 'none' ? [] : outbound.listen]
    this.ownPorts = new Set([...transparent.map(({ port }) => port), admin.port])
  }

  #openContexts(): TlsContexts {
    const { material, ticketKeys } = this.#credentials
    return openTlsContexts({ material, ticketKeys, tls: this.policy.plan.tls })
  }

  /** Connections keep the context that they began with. Sessions of the old one are not resumed: the trust may have changed. */
  #replaceContexts(): void {
    const old = this.contexts
    this.contexts = this.#openContexts()
    old.release()
    this.sessions.clear()
  }

  #drain(timeoutMs: number): void {
    for (const listener of [...this.#listeners.values()]) this.#stopListening(listener)
    this.#drainDeadlineMs = this.nowMs + timeoutMs
    this.#nextTickMs = 0
  }

  #tickDrain(): void {
    if (this.nowMs >= this.#drainDeadlineMs) this.#cutOff = this.#endAll()
    if (this.#connections.length > 0) {
      this.#nextTickMs = Math.min(this.#nextTickMs, this.nowMs + FINE_TICK_MS)
      this.#waitingForBytes++
      return
    }
    this.#drainDeadlineMs = 0
    this.#reports.flush()
    this.#post({ kind: 'drained', cutOff: this.#cutOff })
  }

  #endAll(): number {
    const count = this.#connections.length
    for (let i = count - 1; i >= 0; i--) endConnection(this, this.#connections[i], 'drained')
    return count
  }

  #post(report: ThreadReport): void {
    this.#port.postMessage(report)
  }

  #shutDown(): void {
    this.#endAll()
    for (const listener of this.#listeners.values()) closeFd(listener.fd)
    this.#listeners.clear()
    this.#reports.flush()
    this.contexts.release()
    this.sessions.clear()
    this.releaseReserve()
    this.#epoll.close()
    freeAt(this.scratch)
    this.#port.close()
  }
}
