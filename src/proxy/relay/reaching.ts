import { errnoName } from '../../sys/errno.ts'
import { allocateAt, bytesAt, freeAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { Connection } from './connection.ts'
import { COUNTER } from './counters.ts'
import { closeSocket, endConnection, refuseConnection } from './ending.ts'
import { handshakeStep, startTls } from './handshake.ts'
import { identityOf, isIdentityAllowed, spiffeIdOf } from './identity-match.ts'
import type { RelayLoop } from './loop.ts'
import { readCommonName, readPeerNames } from './peer-certificate.ts'
import { proxyHeader } from './proxy-protocol.ts'
import { setOption, socketError, startConnect } from './socket-calls.ts'
import { offerProtocols, offerServerName } from './tls-offers.ts'
import { transfer } from './transfer.ts'
import { TUNNEL_PROTOCOL } from '../../model/tunnel-protocol.ts'
import { appendWaiting } from './waiting.ts'

/** What OpenSSL says of a host name that is not the certificate's. */
const ALERT_BAD_CERTIFICATE = 42

/** Connects to the next address of the target. */
export function connectServer(loop: RelayLoop, connection: Connection): void {
  const { target, direction } = connection
  const address = target?.addresses[connection.nextAddress++]
  if (address === undefined) return endConnection(loop, connection, 'unresolved', `no address for ${target?.text ?? 'nothing'}`)
  const spoofed = direction === 'inbound' && loop.policy.plan.inbound?.source === 'caller'
  const fd = startConnect(address, spoofed ? connection.clientAddress : undefined, loop.policy.plan.mark ?? 0)
  if (fd < 0) return failConnect(loop, connection, -fd)
  connection.server.fd = fd
  connection.phase = 'connect'
  connection.deadlineMs = loop.nowMs + loop.policy.plan.limits.connectTimeoutMs
  if (!loop.legs.add(connection.server)) endConnection(loop, connection, 'descriptors', 'epoll is full')
}

function failConnect(loop: RelayLoop, connection: Connection, errno: number): void {
  if (errno === sys.EMFILE || errno === sys.ENFILE) return endConnection(loop, connection, 'descriptors', errnoName(errno))
  closeSocket(loop, connection.server, true)
  if (connection.nextAddress < (connection.target?.addresses.length ?? 0)) return connectServer(loop, connection)
  const reason = errno === sys.ECONNREFUSED ? 'connect-refused' : errno === sys.ETIMEDOUT ? 'connect-timeout' : 'connect-failed'
  endConnection(loop, connection, reason, errnoName(errno))
}

/** The server's socket has become writable, or has failed. */
export function endConnect(loop: RelayLoop, connection: Connection): void {
  const failed = connection.server.hangup ? socketError(connection.server.fd) : 0
  if (failed !== 0) return failConnect(loop, connection, failed)
  if (!connection.server.writable) return
  if (connection.direction === 'inbound') return openInboundServer(loop, connection)
  if (connection.security === 'mtls') return startMesh(loop, connection)
  loop.counters[COUNTER.outboundPlaintext]++
  startTransfer(loop, connection)
}

function openInboundServer(loop: RelayLoop, connection: Connection): void {
  // A stream has brought it already, before any data.
  if (loop.policy.plan.inbound?.source === 'proxy-protocol' && connection.client.stream === undefined) tellCaller(connection, connection.client.ssl)
  startTransfer(loop, connection)
}

/** The header waits like bytes that the app did not take yet, and so goes before all others. `session`: the SSL object that the client came by; 0: none. */
export function tellCaller(connection: Connection, session: number): void {
  const { server, clientAddress, destination, target, security, clientNames } = connection
  const to = destination ?? target?.addresses[0]
  if (to === undefined) return
  const tls = security === 'plaintext' ? undefined : {
    version: connection.tlsVersion ?? '', cipher: ssl.cipherName(session), clientVerified: clientNames !== undefined,
    commonName: readCommonName(session), spiffeId: clientNames === undefined ? '' : spiffeIdOf(clientNames) ?? '',
  }
  const header = proxyHeader(clientAddress, to, tls)
  const memory = allocateAt(header.length)
  bytesAt(memory, header.length).set(header)
  appendWaiting(server, memory, header.length)
  freeAt(memory)
}

function startMesh(loop: RelayLoop, connection: Connection): void {
  const { server, target } = connection
  if (!startTls(loop, server, loop.contexts.client)) return
  ssl.SSL_set_connect_state(server.ssl)
  if (target?.serverName !== undefined) offerServerName(server.ssl, target.serverName)
  if (target?.alpn !== undefined) offerProtocols(server.ssl, [target.alpn])
  else if (connection.tunnelKey !== '') offerProtocols(server.ssl, [TUNNEL_PROTOCOL, loop.policy.plan.tls.alpn])
  if (loop.policy.plan.tls.resumption) {
    const session = loop.tunnels.callers.isLead(connection) ? 0 : loop.sessions.get(target?.text ?? '')
    if (session !== 0) ssl.SSL_set_session(server.ssl, session)
    connection.sessionWanted = true
  }
  connection.phase = 'server-handshake'
  connection.deadlineMs = loop.nowMs + loop.policy.plan.limits.handshakeTimeoutMs
  shakeWithServer(loop, connection)
}

/** As shakeWithServer, where the server has answered: what the client has sent meanwhile goes into one packet with the end of the handshake. */
export function finishWithServer(loop: RelayLoop, connection: Connection): void {
  const { fd } = connection.server
  setOption(fd, sys.SOL_TCP, sys.TCP_CORK, 1)
  shakeWithServer(loop, connection)
  // Where it was closed meanwhile this fails, or is of a socket that has no cork.
  setOption(fd, sys.SOL_TCP, sys.TCP_CORK, 0)
}

/** Another step of the handshake; at its end the server is the expected one, or refused. */
function shakeWithServer(loop: RelayLoop, connection: Connection): void {
  if (!handshakeStep(loop, connection.server)) return
  const names = connection.server.peerNames ?? readPeerNames(connection.server.ssl) ?? { uris: [], dnsNames: [] }
  connection.serverNames = names
  const expected = connection.target?.identities ?? []
  if (!isIdentityAllowed(expected, names)) {
    connection.sessionWanted = false
    const who = identityOf(names) || 'a certificate without names'
    return refuseConnection(loop, connection.server, 'identity-refused', `${who} answered, expected ${expected.join(' or ')}`, ALERT_BAD_CERTIFICATE)
  }
  if (connection.tunnelKey !== '' && loop.tunnels.callers.settle(connection)) return
  loop.counters[COUNTER.outboundMtls]++
  startTransfer(loop, connection)
}

/** Both sides can be written to. */
export function startTransfer(loop: RelayLoop, connection: Connection): void {
  const { client, server } = connection
  connection.phase = 'open'
  connection.deadlineMs = 0
  connection.activeMs = loop.nowMs
  transfer(loop, client, server)
  transfer(loop, server, client)
}
