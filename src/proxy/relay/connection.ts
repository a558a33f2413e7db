import type { PortMode } from '../sidecar-plan.ts'
import type { CloseReason, ConnectionInfo, Direction, FinishedConnection, Security } from './connection-report.ts'
import { COUNTER } from './counters.ts'
import type { PeerNames } from './identity-match.ts'
import { identityOf } from './identity-match.ts'
import { Leg } from './leg.ts'
import type { SocketAddress } from './socket-address.ts'
import { socketAddressText } from './socket-address.ts'
import type { Target } from './target.ts'
import type { TapOpening } from './thread-messages.ts'

/** What a connection waits for. */
export type Phase =
  /** The first bytes, to tell TLS from plaintext. */
  | 'first-bytes'
  | 'client-handshake' | 'connect' | 'server-handshake'
  | 'open'
  /** It was refused, and the alert is to arrive before the socket goes. */
  | 'linger'
  /** It is none any more: its socket carries others. */
  | 'tunnel'
  | 'over'

/** A client's socket, a server's socket, and what is known of them. */
export class Connection {
  readonly id: number
  readonly direction: Direction
  readonly client: Leg
  readonly server: Leg
  readonly clientAddress: SocketAddress
  readonly openedAtMs: number
  /** Of a clock that only goes forward. */
  readonly startedMs: number
  phase: Phase = 'connect'
  /** The phase is over then; 0: never. */
  deadlineMs = 0
  activeMs: number
  /** Position in the loop's list. */
  index = -1
  mode: PortMode | undefined = undefined
  security: Security | undefined = undefined
  destination: SocketAddress | undefined = undefined
  target: Target | undefined = undefined
  nextAddress = 0
  clientNames: PeerNames | undefined = undefined
  serverNames: PeerNames | undefined = undefined
  /** The server's TLS session is still to be kept for resumption. */
  sessionWanted = false
  /** What for, where its handshake may make a tunnel; ''. */
  tunnelKey = ''
  /** Which tap was told of it; 0: none. */
  tapRound = 0
  tlsVersion: string | undefined = undefined
  resumed = false
  reason: CloseReason = 'finished'
  detail = ''

  constructor(id: number, direction: Direction, clientAddress: SocketAddress, nowMs: number) {
    this.id = id
    this.direction = direction
    this.clientAddress = clientAddress
    this.openedAtMs = Date.now()
    this.startedMs = nowMs
    this.activeMs = nowMs
    this.client = new Leg(this)
    this.server = new Leg(this)
    this.client.other = this.server
    this.server.other = this.client
    const inbound = direction === 'inbound'
    this.client.counter = inbound ? COUNTER.inboundBytesSent : COUNTER.outboundBytesSent
    this.server.counter = inbound ? COUNTER.inboundBytesReceived : COUNTER.outboundBytesReceived
  }
}

/** `ownIdentity`: what our own certificate proves, to the peer on the other side of TLS. */
export function connectionInfo(connection: Connection, ownIdentity: string): ConnectionInfo {
  const { id, direction, mode, security, clientAddress, destination, target, client, server, openedAtMs, tlsVersion, resumed } = connection
  const own = security === undefined || security === 'plaintext' ? undefined : ownIdentity
  const clientIdentity = direction === 'outbound' ? own : identityText(connection.clientNames)
  const serverIdentity = direction === 'inbound' ? own : identityText(connection.serverNames)
  return {
    id, direction, mode, security, client: socketAddressText(clientAddress),
    destination: target?.text ?? (destination === undefined ? '' : socketAddressText(destination)),
    clientIdentity, serverIdentity, bytesSent: client.bytesRead, bytesReceived: server.bytesRead, openedAtMs, tlsVersion, resumed,
  }
}

export function tapOpening(connection: Connection, ownIdentity: string): TapOpening | undefined {
  const server = connection.target?.addresses[connection.nextAddress - 1]
  return server === undefined ? undefined : { info: connectionInfo(connection, ownIdentity), client: connection.clientAddress, server }
}

export function finishedConnection(connection: Connection, ownIdentity: string, nowMs: number): FinishedConnection {
  const durationMs = Math.max(0, Math.round(nowMs - connection.startedMs))
  return { ...connectionInfo(connection, ownIdentity), durationMs, reason: connection.reason, detail: connection.detail }
}

function identityText(names: PeerNames | undefined): string | undefined {
  return names === undefined ? undefined : identityOf(names)
}
