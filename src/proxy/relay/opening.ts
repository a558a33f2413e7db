import { bytesAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { Connection } from './connection.ts'
import { COUNTER } from './counters.ts'
import { endConnection, refuseConnection } from './ending.ts'
import { FIRST_BYTES, parseFirstBytes } from './first-bytes.ts'
import { handshakeStep, startTls } from './handshake.ts'
import { identityOf, isIdentityAllowed } from './identity-match.ts'
import type { RelayLoop } from './loop.ts'
import { isPeerCertificateExpired, readPeerNames } from './peer-certificate.ts'
import { connectServer } from './reaching.ts'
import { TUNNEL_PROTOCOL } from '../../model/tunnel-protocol.ts'

/** A client of a permissive port that says nothing for so long waits for the server to speak first, as in MySQL and SMTP: no TLS. */
const SILENT_CLIENT_MS = 200
const ALERT_ACCESS_DENIED = 49
const ALERT_CERTIFICATE_EXPIRED = 45

/** What the mode of the port asks for before the app is told of the connection. */
export function startClient(loop: RelayLoop, connection: Connection): void {
  switch (connection.mode) {
    case 'plaintext': return openPlaintext(loop, connection)
    case 'tls': return acceptTls(loop, connection, loop.contexts.tlsServer)
    case 'permissive':
      connection.phase = 'first-bytes'
      connection.deadlineMs = loop.nowMs + SILENT_CLIENT_MS
      loop.expectBytes()
      return
    default: return acceptTls(loop, connection, loop.contexts.mtlsServer)
  }
}

/** Looks at what a permissive port was sent, without taking it. */
export function lookAtFirstBytes(loop: RelayLoop, connection: Connection): void {
  const count = sys.recvAt(connection.client.fd, loop.scratch, FIRST_BYTES, sys.MSG_PEEK)
  const first = parseFirstBytes(bytesAt(loop.scratch, Math.max(0, count)))
  if (first === 'tls') acceptTls(loop, connection, loop.contexts.permissiveServer)
  // A client that is done before it said enough has said all.
  else if (first === 'plaintext' || connection.client.hangup) openPlaintext(loop, connection)
}

export function openPlaintext(loop: RelayLoop, connection: Connection): void {
  connection.security = 'plaintext'
  loop.counters[COUNTER.inboundPlaintext]++
  connectServer(loop, connection)
}

function acceptTls(loop: RelayLoop, connection: Connection, context: number): void {
  if (!startTls(loop, connection.client, context)) return
  ssl.SSL_set_accept_state(connection.client.ssl)
  connection.phase = 'client-handshake'
  connection.deadlineMs = loop.nowMs + loop.policy.plan.limits.handshakeTimeoutMs
  // What came before raised an event before; else one will tell of the first bytes.
  if (connection.client.readable) shakeWithClient(loop, connection)
}

/** Another step of the handshake; at its end the client is let in or refused. */
export function shakeWithClient(loop: RelayLoop, connection: Connection): void {
  if (!handshakeStep(loop, connection.client)) return
  const names = connection.client.peerNames ?? readPeerNames(connection.client.ssl)
  connection.clientNames = names
  connection.security = names === undefined ? 'tls' : 'mtls'
  if (connection.resumed && isPeerCertificateExpired(connection.client.ssl)) {
    return refuseConnection(loop, connection.client, 'handshake-failed', 'the certificate of the session has expired', ALERT_CERTIFICATE_EXPIRED)
  }
  const allowed = loop.policy.allowedTo(connection.destination?.port ?? loop.policy.plan.inbound?.to?.port ?? 0)
  if (names !== undefined && !isIdentityAllowed(allowed, names)) {
    const who = identityOf(names) || 'a certificate without names'
    return refuseConnection(loop, connection.client, 'identity-refused', `${who} is not allowed here`, ALERT_ACCESS_DENIED)
  }
  // Who may call is asked again for each stream: the answer may change.
  if (names !== undefined && ssl.selectedProtocol(connection.client.ssl) === TUNNEL_PROTOCOL) return loop.tunnels.accept(connection)
  loop.counters[names === undefined ? COUNTER.inboundTls : COUNTER.inboundMtls]++
  connectServer(loop, connection)
}

/** The phase has lasted too long. */
export function endPhase(loop: RelayLoop, connection: Connection): void {
  switch (connection.phase) {
    case 'first-bytes': return endSilence(loop, connection)
    case 'connect': return endConnection(loop, connection, 'connect-timeout')
    case 'client-handshake':
    case 'server-handshake': return endConnection(loop, connection, 'handshake-timeout')
    default: return endConnection(loop, connection, connection.reason)
  }
}

/** Whoever has begun with what may become TLS is waited for as for any handshake. */
function endSilence(loop: RelayLoop, connection: Connection): void {
  const count = sys.recvAt(connection.client.fd, loop.scratch, FIRST_BYTES, sys.MSG_PEEK)
  if (count <= 0) return openPlaintext(loop, connection)
  const latestMs = connection.startedMs + loop.policy.plan.limits.handshakeTimeoutMs
  if (loop.nowMs >= latestMs) return endConnection(loop, connection, 'handshake-timeout')
  connection.deadlineMs = latestMs
}
