import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { Connection } from './connection.ts'
import type { CloseReason } from './connection-report.ts'
import type { CounterName } from './counters.ts'
import { COUNTER } from './counters.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'
import { resetSocket } from './socket-calls.ts'
import { dropWaiting } from './waiting.ts'

/** How long a peer has to take an alert. */
const LINGER_MS = 1000
/** How much is read from it and thrown away meanwhile, in steps of the scratch. */
const LINGER_READS = 16
const ALERT_FATAL = 2

/** Which counter a reason for the end adds to. */
const COUNTED: Partial<Record<CloseReason, CounterName>> = {
  'client-reset': 'resets', 'server-reset': 'resets', 'client-truncated': 'truncated', 'server-truncated': 'truncated',
  'client-broken': 'resets', 'server-broken': 'resets', 'connect-refused': 'connectsFailed', 'connect-failed': 'connectsFailed',
  'connect-timeout': 'connectTimeouts', 'unresolved': 'unresolved', 'handshake-failed': 'handshakesFailed',
  'handshake-timeout': 'handshakeTimeouts', 'identity-refused': 'identitiesRefused', 'destination-denied': 'destinationsDenied',
  'self-call': 'selfCalls', 'idle': 'idleTimeouts', 'limit': 'refusedForLimit', 'descriptors': 'refusedForDescriptors',
}

/** Both sides are done in order. */
export function finishConnection(loop: RelayLoop, connection: Connection): void {
  note(loop, connection, 'finished', '')
  loop.keepSession(connection)
  closeLeg(loop, connection.client, false)
  closeLeg(loop, connection.server, false)
  loop.forget(connection)
}

/** Ends a connection for which there is no orderly end: both sides get a reset. */
export function endConnection(loop: RelayLoop, connection: Connection, reason: CloseReason, detail = ''): void {
  if (connection.phase === 'over') return
  if (connection.phase !== 'linger') note(loop, connection, reason, detail)
  closeLeg(loop, connection.client, true)
  closeLeg(loop, connection.server, true)
  loop.forget(connection)
}

/**
 * Ends a connection whose TLS peer is told why: `alert` (RFC 8446 §6.2), or undefined where OpenSSL has sent one already. The other
 * side gets a reset. The socket stays a moment: closing it with bytes unread would overtake the alert with a reset.
 */
export function refuseConnection(loop: RelayLoop, leg: Leg, reason: CloseReason, detail: string, alert: number | undefined): void {
  const connection = leg.connection
  note(loop, connection, reason, detail)
  closeLeg(loop, leg.other, true)
  if (alert !== undefined) ssl.sendAlert?.(leg.ssl, ALERT_FATAL, alert)
  ssl.ERR_clear_error()
  sys.shutdown(leg.fd, sys.SHUT_WR)
  connection.phase = 'linger'
  connection.deadlineMs = loop.nowMs + LINGER_MS
  discard(loop, leg)
}

/** Reads on and forgets, until the peer has closed. */
export function discard(loop: RelayLoop, leg: Leg): void {
  for (let reads = 0; reads < LINGER_READS; reads++) {
    const count = sys.recvAt(leg.fd, loop.scratch, loop.chunkBytes, 0)
    if (count > 0) continue
    if (count === 0) {
      closeLeg(loop, leg, false)
      loop.forget(leg.connection)
    } else {
      // Empty for now, or reset: then the next event or the deadline closes it.
      if (leg.hangup) endConnection(loop, leg.connection, leg.connection.reason)
    }
    return
  }
  endConnection(loop, leg.connection, leg.connection.reason)
}

function note(loop: RelayLoop, connection: Connection, reason: CloseReason, detail: string): void {
  connection.reason = reason
  connection.detail = detail
  const counter = COUNTED[reason]
  if (counter !== undefined) loop.counters[COUNTER[counter]]++
  if (connection.tunnelKey !== '') loop.tunnels.callers.abandon(connection)
}

/** `reset`: with a RST instead of a FIN. */
export function closeLeg(loop: RelayLoop, leg: Leg, reset: boolean): void {
  dropWaiting(leg)
  if (leg.stream !== undefined) loop.tunnels.closeStream(leg, leg.stream, reset)
  else closeSocket(loop, leg, reset)
}

/** What waits to be written stays, for another socket. */
export function closeSocket(loop: RelayLoop, leg: Leg, reset: boolean): void {
  if (leg.fd < 0) return
  if (leg.ssl !== 0) ssl.SSL_free(leg.ssl)
  leg.ssl = 0
  loop.legs.remove(leg)
  if (reset) resetSocket(leg.fd)
  else sys.closeFd(leg.fd)
  leg.fd = -1
}
