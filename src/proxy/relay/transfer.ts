import { errnoName } from '../../sys/errno.ts'
import { errno } from '../../sys/libc.ts'
import { allocateAt, copyAt, freeAt } from '../../sys/memory.ts'
import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { CloseReason } from './connection-report.ts'
import { endConnection, finishConnection } from './ending.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'
import { READ_BUFFER_BYTES } from './tls-contexts.ts'

/** After so many reads a connection goes to the end of the queue, so that a fast one does not keep the others waiting. */
const MAX_TURNS = 16
const RECORD_BYTES = 16 * 1024
/** What a record of TLS 1.3 has beside its content: header, type, tag (RFC 8446 §5.2). */
const RECORD_OVERHEAD_BYTES = 22

/**
 * Moves what can be moved from one leg to the other: until nothing is left to read, the other does not take any more, or it is the turn of
 * others. Bytes that were read and not taken wait in memory (at most limits.bufferBytes), and nothing is read before they are gone.
 */
export function transfer(loop: RelayLoop, from: Leg, to: Leg): void {
  const connection = from.connection
  for (let turns = 0; connection.phase === 'open'; turns++) {
    if (to.waitingBytes > 0 && !flush(loop, to)) return
    if (from.failure !== undefined) return endConnection(loop, connection, from.failure, from.failureDetail)
    if (from.readEnded) return endWriting(loop, to)
    if (!from.readable) return
    if (turns === MAX_TURNS) return loop.queue(from)
    const count = from.ssl === 0 ? readPlain(loop, from) : readTls(loop, from)
    if (count > 0) pass(loop, from, to, count)
  }
}

function pass(loop: RelayLoop, from: Leg, to: Leg, count: number): void {
  from.bytesRead += count
  from.connection.activeMs = loop.nowMs
  loop.counters[from.counter] += count
  if (from.connection.sessionWanted && from === from.connection.server) loop.keepSession(from.connection)
  if (loop.isTapped) loop.tapChunk(from, count)
  const taken = to.ssl === 0 ? writePlain(to, loop.scratch, count) : writeTls(to, loop.scratch, count)
  if (taken < 0) return failWriting(loop, to)
  if (taken < count) keepWaiting(to, loop.scratch + taken, count - taken)
}

/** How many bytes are in the scratch now; 0: see the leg's flags. */
function readPlain(loop: RelayLoop, leg: Leg): number {
  const count = sys.recvAt(leg.fd, loop.scratch, loop.chunkBytes, 0)
  if (count > 0) {
    // A short read means that the socket is empty. What comes later raises an edge; an end that came before does not.
    if (count < loop.chunkBytes && !leg.hangup) leg.readable = false
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

/** Several records at once where OpenSSL has them already, so that they become one write. */
function readTls(loop: RelayLoop, leg: Leg): number {
  let filled = 0
  do {
    const count = ssl.SSL_read(leg.ssl, loop.scratch + filled, loop.chunkBytes - filled)
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
  } while (loop.chunkBytes - filled >= RECORD_BYTES)
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
function writePlain(leg: Leg, from: number, count: number): number {
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

function writeTls(leg: Leg, from: number, count: number): number {
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

/** A broken pipe is how the end of the other side shows where nothing is read from it. */
function failWriting(loop: RelayLoop, leg: Leg): void {
  const failed = errno()
  const { text } = ssl.takeErrors()
  const reason: CloseReason = leg === leg.connection.client ? 'client-reset' : 'server-reset'
  endConnection(loop, leg.connection, reason, text === '' ? errnoName(failed) : text)
}

/** The bytes are copied: `from` is the scratch, or anything else that the caller reuses. */
export function keepWaiting(leg: Leg, from: number, count: number): void {
  leg.waiting = allocateAt(count)
  leg.waitingOffset = 0
  leg.waitingBytes = count
  copyAt(leg.waiting, from, count)
}

/** Whether everything that waited is gone. */
function flush(loop: RelayLoop, leg: Leg): boolean {
  if (!leg.writable) return false
  const from = leg.waiting + leg.waitingOffset
  const taken = leg.ssl === 0 ? writePlain(leg, from, leg.waitingBytes) : writeTls(leg, from, leg.waitingBytes)
  if (taken < 0) {
    failWriting(loop, leg)
    return false
  }
  leg.waitingOffset += taken
  leg.waitingBytes -= taken
  if (taken > 0) leg.connection.activeMs = loop.nowMs
  if (leg.waitingBytes > 0) return false
  freeAt(leg.waiting)
  leg.waiting = 0
  return true
}

/** Tells the leg's peer that the other side is done: FIN, after close_notify where it is TLS (RFC 8446 §6.1). */
function endWriting(loop: RelayLoop, leg: Leg): void {
  if (leg.shut) return
  if (leg.ssl !== 0) {
    const result = ssl.SSL_shutdown(leg.ssl)
    if (result < 0 && ssl.SSL_get_error(leg.ssl, result) === ssl.SSL_ERROR_WANT_WRITE) {
      leg.writable = false
      return
    }
    if (result < 0) ssl.ERR_clear_error()
  }
  sys.shutdown(leg.fd, sys.SHUT_WR)
  leg.shut = true
  if (loop.isTapped) loop.tapChunk(leg.other, 0)
  if (leg.other.shut) finishConnection(loop, leg.connection)
}
