import { selectedProtocol } from '../../../sys/openssl.ts'
import { Connection } from '../connection.ts'
import { COUNTER } from '../counters.ts'
import type { RelayLoop } from '../loop.ts'
import { connectServer, startTransfer } from '../reaching.ts'
import { socketAddressText } from '../socket-address.ts'
import { TUNNEL_PROTOCOL } from '../../../model/tunnel-protocol.ts'
import { FRAME, MAX_NUMBER } from './frame.ts'
import type { Tunnel } from './tunnel.ts'
import { Stream } from './tunnel.ts'

/** Then another tunnel: what is lost on the wire holds up so many at most. */
const STREAMS_PER_TUNNEL = 128
/** Each tunnel is the work of one thread on either side. */
const SPREAD_TUNNELS = 4
const SPREAD_STREAMS = 8
/** Destinations of which it is remembered that they have no tunnels. */
const MAX_PLAIN = 4096

/** A connection whose handshake may make a tunnel, and those for the same server that wait for it. */
interface Lead { readonly connection: Connection, readonly waiting: Connection[] }

/** How connections of one thread come into tunnels: by one that there is, or after a handshake that makes one, or not at all. */
export class TunnelCallers {
  readonly #loop: RelayLoop
  readonly #tunnels = new Map<string, Tunnel[]>()
  readonly #leads = new Map<string, Lead>()
  /** Servers that chose another protocol when they were asked last. */
  readonly #plain = new Set<string>()
  /** Of certificate, anchors and plan: part of each key, so that no new connection goes by what was begun with older ones. */
  #generation = 0

  constructor(loop: RelayLoop) {
    this.#loop = loop
  }

  /** Reaches the server of a new outbound connection. */
  reach(connection: Connection): void {
    const key = this.#keyOf(connection)
    if (key === undefined) return connectServer(this.#loop, connection)
    const tunnel = this.#find(key)
    if (tunnel !== undefined) return this.#attach(tunnel, connection)
    const lead = this.#leads.get(key)
    if (lead !== undefined) return this.#wait(lead, connection)
    connection.tunnelKey = key
    if (!this.#plain.has(key)) this.#leads.set(key, { connection, waiting: [] })
    connectServer(this.#loop, connection)
  }

  /** With several threads, of which the other side may have as many, several tunnels are opened before one is filled. */
  #find(key: string): Tunnel | undefined {
    const tunnels = this.#tunnels.get(key)
    if (tunnels === undefined) return undefined
    const { threads } = this.#loop.policy.plan
    const most = threads > 1 && tunnels.length < SPREAD_TUNNELS * threads ? SPREAD_STREAMS : STREAMS_PER_TUNNEL
    let best: Tunnel | undefined
    for (const tunnel of tunnels) {
      if (isUsable(tunnel, most) && (best === undefined || (threads > 1 && tunnel.streams.size < best.streams.size))) best = tunnel
    }
    return best
  }

  /** Undefined where it is to have a TLS connection of its own. */
  #keyOf({ direction, security, target }: Connection): string | undefined {
    const { outbound, tls } = this.#loop.policy.plan
    if (direction !== 'outbound' || security !== 'mtls' || target === undefined || target.alpn !== undefined || target.addresses.length === 0) return undefined
    if (outbound?.tunnel === 'off' || tls.alpn === '') return undefined
    return `${this.#generation} ${target.serverName ?? ''} ${target.addresses.map(socketAddressText).join(' ')} ${target.identities.join(' ')}`
  }

  /** Whether others wait for it: then it is to be a whole handshake, in which both show who they are. */
  isLead(connection: Connection): boolean {
    return this.#leads.get(connection.tunnelKey)?.connection === connection
  }

  #wait(lead: Lead, connection: Connection): void {
    const { connectTimeoutMs, handshakeTimeoutMs } = this.#loop.policy.plan.limits
    connection.phase = 'connect'
    connection.deadlineMs = this.#loop.nowMs + connectTimeoutMs + handshakeTimeoutMs
    lead.waiting.push(connection)
  }

