import type { Micros } from '../model/time.ts'
import { OrderedBytes } from './ordered-bytes.ts'
import type { Packet } from './packet.ts'
import { FIN, SYN } from './packet.ts'
import { seqAdd, seqBefore, seqDistance, seqEarlier } from './sequence.ts'

/** Nothing is known of where the stream is. */
const UNSEEN = 0
/** Only what the other side acknowledged: the first segment of our own decides. */
const GUESSED = 1
/** Joined late at a segment without payload, which may have been a keep-alive probe, one byte behind. */
const EXPECTED = 2
const FOLLOWING = 3

/**
 * A segment farther than this from the stream, and from what the other side acknowledged, does not belong to it:
 * the largest receive buffer that Linux gives by default is 32 MiB.
 */
const MAX_DISTANCE_BYTES = 64 * 1024 * 1024
/** Farther than that, before and behind can no longer be told apart (RFC 9293 §3.4: half of the numbers is the bound). */
const MAX_COMPARABLE_BYTES = 2 ** 30
/** After so many segments in a row that are too far away, it is the stream that is elsewhere: more was lost than a window. */
const RESYNC_AFTER_SEGMENTS = 32
/** How far ahead of the last known byte an RST may be. */
const RESET_WINDOW_BYTES = 1024 * 1024

/**
 * One direction of a TCP connection: puts segments in order (RFC 9293 §3.4, §3.10.7.4). `next` and all sequence numbers are signed 32-bit.
 *
 * A hole becomes a gap when the receiver acknowledged it and after that a segment of the sender arrives from behind it. The acknowledgement says
 * that the bytes were delivered, so no retransmission will bring them. The later segment says that the capture has passed them: captures mix up
 * the two directions (two queues, two interfaces, clocks that differ) but keep each in order. Otherwise the hole waits until a bound is hit.
 */
export class TcpStream extends OrderedBytes {
  /** Sequence number of the SYN. */
  isn = 0
  synSeen = false
  #phase = UNSEEN
  #acked = 0
  #ackKnown = false
  #rejected = 0
  /** Where the stream was at the last rejected segment: when it has moved since, they were strays. */
  #rejectedAt = 0

  /** Whether a segment or an exact hint told where the stream is. */
  get isPlaced(): boolean {
    return this.#phase >= EXPECTED
  }

  /** Whether a first segment of this side, of which only acknowledgements were seen, is about where they are. */
  isAwaitedAt(seq: number, distanceBytes: number): boolean {
    return this.#phase === GUESSED && Math.abs(seqDistance(this.next, seq)) <= distanceBytes
  }

