import { errnoName } from '../../sys/errno.ts'
import { errno } from '../../sys/libc.ts'
import * as ssl from '../../sys/openssl.ts'
import * as sys from '../../sys/stream-socket.ts'
import type { CloseReason } from './connection-report.ts'
import { endConnection, finishConnection } from './ending.ts'
import { readPlain, readTls, writePlain, writeTls } from './leg-io.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'
import { giveCredit } from './tunnel/credit.ts'
import { sendToStream } from './tunnel/sending.ts'
import { setOption } from './socket-calls.ts'
import { dropWaiting, keepWaiting } from './waiting.ts'

/** After so many reads a connection goes to the end of the queue, so that a fast one does not keep the others waiting. */
export const MAX_TURNS = 8

/**
 * Moves what can be moved from one leg to the other: until nothing is left to read, the other does not take any more, or it is the turn of
 * others. Bytes that were read and not taken wait in memory (at most limits.bufferBytes), and nothing is read before they are gone.
 */
export function transfer(loop: RelayLoop, from: Leg, to: Leg): void {
  if (to.stream !== undefined) return sendToStream(loop, from, to, to.stream)
  const connection = from.connection
  for (let turns = 0; connection.phase === 'open'; turns++) {
    if (to.waitingBytes > 0 && !flush(loop, to)) return
    if (from.failure !== undefined) return endConnection(loop, connection, from.failure, from.failureDetail)
    if (from.readEnded) return endWriting(loop, to)
    if (!from.readable) return
    if (turns === MAX_TURNS) return loop.queue(from)
    const count = from.ssl === 0 ? readPlain(from, loop.scratch, loop.chunkBytes) : readTls(from, loop.scratch, loop.chunkBytes)
    if (count > 0) pass(loop, from, to, count)
  }
}

function pass(loop: RelayLoop, from: Leg, to: Leg, count: number): void {
  noteRead(loop, from, loop.scratch, count)
  if (from.connection.sessionWanted && from === from.connection.server) loop.keepSession(from.connection)
  const taken = to.ssl === 0 ? writePlain(to, loop.scratch, count) : writeTls(to, loop.scratch, count)
  if (taken < 0) return failWriting(loop, to)
  if (taken < count) keepWaiting(to, loop.scratch + taken, count - taken)
}

/** `count` bytes at the address came from the leg. */
export function noteRead(loop: RelayLoop, from: Leg, address: number, count: number): void {
  from.bytesRead += count
  from.connection.activeMs = loop.nowMs
  loop.counters[from.counter] += count
  if (loop.tap.isOn) loop.tap.chunk(loop, from, address, count)
}

/** A broken pipe is how the end of the other side shows where nothing is read from it. */
export function failWriting(loop: RelayLoop, leg: Leg): void {
  const failed = errno()
  const { text } = ssl.takeErrors()
  const reason: CloseReason = leg === leg.connection.client ? 'client-reset' : 'server-reset'
  endConnection(loop, leg.connection, reason, text === '' ? errnoName(failed) : text)
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
  if (taken > 0) noteWritten(loop, leg, taken)
  if (leg.waitingBytes > 0) return false
  dropWaiting(leg)
  return true
}

function noteWritten(loop: RelayLoop, leg: Leg, count: number): void {
  leg.connection.activeMs = loop.nowMs
  const { stream } = leg.other
  if (stream !== undefined) giveCredit(loop, stream, count, leg.waitingBytes)
}

/** Tells the leg's peer that the other side is done: FIN, after close_notify where it is TLS (RFC 8446 §6.1). */
export function endWriting(loop: RelayLoop, leg: Leg): void {
  if (leg.shut) return
  if (leg.ssl !== 0) {
    // One packet for both.
    setOption(leg.fd, sys.SOL_TCP, sys.TCP_CORK, 1)
    const result = ssl.SSL_shutdown(leg.ssl)
    if (result < 0 && ssl.SSL_get_error(leg.ssl, result) === ssl.SSL_ERROR_WANT_WRITE) {
      leg.writable = false
      return
    }
    if (result < 0) ssl.ERR_clear_error()
  }
  if (leg.stream !== undefined) loop.tunnels.endStream(leg.stream)
  // Where both are done it is closed now, which says the same.
  else if (!leg.other.shut) sys.shutdown(leg.fd, sys.SHUT_WR)
  leg.shut = true
  if (loop.tap.isOn) loop.tap.chunk(loop, leg.other, 0, 0)
  if (leg.other.shut) finishConnection(loop, leg.connection)
}