  /** The handshake of a connection that might become a tunnel has ended well. True where it has: then the connection travels in it. */
  settle(connection: Connection): boolean {
    const key = connection.tunnelKey
    const waiting = this.#endLead(connection)
    const isTunnel = selectedProtocol(connection.server.ssl) === TUNNEL_PROTOCOL
    if (isTunnel) {
      this.#plain.delete(key)
      this.#attach(this.#open(connection, key), connection)
    } else {
      if (this.#plain.size >= MAX_PLAIN) this.#plain.clear()
      this.#plain.add(key)
    }
    for (const other of waiting) if (other.phase === 'connect') this.reach(other)
    return isTunnel
  }

  /**
   * It has ended before. Where that was its client's doing the next of those that waited takes its place; else they go on their own, as
   * without tunnels, so that one does not wait for another's time-out.
   */
  abandon(connection: Connection): void {
    const waiting = this.#endLead(connection)
    const { reason } = connection
    // Then they are being ended too.
    if (reason === 'drained') return
    const isOwnEnd = reason.startsWith('client-')
    for (const other of waiting) {
      if (other.phase !== 'connect') continue
      if (isOwnEnd) this.reach(other)
      else connectServer(this.#loop, other)
    }
  }

  /** Those that waited for it. */
  #endLead(connection: Connection): readonly Connection[] {
    const key = connection.tunnelKey
    const lead = this.#leads.get(key)
    connection.tunnelKey = ''
    if (lead?.connection !== connection) return []
    this.#leads.delete(key)
    return lead.waiting
  }

  /** The socket gets a connection of its own, the carrier, which nobody sees. */
  #open(connection: Connection, key: string): Tunnel {
    const loop = this.#loop
    const carrier = new Connection(0, 'outbound', connection.clientAddress, loop.nowMs)
    carrier.phase = 'tunnel'
    carrier.target = connection.target
    carrier.nextAddress = connection.nextAddress
    carrier.serverNames = connection.serverNames
    carrier.tlsVersion = connection.tlsVersion
    carrier.resumed = connection.resumed
    carrier.sessionWanted = connection.sessionWanted
    connection.sessionWanted = false
    loop.legs.move(connection.server, carrier.server)
    const tunnel = loop.tunnels.add(carrier.server, key)
    const others = this.#tunnels.get(key)
    if (others === undefined) this.#tunnels.set(key, [tunnel])
    else others.push(tunnel)
    // What it began with was replaced during its handshake.
    if (Number.parseInt(key, 10) !== this.#generation) loop.tunnels.leave(tunnel)
    return tunnel
  }

  #attach(tunnel: Tunnel, connection: Connection): void {
    const loop = this.#loop
    const carrier = tunnel.leg.connection
    const id = ++tunnel.lastId
    const { server } = connection
    server.stream = new Stream(tunnel, id, loop.nowMs)
    tunnel.streams.set(id, server)
    loop.tunnels.tell(tunnel, FRAME.open, id, connection.clientAddress.port)
    connection.nextAddress = carrier.nextAddress
    connection.serverNames = carrier.serverNames
    connection.tlsVersion = carrier.tlsVersion
    connection.resumed = carrier.resumed
    loop.counters[COUNTER.outboundMtls]++
    startTransfer(loop, connection)
  }

  /** No more connections go by this one. */
  leave(tunnel: Tunnel): void {
    const others = this.#tunnels.get(tunnel.key)?.filter((one) => one !== tunnel)
    if (others === undefined) return
    if (others.length > 0) this.#tunnels.set(tunnel.key, others)
    else this.#tunnels.delete(tunnel.key)
  }

  /** Certificate, anchors or plan are others from now on, and what was learnt of servers may no longer hold. */
  renew(): void {
    this.#generation++
    this.#plain.clear()
  }
}

function isUsable(tunnel: Tunnel, mostStreams: number): boolean {
  return !tunnel.isAway && tunnel.pingMs === 0 && tunnel.streams.size < mostStreams && tunnel.lastId < MAX_NUMBER && tunnel.output.mayOpen && !tunnel.isExpired
}