  /** A SYN of this side. False when it is none of this connection's. */
  synchronise(seq: number): boolean {
    if (this.synSeen && this.isn === seq) return true
    if (this.synSeen && (this.#phase !== FOLLOWING || this.next !== seqAdd(this.isn, 1) || this.#isConfirmed)) return false
    if (!this.synSeen && this.isPlaced) return this.#recogniseSyn(seq)
    this.synSeen = true
    this.isn = seq
    this.next = seqAdd(seq, 1)
    this.#phase = FOLLOWING
    if (this.#ackKnown && seqDistance(this.next, this.#acked) < 0) this.#ackKnown = false
    return true
  }

  /** The first byte was acknowledged, so it is settled which of several SYNs counts. */
  get #isConfirmed(): boolean {
    return this.held !== undefined || (this.#ackKnown && this.#acked === this.next)
  }

  /** A SYN that was captured after what followed it. */
  #recogniseSyn(seq: number): boolean {
    if (seqDistance(seqAdd(seq, 1), this.next) !== 0) return false
    this.synSeen = true
    this.isn = seq
    return true
  }

  /** The other side answered our SYN, which was not captured. */
  expect(seq: number): void {
    if (this.isPlaced) return
    this.next = seq
    this.#phase = FOLLOWING
  }

  /** The other side has everything before `ack`. */
  acknowledge(ack: number): void {
    if (this.#ackKnown) {
      const progress = seqDistance(this.#acked, ack)
      if (progress > 0 && progress <= MAX_DISTANCE_BYTES) this.#acked = ack
      return
    }
    if (this.#phase === UNSEEN) {
      this.#phase = GUESSED
      this.next = ack
    }
    if (Math.abs(seqDistance(this.next, ack)) > MAX_DISTANCE_BYTES) return
    this.#acked = ack
    this.#ackKnown = true
  }

  isSettled(seq: number): boolean {
    return this.#ackKnown && seqDistance(seq, this.#acked) >= 0
  }

  /** Whether an RST with this number may end the connection: not before what was acknowledged, not far ahead (RFC 5961 §3.2). */
  acceptsReset(seq: number): boolean {
    const { next } = this
    const low = this.#ackKnown ? seqEarlier(this.#acked, next) : seqAdd(next, -1)
    const high = this.#ackKnown && seqBefore(next, this.#acked) ? this.#acked : next
    return seqDistance(low, seq) >= 0 && seqDistance(high, seq) <= RESET_WINDOW_BYTES
  }

  segment(packet: Packet, atMicros: Micros): void {
    const seq = (packet.flags & SYN) === 0 ? packet.seq | 0 : packet.seq + 1 | 0
    if (seq === this.next && this.#phase === FOLLOWING && this.held === undefined && (packet.flags & FIN) === 0 && packet.payloadMissing === 0) {
      if (packet.payloadLength !== 0 && !this.ended) this.deliver(packet.buf, packet.payloadOffset, packet.payloadLength, atMicros)
      return
    }
    if (!this.ended) this.#place(seq, packet, atMicros)
  }

  /** A segment that is not simply the next one. */
  #place(seq: number, packet: Packet, atMicros: Micros): void {
    const length = packet.payloadLength + packet.payloadMissing
    const isFin = (packet.flags & FIN) !== 0
    if (this.#phase !== FOLLOWING) this.#begin(seq, length, isFin)
    if (!this.#isNear(seq)) {
      if (length === 0 || !this.#resynchronise(seq, atMicros)) return
    }
    if (length > 0) this.#rejected = 0
    if (isFin) this.noteFin(seqAdd(seq, length))
    if (length > 0) this.take(seq, packet.buf, packet.payloadOffset, packet.payloadLength, packet.payloadMissing, atMicros)
    this.#declareLost(seq, atMicros)
    this.endAtFin(atMicros)
  }

  #begin(seq: number, length: number, isFin: boolean): void {
    const isContent = length > 0 || isFin
    if (this.#phase === EXPECTED) {
      if (isContent && seq === seqAdd(this.next, 1)) this.next = seq
      if (isContent) this.#phase = FOLLOWING
      return
    }
    const isProbe = length === 1 && this.#ackKnown && seq === seqAdd(this.#acked, -1)
    this.next = isProbe ? this.#acked : seq
    // One of the two is wrong, and nothing can be lost between them.
    if (this.#ackKnown && Math.abs(seqDistance(this.#acked, seq)) > MAX_DISTANCE_BYTES) this.#ackKnown = false
    this.#phase = isContent && !isProbe ? FOLLOWING : EXPECTED
  }

  #isNear(seq: number): boolean {
    const distance = Math.abs(seqDistance(this.next, seq))
    return distance <= MAX_DISTANCE_BYTES
      || (distance <= MAX_COMPARABLE_BYTES && this.#ackKnown && Math.abs(seqDistance(this.#acked, seq)) <= MAX_DISTANCE_BYTES)
  }

  /** True when the stream has moved to `seq`. How much was lost is unknown when that lies behind: then the gap is 1. */
  #resynchronise(seq: number, atMicros: Micros): boolean {
    this.budget.counters.outOfWindow++
    if (this.#rejectedAt !== this.next) this.#rejected = 0
    this.#rejectedAt = this.next
    if (++this.#rejected < RESYNC_AFTER_SEGMENTS) return false
    while (this.held !== undefined) this.skipHole(atMicros)
    this.lose(Math.max(1, seqDistance(this.next, seq)), atMicros)
    this.next = seq
    this.#ackKnown = false
    this.finKnown = false
    return true
  }

  /** A segment at `seq` has come: holes before it that were acknowledged earlier are lost. */
  #declareLost(seq: number, atMicros: Micros): void {
    while (this.#ackKnown) {
      const head = this.held?.head
      let until = seqEarlier(this.#acked, seq)
      if (head !== undefined) until = seqEarlier(until, head.seq)
      if (this.finKnown) until = seqEarlier(until, this.fin)
      const lost = seqDistance(this.next, until)
      // a FIN that was not captured occupies one number too
      if (lost <= 0 || (lost === 1 && head === undefined && !this.finKnown)) return
      this.lose(lost, atMicros)
      this.drain()
    }
  }

  /** No more packets: delivers what is held, reports what is known to be missing, and ends. */
  close(atMicros: Micros): void {
    if (this.ended) return
    while (this.held !== undefined) this.skipHole(atMicros)
    this.#loseTail(atMicros)
    this.end(atMicros)
  }

  /** What was sent up to a known FIN, or acknowledged, and never seen. */
  #loseTail(atMicros: Micros): void {
    if (this.#phase === UNSEEN) return
    const known = this.finKnown ? this.fin : this.#ackKnown ? this.#acked : this.next
    const lost = seqDistance(this.next, known)
    if (lost > 1 || (lost === 1 && this.finKnown)) this.lose(lost, atMicros)
  }
}
