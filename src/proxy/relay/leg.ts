import { EPOLLIN } from '../../sys/epoll.ts'
import type { CloseReason } from './connection-report.ts'
import type { Connection } from './connection.ts'
import type { PeerNames } from './identity-match.ts'
import type { Stream, Tunnel } from './tunnel/tunnel.ts'

/**
 * One of the two ends of a connection: a socket, with its TLS where it has any, or a stream of a tunnel. What epoll said is kept here until a call has learned otherwise:
 * every socket is registered once, edge-triggered, and never again. Fields only, so that all legs have one shape.
 */
export class Leg {
  readonly connection: Connection
  /** The other socket of the connection. */
  other: Leg
  fd = -1
  generation = 0
  /** SSL object; 0: in the clear. */
  ssl = 0
  /** What its handshake has found in the certificate of the peer; undefined: not looked at yet. */
  peerNames: PeerNames | undefined = undefined
  /** Its reads go through a buffer, as in a handshake. */
  buffered = false
  /** The event that its handshake waits for: EPOLLIN or EPOLLOUT. */
  awaits = EPOLLIN
  /** There may be something to read. */
  readable = false
  /** The last write was not refused. */
  writable = false
  /** The peer has closed its side or reset: read on until that shows. */
  hangup = false
  /** The peer has said that it is done. */
  readEnded = false
  /** It was told that the other side is done. */
  shut = false
  /** How reading failed, where it did. */
  failure: CloseReason | undefined = undefined
  failureDetail = ''
  /** Memory of bytes that it did not take yet; 0: none. */
  waiting = 0
  waitingOffset = 0
  waitingBytes = 0
  waitingCapacity = 0
  /** It waits in the loop's queue for its next turn. */
  queued = false
  bytesRead = 0
  /**
   * Bytes of the records that TLS has given since OpenSSL's buffer was empty, at the end of a record: so many were read from the socket at
   * least. READ_BUFFER_BYTES: not known, so that it must be read until there is nothing.
   */
  fetched = 0
  /** It has no socket but travels in a tunnel. */
  stream: Stream | undefined = undefined
  /** Its socket is that of a tunnel. */
  tunnel: Tunnel | undefined = undefined
  /** Where bytes read from it are counted. */
  counter = 0

  constructor(connection: Connection) {
    this.connection = connection
    this.other = this
  }
}
