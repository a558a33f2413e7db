import { endConnection } from '../ending.ts'
import { identityOf, isIdentityAllowed } from '../identity-match.ts'
import { COUNTER } from '../counters.ts'
import type { Connection } from '../connection.ts'
import { writePlain } from '../leg-io.ts'
import type { Leg } from '../leg.ts'
import type { RelayLoop } from '../loop.ts'
import { connectServer, tellCaller } from '../reaching.ts'
import { failWriting, noteRead, transfer } from '../transfer.ts'
import { appendWaiting, keepWaiting } from '../waiting.ts'
import { giveCredit } from './credit.ts'
import type { FrameSink } from './frame.ts'
import { FRAME, MAX_NUMBER } from './frame.ts'
import { resetCode, resetDetail } from './reset-reason.ts'
import type { Tunnel } from './tunnel.ts'
import { Stream } from './tunnel.ts'

/** Streams of one tunnel at the same time. Ours opens another tunnel long before. */
const MAX_STREAMS = 4096

/** What the frames of a tunnel do to its streams. One for all tunnels of a thread: `use` says whose frames come. */
export class StreamFrames implements FrameSink {
  readonly #loop: RelayLoop
  readonly #memory: number
  #tunnel!: Tunnel
  /** What was wrong with the last frame; ''. */
  violation = ''
  /** Streams that the bytes have opened. */
  opened = 0

  /** `memory`: where the bytes lie that are being read. */
  constructor(loop: RelayLoop, memory: number) {
    this.#loop = loop
    this.#memory = memory
  }

  use(tunnel: Tunnel): this {
    this.#tunnel = tunnel
    this.violation = ''
    this.opened = 0
    return this
  }

  data(id: number, at: number, length: number): boolean {
    const tunnel = this.#tunnel
    const leg = tunnel.streams.get(id)
    if (leg === undefined) return this.#isOverAlready(id)
    const stream = leg.stream!
    stream.allowed -= length
    if (stream.allowed < 0) return this.#violated('more data than there was credit for')
    if (leg.readEnded) return this.#violated('data after its end')
    this.#take(leg, stream, this.#memory + at, length)
    return !tunnel.isOver
  }

  /** Bytes for a socket that may not be connected yet. The credit that the other side was given bounds what waits. */
  #take(from: Leg, stream: Stream, address: number, count: number): void {
    const { connection, other: to } = from
    noteRead(this.#loop, from, address, count)
    if (connection.phase !== 'open' || to.waitingBytes > 0) return appendWaiting(to, address, count)
    const taken = writePlain(to, address, count)
    if (taken < 0) return failWriting(this.#loop, to)
    if (taken < count) keepWaiting(to, address + taken, count - taken)
    if (taken > 0) giveCredit(this.#loop, stream, taken, count - taken)
  }

  frame(type: number, id: number, value: number): boolean {
    const tunnel = this.#tunnel
    if (type === FRAME.open) return this.#open(id, value)
    if (id === 0) return this.#ofTunnel(type)
    const leg = tunnel.streams.get(id)
    if (leg === undefined) return this.#isOverAlready(id)
    if (type === FRAME.credit) return this.#addCredit(leg, leg.stream!, value)
    if (type === FRAME.fin) {
      if (leg.readEnded) return this.#violated('two ends')
      leg.readEnded = true
      if (leg.connection.phase === 'open') transfer(this.#loop, leg, leg.other)
    } else this.#reset(leg, leg.stream!, value)
    return !tunnel.isOver
  }

  #addCredit(leg: Leg, stream: Stream, count: number): boolean {
    stream.credit += count
    if (stream.credit > MAX_NUMBER) return this.#violated('more credit than there are numbers')
    if (leg.connection.phase === 'open') transfer(this.#loop, leg.other, leg)
    return !this.#tunnel.isOver
  }

  /** It is not told of a reset that it sent itself. */
  #reset(leg: Leg, stream: Stream, code: number): void {
    const { connection } = leg
    this.#loop.tunnels.forgetStream(leg, stream)
    endConnection(this.#loop, connection, leg === connection.client ? 'client-reset' : 'server-reset', resetDetail(code))
  }

  #ofTunnel(type: number): boolean {
    if (type === FRAME.goaway) return this.#goAway()
    // That something came is all that a PONG says.
    if (type === FRAME.ping) this.#loop.tunnels.tell(this.#tunnel, FRAME.pong, 0, 0)
    return true
  }

  #goAway(): boolean {
    if (this.#tunnel.isServer) return this.#violated('a client that goes away')
    this.#loop.tunnels.leave(this.#tunnel)
    this.#loop.tunnels.endEmpty(this.#tunnel)
    return !this.#tunnel.isOver
  }

  /** One that is over here already: the other side did not know that yet. */
  #isOverAlready(id: number): boolean {
    return id <= this.#tunnel.lastId || this.#violated('a stream that was not opened')
  }

  #violated(what: string): boolean {
    this.violation = what
    return false
  }

  /** The same questions as for a connection of its own. */
  #open(id: number, port: number): boolean {
    const loop = this.#loop
    const tunnel = this.#tunnel
    if (!tunnel.isServer || id <= tunnel.lastId) return this.#violated('a stream that cannot be opened')
    tunnel.lastId = id
    this.opened++
    const connection = this.#connectionOf(tunnel.leg.connection, port)
    if (tunnel.streams.size >= MAX_STREAMS || !loop.slots.take(loop.policy.plan.limits.connections)) {
      loop.report(connection, 'limit')
      loop.tunnels.tell(tunnel, FRAME.reset, id, resetCode('limit'))
      return true
    }
    loop.remember(connection)
    connection.client.stream = new Stream(tunnel, id, loop.nowMs)
    tunnel.streams.set(id, connection.client)
    if (this.#isLetIn(connection, tunnel)) {
      loop.counters[COUNTER.inboundMtls]++
      if (loop.policy.plan.inbound?.source === 'proxy-protocol') tellCaller(connection, tunnel.leg.ssl)
      connectServer(loop, connection)
    }
    return !tunnel.isOver
  }

  /** Its address is that of the tunnel, which the kernel vouches for; only the port is what the other side says. */
  #connectionOf(carrier: Connection, port: number): Connection {
    const { clientAddress, destination, target } = carrier
    const connection = this.#loop.newConnection('inbound', port === 0 ? clientAddress : { ...clientAddress, port })
    connection.mode = carrier.mode
    connection.security = 'mtls'
    connection.destination = destination
    connection.target = destination === undefined ? this.#loop.inboundTarget() : target
    connection.clientNames = carrier.clientNames
    connection.tlsVersion = carrier.tlsVersion
    connection.resumed = carrier.resumed
    return connection
  }

  #isLetIn(connection: Connection, tunnel: Tunnel): boolean {
    const loop = this.#loop
    const { plan } = loop.policy
    const names = connection.clientNames ?? { uris: [], dnsNames: [] }
    const port = connection.destination?.port ?? plan.inbound?.to?.port ?? 0
    if (plan.inbound === undefined) endConnection(loop, connection, 'unresolved', 'no longer in the plan')
    else if (tunnel.isAway && loop.nowMs > tunnel.awayMs) endConnection(loop, connection, 'drained', 'the tunnel is no longer in use')
    else if (tunnel.isExpired) endConnection(loop, connection, 'handshake-failed', 'the certificate of the tunnel has expired')
    else if (isIdentityAllowed(loop.policy.allowedTo(port), names)) return true
    else endConnection(loop, connection, 'identity-refused', `${identityOf(names) || 'a certificate without names'} is not allowed here`)
    return false
  }
}
