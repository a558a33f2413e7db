import { EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../../sys/epoll.ts'
import type { Connection } from './connection.ts'
import { discard, endConnection } from './ending.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'
import { lookAtFirstBytes, shakeWithClient } from './opening.ts'
import { endConnect, finishWithServer } from './reaching.ts'
import { socketError } from './socket-calls.ts'
import { READ_BUFFER_BYTES } from './tls-contexts.ts'
import { transfer } from './transfer.ts'

const ENDED = EPOLLRDHUP | EPOLLHUP | EPOLLERR

/** What epoll says of a leg's socket. */
export function takeEvent(loop: RelayLoop, leg: Leg, mask: number): void {
  if ((mask & EPOLLOUT) !== 0) leg.writable = true
  if ((mask & (EPOLLIN | ENDED)) !== 0) {
    leg.readable = true
    // This edge may be of bytes behind those that OpenSSL holds: no short read before it tells that they are taken.
    if (leg.fetched !== 0) leg.fetched = READ_BUFFER_BYTES
  }
  if ((mask & ENDED) !== 0) leg.hangup = true
  if (leg.tunnel !== undefined) loop.tunnels.progress(leg.tunnel, mask)
  else if (leg.connection.phase === 'open') move(loop, leg, mask)
  else progress(loop, leg, mask)
}

function move(loop: RelayLoop, leg: Leg, mask: number): void {
  const { other, connection } = leg
  if (leg.readable) transfer(loop, leg, other)
  // Room again where something had to wait.
  if ((mask & EPOLLOUT) !== 0 && (leg.waitingBytes > 0 || other.readable || other.readEnded)) transfer(loop, other, leg)
  // A reset does not wait for its turn to be read.
  if ((mask & EPOLLERR) !== 0 && connection.phase === 'open') endByError(loop, leg)
}

function endByError(loop: RelayLoop, leg: Leg): void {
  if (socketError(leg.fd) === 0) return
  endConnection(loop, leg.connection, leg === leg.connection.client ? 'client-reset' : 'server-reset')
}

/** An event of a connection that is not open yet, or no more. */
function progress(loop: RelayLoop, leg: Leg, mask: number): void {
  const { connection } = leg
  const ofClient = leg === connection.client
  switch (connection.phase) {
    case 'first-bytes': return untilBytes(loop, connection)
    case 'client-handshake':
      if ((mask & (leg.awaits | ENDED)) !== 0) shakeWithClient(loop, connection)
      return
    case 'connect':
      if (!ofClient) return endConnect(loop, connection)
      break
    case 'server-handshake':
      if (ofClient) break
      if ((mask & (leg.awaits | ENDED)) !== 0) finishWithServer(loop, connection)
      return
    case 'linger': return discard(loop, leg)
    default: return
  }
  if (ofClient && (mask & EPOLLERR) !== 0) endConnection(loop, connection, 'client-reset')
}

function untilBytes(loop: RelayLoop, connection: Connection): void {
  // An edge of the empty send buffer alone says nothing.
  if (connection.client.readable) lookAtFirstBytes(loop, connection)
}
