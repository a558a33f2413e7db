import { errnoName } from '../../../sys/errno.ts'
import { EPOLLOUT } from '../../../sys/epoll.ts'
import { errno } from '../../../sys/libc.ts'
import { allocateAt, bytesAt, freeAt } from '../../../sys/memory.ts'
import * as ssl from '../../../sys/openssl.ts'
import { SHUT_WR, shutdown } from '../../../sys/stream-socket.ts'
import type { CloseReason } from '../connection-report.ts'
import type { Connection } from '../connection.ts'
import { COUNTER } from '../counters.ts'
import { closeLeg, endConnection } from '../ending.ts'
import { readTls } from '../leg-io.ts'
import type { Leg } from '../leg.ts'
import type { RelayLoop } from '../loop.ts'
import { peerCertificateEnd } from '../peer-certificate.ts'
import { transfer } from '../transfer.ts'
import { TunnelCallers } from './callers.ts'
import { CreditPot } from './credit.ts'
import { FRAME } from './frame.ts'
import { OutputPool } from './output-memory.ts'
import { resetCode } from './reset-reason.ts'
import { StreamFrames } from './stream-frames.ts'
import type { Stream } from './tunnel.ts'
import { Tunnel } from './tunnel.ts'

/** What one read takes at most: four TLS records, as many as the longest frame. */
const INPUT_BYTES = 64 * 1024
/** After so many reads a tunnel goes to the end of the queue. */
const MAX_READS = 16
const MAX_OPENED = 128
/** What was written makes room for more; so often, then it is the turn of others. */
const MAX_ROUNDS = 4
/**
 * After so long new connections go by a new tunnel, and the old one ends with its last. So whoever looks at the wire for ten seconds sees a
 * handshake, and no certificate was verified longer ago than this.
 */
const LIFE_MS = 5000
/** An empty tunnel whose client leaves it open is asked to be closed. */
const EMPTY_MS = 60_000
/** What the other side still has to say of the last stream comes in this time: closing a socket with bytes unread would be a reset. */
const QUIET_MS = 1000
/** Who has said something and heard nothing for so long asks for a sign of life. Until it comes new connections go another way. */
const SILENCE_MS = 1500
/** Streams that were opened before the other side heard that it should not are still taken. */
const AWAY_MS = 2000

/** The tunnels of one thread: those that it opened and those that it accepted. */
export class Tunnels {
  readonly callers: TunnelCallers
  readonly credit = new CreditPot()
  readonly #loop: RelayLoop
  readonly #pool = new OutputPool()
  readonly #all = new Set<Tunnel>()
  readonly #input = allocateAt(INPUT_BYTES)
  readonly #inputView: DataView
  readonly #frames: StreamFrames
  /** When certificate, anchors or plan were replaced last. */
  #renewedMs = -1
  /** They have something to write at the end of the turn. */
  #dirty: Tunnel[] = []

