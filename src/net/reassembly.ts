import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { Packet } from './packet.ts'
import { ACK, FIN, RST, SYN } from './packet.ts'
import { ReassemblyBudget } from './reassembly-budget.ts'
import { seqDistance } from './sequence.ts'
import type { Anomaly, StreamSink } from './stream-sink.ts'
import { TcpStream } from './tcp-stream.ts'

export type { Anomaly, StreamSink }
export { ReassemblyBudget }

/** A SYN farther than this from the stream starts a new connection. Linux moves its initial number on by this much every 67 ms (RFC 6528 §3). */
const REUSE_DISTANCE_BYTES = 1024 * 1024

/** The same packet at two places of its way is captured within what is under way meanwhile. Of two connections it has one in 256 that their numbers are as near. */
const NEAR_BYTES = 8 * 1024 * 1024

/** Both directions of a TCP connection: segments in, ordered bytes out. Peer bytes never make it throw; its memory is bounded by the budget. */
export class TcpConnection {
  readonly #sink: StreamSink
  readonly #budget: ReassemblyBudget
  readonly #client: TcpStream
  readonly #server: TcpStream

  constructor(sink: StreamSink, budget: ReassemblyBudget) {
    this.#sink = sink
    this.#budget = budget
    this.#client = new TcpStream(CLIENT, sink, budget)
    this.#server = new TcpStream(SERVER, sink, budget)
  }

  /** The client's SYN came before this object was made: its sequence number. To be told before any segment. */
  opened(isn: number): void {
    this.#client.synchronise(isn)
  }

  /** Both ends are over: by FIN, by RST or by close(). */
  get closed(): boolean {
    return this.#client.ended && this.#server.ended
  }

  /** No SYN was seen, from neither side: bytes before the first packet are unknown. */
  get joinedLate(): boolean {
    return !this.#client.synSeen && !this.#server.synSeen
  }

  /** A packet of this connection, sent by `side`. Its payload is borrowed until return. */
  segment(side: Side, packet: Packet, atMicros: Micros): void {
    const own = side === CLIENT ? this.#client : this.#server
    const peer = side === CLIENT ? this.#server : this.#client
    const { flags } = packet
    if ((flags & (SYN | RST)) !== 0 && !this.#control(own, peer, packet, atMicros)) return
    own.segment(packet, atMicros)
    if ((flags & ACK) !== 0 && !peer.ended) peer.acknowledge(packet.ack | 0)
  }

  /** Handles SYN and RST. True when the rest of the segment counts. */
  #control(own: TcpStream, peer: TcpStream, packet: Packet, atMicros: Micros): boolean {
    const { flags } = packet
    if ((flags & RST) !== 0) {
      if (!this.closed && isResetAccepted(own, peer, packet)) this.#reset(own.side, atMicros)
      return false
    }
    if (!own.synchronise(packet.seq | 0)) return false
    if ((flags & ACK) !== 0) peer.expect(packet.ack | 0)
    return true
  }

  #reset(side: Side, atMicros: Micros): void {
    this.#budget.counters.resets++
    this.#sink.anomaly(side, 'reset')
    this.close(atMicros)
  }

  /**
   * Whether this packet starts a new connection between the same addresses and ports:
   * a SYN with another number after this one is over, after an attempt that nobody answered, or far from the streams.
   */
  isReusedBy(packet: Packet, side: Side): boolean {
    // with RST or FIN it opens nothing
    if ((packet.flags & (SYN | RST | FIN)) !== SYN) return false
    const own = side === CLIENT ? this.#client : this.#server
    const peer = side === CLIENT ? this.#server : this.#client
    const seq = packet.seq | 0
    // a retransmission, or the same packet captured at a second interface
    if (own.synSeen && own.isn === seq) return false
    if (this.closed) return true
    if (!own.isPlaced) return false
    if ((packet.flags & ACK) === 0 && !peer.isPlaced) return true
    return Math.abs(seqDistance(own.next, seq)) > REUSE_DISTANCE_BYTES
  }

  /** Whether a segment without SYN, of a side that was not seen so far, fits what the other side has sent and acknowledged. */
  isContinuedBy(packet: Packet, side: Side): boolean {
    const own = side === CLIENT ? this.#client : this.#server
    const peer = side === CLIENT ? this.#server : this.#client
    if (!peer.isPlaced || this.closed || (packet.flags & ACK) === 0) return false
    return Math.abs(seqDistance(peer.next, packet.ack | 0)) <= REUSE_DISTANCE_BYTES && own.isAwaitedAt(packet.seq | 0, REUSE_DISTANCE_BYTES)
  }

  /** Whether a packet that came on another way may be of this connection: one that is not has numbers of its own. */
  isNear(packet: Packet, side: Side): boolean {
    const own = side === CLIENT ? this.#client : this.#server
    const peer = side === CLIENT ? this.#server : this.#client
    if (own.isPlaced) return Math.abs(seqDistance(own.next, packet.seq | 0)) <= NEAR_BYTES
    return !peer.isPlaced || (packet.flags & ACK) === 0 || Math.abs(seqDistance(peer.next, packet.ack | 0)) <= NEAR_BYTES
  }

  /** No more packets (idle, evicted, end of the capture): delivers what waits behind holes, which become gaps, and ends both sides. */
  close(atMicros: Micros): void {
    this.#client.close(atMicros)
    this.#server.close(atMicros)
  }
}

/** RST must fit what is known (RFC 9293 §3.10.7): the sender's stream, or else what it acknowledges. */
function isResetAccepted(own: TcpStream, peer: TcpStream, packet: Packet): boolean {
  if (own.isPlaced) return own.acceptsReset(packet.seq | 0)
  return (packet.flags & ACK) === 0 || !peer.isPlaced || Math.abs(seqDistance(peer.next, packet.ack | 0)) <= REUSE_DISTANCE_BYTES
}

/**
 * Who sent the first packet seen of a connection. A SYN tells; else the port does: one that `isServerPort` knows, or the lower one, is the server's.
 */
export function senderOfFirst(packet: Packet, isServerPort?: (port: number) => boolean): Side {
  if ((packet.flags & SYN) !== 0) return (packet.flags & ACK) === 0 ? CLIENT : SERVER
  const { srcPort, dstPort } = packet
  if (isServerPort !== undefined) {
    const isSrc = isServerPort(srcPort)
    if (isSrc !== isServerPort(dstPort)) return isSrc ? SERVER : CLIENT
  }
  return dstPort <= srcPort ? CLIENT : SERVER
}
