import { errnoName } from '../../sys/errno.ts'
import { errno } from '../../sys/libc.ts'
import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { Leg } from './leg.ts'
import { READ_BUFFER_BYTES } from './tls-contexts.ts'

const RECORD_BYTES = 16 * 1024
/** What a record of TLS 1.3 has beside its content: header, type, tag (RFC 8446 §5.2). */
const RECORD_OVERHEAD_BYTES = 22

/** Reads from a socket in the clear. How many bytes came; 0: see the leg's flags. */
export function readPlain(leg: Leg, to: number, limit: number): number {
  const count = sys.recvAt(leg.fd, to, limit, 0)
  if (count > 0) {
    // A short read means that the socket is empty. What comes later raises an edge; an end that came before does not.
    if (count < limit && !leg.hangup) leg.readable = false
    return count
  }
  if (count === 0) {
    leg.readEnded = true
    return 0
  }
  const failed = errno()
  if (failed === sys.EAGAIN) leg.readable = false
  else if (failed !== sys.EINTR) failReading(leg, 'reset', errnoName(failed))
  return 0
}

/** As readPlain, from TLS. Several records at once where OpenSSL has them already, so that they become one write. */
export function readTls(leg: Leg, to: number, limit: number): number {
  let filled = 0
  do {
    // Before the read: SSL_get_error asks the BIO that is there after it whether to come again.
    if (leg.buffered) leg.buffered = !ssl.unbufferReads(leg.ssl)
    const count = ssl.SSL_read(leg.ssl, to + filled, limit - filled)
    if (count <= 0) {
      noteTlsEnd(leg, count)
      return filled
    }
    filled += count
    leg.fetched += count + RECORD_OVERHEAD_BYTES
    if (ssl.SSL_has_pending(leg.ssl) === 0) {
      // OpenSSL's buffer is empty, and since it was empty last it cannot have been full: a read of the socket was a short one. What came later raises an edge.
      if (leg.fetched < READ_BUFFER_BYTES >> 1 && !leg.hangup) leg.readable = false
      leg.fetched = 0
      return filled
    }
  } while (limit - filled >= RECORD_BYTES)
  return filled
}

function noteTlsEnd(leg: Leg, result: number): void {
  const error = ssl.SSL_get_error(leg.ssl, result)
  if (error === ssl.SSL_ERROR_WANT_READ || error === ssl.SSL_ERROR_WANT_WRITE) {
    leg.readable = false
    // The rest of a record is read by itself, whatever lies behind it, so that this read being full says nothing.
    leg.fetched = ssl.SSL_has_pending(leg.ssl) !== 0 || ssl.SSL_rstate_string(leg.ssl) === 'RB' ? READ_BUFFER_BYTES : 0
  } else if (error === ssl.SSL_ERROR_ZERO_RETURN) {
    leg.readEnded = true
  } else {
    const failed = errno()
    const { reason, text } = ssl.takeErrors()
    if (error === ssl.SSL_ERROR_SYSCALL) failReading(leg, 'reset', errnoName(failed))
    else if (reason === ssl.SSL_R_UNEXPECTED_EOF_WHILE_READING) failReading(leg, 'truncated', 'no close_notify')
    // TLS 1.3: a server refuses the client's certificate after the client thinks that the handshake is done.
    else if (reason > ssl.ALERT_REASONS && leg.bytesRead === 0) failReading(leg, 'handshake', text)
    else failReading(leg, 'broken', text)
  }
}

function failReading(leg: Leg, how: 'reset' | 'truncated' | 'broken' | 'handshake', detail: string): void {
  const side = leg === leg.connection.client ? 'client' : 'server'
  leg.failure = how === 'handshake' ? 'handshake-failed' : `${side}-${how}`
  leg.failureDetail = detail
}

/** How many bytes the leg took; -1: the connection is broken. */
export function writePlain(leg: Leg, from: number, count: number): number {
  const taken = sys.sendAt(leg.fd, from, count, sys.MSG_NOSIGNAL)
  if (taken === count) return taken
  if (taken >= 0) {
    leg.writable = false
    return taken
  }
  const failed = errno()
  if (failed !== sys.EAGAIN && failed !== sys.EINTR && failed !== sys.ENOBUFS) return -1
  leg.writable = failed === sys.EINTR
  return 0
}

/** As writePlain. */
export function writeTls(leg: Leg, from: number, count: number): number {
  let taken = 0
  while (taken < count) {
    const result = ssl.SSL_write(leg.ssl, from + taken, count - taken)
    if (result <= 0) {
      const error = ssl.SSL_get_error(leg.ssl, result)
      if (error !== ssl.SSL_ERROR_WANT_WRITE && error !== ssl.SSL_ERROR_WANT_READ) return -1
      leg.writable = false
      return taken
    }
    taken += result
  }
  return taken
}