  constructor(loop: RelayLoop) {
    this.#loop = loop
    this.callers = new TunnelCallers(loop)
    const bytes = bytesAt(this.#input, INPUT_BYTES)
    this.#inputView = new DataView(bytes.buffer, bytes.byteOffset, INPUT_BYTES)
    this.#frames = new StreamFrames(loop, this.#input)
  }

  /** The leg's TLS connection is a tunnel from now on. `key`: '' where it was accepted. */
  add(leg: Leg, key: string): Tunnel {
    const tunnel = new Tunnel(leg, key, this.#pool, this.#loop.nowMs, peerCertificateEnd(leg.ssl))
    leg.tunnel = tunnel
    // A handshake does not end on a socket that is full.
    leg.writable = true
    this.#all.add(tunnel)
    this.#loop.counters[COUNTER.tunnels]++
    this.#loop.counters[COUNTER.tunnelsOpened]++
    // What came with the end of the handshake raises no event.
    this.#loop.queue(leg)
    return tunnel
  }

  /** The client of this connection wants a tunnel: it is one, and no connection any more. */
  accept(connection: Connection): void {
    const loop = this.#loop
    if (this.#all.size >= loop.policy.plan.limits.connections) return endConnection(loop, connection, 'limit', 'too many tunnels')
    connection.phase = 'tunnel'
    connection.deadlineMs = 0
    loop.leave(connection)
    const tunnel = this.add(connection.client, '')
    if (connection.startedMs <= this.#renewedMs) this.leave(tunnel)
  }

  /** Puts a frame behind what waits to be written. Never ends anything itself. */
  tell(tunnel: Tunnel, type: number, stream: number, value: number): void {
    if (tunnel.isOver) return
    if (!tunnel.output.addFrame(type, stream, value)) tunnel.isChoked = true
    this.touch(tunnel)
  }

  touch(tunnel: Tunnel): void {
    tunnel.saidMs = this.#loop.nowMs
    if (tunnel.isDirty) return
    tunnel.isDirty = true
    this.#dirty.push(tunnel)
  }

  /** The stream goes on when all that waits now is written. */
  block(from: Leg, stream: Stream): void {
    if (stream.isBlocked) return
    stream.isBlocked = true
    stream.tunnel.blocked.push(from)
    this.touch(stream.tunnel)
  }

  /** Whether something is to be done at once, without waiting for sockets. */
  get isPending(): boolean {
    return this.#dirty.length > 0
  }

  /** Writes all that the turn has gathered. */
  flush(): void {
    for (let round = 0; this.#dirty.length > 0 && round < MAX_ROUNDS; round++) {
      const dirty = this.#dirty
      this.#dirty = []
      for (const tunnel of dirty) {
        tunnel.isDirty = false
        if (!tunnel.isOver) this.#flushOne(tunnel)
      }
    }
  }

  #flushOne(tunnel: Tunnel): void {
    if (tunnel.isChoked) return this.#break(tunnel, 'the other side takes nothing')
    if (!tunnel.leg.writable) return
    if (!tunnel.output.write(tunnel.leg)) {
      const failed = errno()
      const { text } = ssl.takeErrors()
      return this.end(tunnel, tunnel.isServer ? 'client-reset' : 'server-reset', text === '' ? errnoName(failed) : text)
    }
    if (tunnel.blocked.length === 0 || !tunnel.output.isEmpty) return
    const blocked = tunnel.blocked
    tunnel.blocked = []
    for (const from of blocked) {
      const { stream } = from.other
      if (stream === undefined) continue
      stream.isBlocked = false
      if (from.connection.phase === 'open') transfer(this.#loop, from, from.other)
    }
  }

  /** An event of its socket. */
  progress(tunnel: Tunnel, mask: number): void {
    if ((mask & EPOLLOUT) !== 0 && !tunnel.output.isEmpty) this.touch(tunnel)
    if (tunnel.leg.readable) this.read(tunnel)
  }

  read(tunnel: Tunnel): void {
    const { leg } = tunnel
    for (let reads = 0; leg.readable && !tunnel.isOver; reads++) {
      if (reads === MAX_READS) return this.#loop.queue(leg)
      const count = readTls(leg, this.#input, INPUT_BYTES)
      const opened = count > 0 ? this.#take(tunnel, count) : 0
      if (tunnel.isOver) return
      if (leg.failure !== undefined) return this.end(tunnel, leg.failure, leg.failureDetail)
      if (leg.readEnded) return this.#endReading(tunnel)
      // Each is a call to the app: whoever opens thousands at once does not keep the others waiting.
      if (opened > MAX_OPENED) return this.#loop.queue(leg)
    }
  }

  /** How many streams the bytes have opened. */
  #take(tunnel: Tunnel, count: number): number {
    const { leg } = tunnel
    leg.bytesRead += count
    tunnel.heardMs = this.#loop.nowMs
    tunnel.pingMs = 0
    if (leg.connection.sessionWanted) this.#loop.keepSession(leg.connection)
    const isSound = tunnel.reader.read(this.#inputView, count, this.#frames.use(tunnel))
    if (!isSound) this.#break(tunnel, 'what came is no frame')
    else if (this.#frames.violation !== '') this.#break(tunnel, this.#frames.violation)
    return this.#frames.opened
  }

  /** The other side has breached what the two have agreed on. */
  #break(tunnel: Tunnel, what: string): void {
    if (tunnel.isOver) return
    this.#loop.counters[COUNTER.tunnelsBroken]++
    this.end(tunnel, tunnel.isServer ? 'client-broken' : 'server-broken', `tunnel: ${what}`)
  }

  #endReading(tunnel: Tunnel): void {
    const isWhole = tunnel.streams.size === 0 && tunnel.reader.isBetweenFrames
    this.end(tunnel, isWhole ? 'finished' : tunnel.isServer ? 'client-truncated' : 'server-truncated', 'the tunnel was closed')
  }

  /** Nothing more of ours on this stream. */
  endStream({ tunnel, id }: Stream): void {
    this.tell(tunnel, FRAME.fin, id, 0)
  }

  /** The connection is over here. `reset`: it was not whole. */
  closeStream(leg: Leg, stream: Stream, reset: boolean): void {
    this.forgetStream(leg, stream)
    if (reset) this.tell(stream.tunnel, FRAME.reset, stream.id, resetCode(leg.connection.reason))
  }

  forgetStream(leg: Leg, stream: Stream): void {
    const { tunnel } = stream
    leg.stream = undefined
    tunnel.streams.delete(stream.id)
    this.credit.giveBack(stream)
    if (tunnel.streams.size === 0) tunnel.emptySinceMs = this.#loop.nowMs
  }

  /** No more streams on this one; where we accepted it, its client is told so. */
  leave(tunnel: Tunnel): void {
    if (tunnel.isAway) return
    tunnel.isAway = true
    tunnel.awayMs = this.#loop.nowMs + AWAY_MS
    if (tunnel.isServer) this.tell(tunnel, FRAME.goaway, 0, 0)
    else this.callers.leave(tunnel)
  }

  /** Identity, trust or plan have changed, or it is over: new connections go by new tunnels. */
  retire(): void {
    this.callers.renew()
    this.#renewedMs = this.#loop.nowMs
    for (const tunnel of this.#all) this.leave(tunnel)
  }

  /** Whether all is said, and no client may still open streams in good faith. */
  get isQuiet(): boolean {
    for (const tunnel of this.#all) if (!tunnel.output.isEmpty || (tunnel.isServer && this.#loop.nowMs < tunnel.awayMs)) return false
    return true
  }

  /** Only who opens streams closes an empty tunnel without a word: the other one would cut off those that are on their way. */
  tick(): void {
    const { nowMs, policy } = this.#loop
    const { idleTimeoutMs } = policy.plan.limits
    for (const tunnel of this.#all) {
      const emptyMs = tunnel.streams.size > 0 ? 0 : nowMs - tunnel.emptySinceMs
      if (tunnel.isServer) this.#tickServer(tunnel, emptyMs)
      else {
        this.#watch(tunnel)
        if (nowMs - tunnel.openedMs >= LIFE_MS || (idleTimeoutMs > 0 && emptyMs >= idleTimeoutMs)) this.leave(tunnel)
        if (tunnel.isAway && emptyMs >= QUIET_MS) this.endEmpty(tunnel)
      }
    }
  }

  #tickServer(tunnel: Tunnel, emptyMs: number): void {
    if (emptyMs >= EMPTY_MS) this.leave(tunnel)
    if (tunnel.isAway && this.#loop.nowMs >= tunnel.awayMs) this.endEmpty(tunnel)
  }

  /** In order, where nothing is in it and all that was said has gone; one that takes nothing any more is given up after a while. */
  endEmpty(tunnel: Tunnel): void {
    if (tunnel.streams.size > 0) return
    if (tunnel.output.isEmpty || this.#loop.nowMs - tunnel.emptySinceMs >= EMPTY_MS) this.end(tunnel, 'finished', '')
  }

  /** Is there still somebody at the other end? */
  #watch(tunnel: Tunnel): void {
    const { nowMs, policy } = this.#loop
    if (tunnel.pingMs === 0) {
      if (tunnel.saidMs < tunnel.heardMs || nowMs - tunnel.heardMs < SILENCE_MS) return
      this.tell(tunnel, FRAME.ping, 0, 0)
      tunnel.pingMs = nowMs
    } else if (!tunnel.isSilent && nowMs - tunnel.pingMs >= policy.plan.limits.connectTimeoutMs) {
      // Those that once heard something have their idle time-out, as on connections of their own. The others were never connected.
      tunnel.isSilent = true
      this.leave(tunnel)
      for (const { connection, stream, bytesRead } of [...tunnel.streams.values()]) {
        if (bytesRead === 0 && stream!.openedMs >= tunnel.heardMs) endConnection(this.#loop, connection, 'connect-timeout', 'the tunnel is silent')
      }
    }
  }

  close(): void {
    this.flush()
    for (const tunnel of [...this.#all]) this.end(tunnel, 'finished', '')
    this.#pool.close()
    freeAt(this.#input)
  }

  /** All streams that are left end with a reset, for that reason. */
  end(tunnel: Tunnel, reason: CloseReason, detail: string): void {
    if (tunnel.isOver) return
    tunnel.isOver = true
    this.#all.delete(tunnel)
    this.#loop.counters[COUNTER.tunnels]--
    this.leave(tunnel)
    const { leg } = tunnel
    const isOrderly = reason === 'finished' && tunnel.output.isEmpty
    for (const stream of [...tunnel.streams.values()]) endConnection(this.#loop, stream.connection, reason === 'finished' ? 'drained' : reason, detail)
    if (isOrderly) {
      ssl.SSL_shutdown(leg.ssl)
      shutdown(leg.fd, SHUT_WR)
    }
    ssl.ERR_clear_error()
    closeLeg(this.#loop, leg, !isOrderly)
    tunnel.output.free()
    // One that never carried anything is told of as the connection that it was.
    if (tunnel.isServer && tunnel.lastId === 0 && reason !== 'finished') this.#loop.tell(leg.connection, reason, detail)
  }
}
