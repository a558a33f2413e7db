import { errnoName } from '../../sys/errno.ts'
import { EPOLLIN, EPOLLOUT } from '../../sys/epoll.ts'
import { errno } from '../../sys/libc.ts'
import * as ssl from '../../sys/openssl.ts'
import { COUNTER } from './counters.ts'
import { endConnection, refuseConnection } from './ending.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'
import { READ_BUFFER_BYTES } from './tls-contexts.ts'
import { takeVerifiedNames } from './verified-chains.ts'

/** Puts TLS onto a socket; false where there is no memory, and then the connection is over. */
export function startTls(loop: RelayLoop, leg: Leg, context: number): boolean {
  leg.ssl = ssl.SSL_new(context)
  if (leg.ssl !== 0 && ssl.SSL_set_fd(leg.ssl, leg.fd) === 1) {
    ssl.bufferReads(leg.ssl, leg.fd)
    leg.buffered = true
    return true
  }
  endConnection(loop, leg.connection, 'limit', ssl.takeErrors().text)
  return false
}

/** True when the handshake has just ended well. When it failed OpenSSL has written the alert, and the connection is being ended. */
export function handshakeStep(loop: RelayLoop, leg: Leg): boolean {
  const result = ssl.SSL_do_handshake(leg.ssl)
  leg.peerNames = takeVerifiedNames() ?? leg.peerNames
  if (result === 1) {
    noteHandshake(loop, leg)
    return true
  }
  const error = ssl.SSL_get_error(leg.ssl, result)
  if (error === ssl.SSL_ERROR_WANT_READ || error === ssl.SSL_ERROR_WANT_WRITE) {
    leg.awaits = error === ssl.SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT
    return false
  }
  const failed = errno()
  const { text } = ssl.takeErrors()
  if (error === ssl.SSL_ERROR_SSL) refuseConnection(loop, leg, 'handshake-failed', withVerdict(leg.ssl, text), undefined)
  else endConnection(loop, leg.connection, 'handshake-failed', errnoName(failed))
  return false
}

/** Expired, not valid yet or of a foreign CA: OpenSSL's error says only that the certificate does not hold. */
function withVerdict(connection: number, text: string): string {
  const verdict = ssl.SSL_get_verify_result(connection)
  return verdict === 0 ? text : `${text}: ${ssl.X509_verify_cert_error_string(verdict)}`
}

function noteHandshake(loop: RelayLoop, leg: Leg): void {
  const { connection } = leg
  connection.resumed = ssl.SSL_session_reused(leg.ssl) === 1
  connection.tlsVersion = ssl.versionName(leg.ssl)
  loop.counters[COUNTER.handshakes]++
  if (connection.resumed) loop.counters[COUNTER.resumedHandshakes]++
  // What OpenSSL has fetched with the end of the handshake raises no event, and SSL_has_pending does not see it either: it lies with the
  // record layer of the handshake's keys until the next read asks for it.
  leg.readable = true
  leg.fetched = READ_BUFFER_BYTES
}
