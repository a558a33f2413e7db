import type { Side } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { HeldSegment, HoleOwner } from './held-segments.ts'
import { HeldSegments, differsFrom } from './held-segments.ts'
import type { ReassemblyBudget } from './reassembly-budget.ts'
import type { Remembering } from './recent-bytes.ts'
import { seqAdd, seqBefore, seqDistance, seqEarlier } from './sequence.ts'
import type { StreamSink } from './stream-sink.ts'

/**
 * Puts the bytes of one direction in order, from `next` on up to the FIN: what comes early is held within the budget, what came first wins.
 * Where the stream is and when a hole is lost is the matter of TcpStream. Sequence numbers are signed 32-bit.
 */
export abstract class OrderedBytes implements HoleOwner, Remembering {
  readonly side: Side
  readonly id: number
  /** The next byte to deliver. */
  next = 0
  ended = false
  recentSlot = -1
  protected readonly budget: ReassemblyBudget
  protected held: HeldSegments | undefined = undefined
  protected fin = 0
  protected finKnown = false
  readonly #sink: StreamSink

  constructor(side: Side, sink: StreamSink, budget: ReassemblyBudget) {
    this.side = side
    this.id = budget.recent.newId()
    this.budget = budget
    this.#sink = sink
  }

  abstract isSettled(seq: number): boolean

  protected noteFin(fin: number): void {
    if (this.finKnown || seqBefore(fin, this.next)) return
    this.fin = fin
    this.finKnown = true
    this.#dropBehind(fin)
  }

  /** There is nothing behind a FIN, whatever came before it. */
  #dropBehind(fin: number): void {
    const held = this.held
    if (held === undefined) return
    const before = held.costBytes
    held.truncate(fin)
    this.budget.heldBytes += held.costBytes - before
    if (held.head === undefined) this.#letGo()
  }

  /** Payload that begins anywhere: `captured` bytes in the buffer, then `missing` that the snap length took. */
  protected take(seq: number, buf: Uint8Array, offset: number, captured: number, missing: number, atMicros: Micros): void {
    while (this.held !== undefined && seqBefore(this.next, seq) && this.#isFull(this.held, captured)) this.#giveUp('buffer-limit', atMicros)
    const behind = seqDistance(seq, this.next)
    if (behind > 0) this.#compareDelivered(seq, buf, offset, Math.min(behind, captured), captured + missing)
    const skip = Math.max(0, behind)
    const capturedLeft = this.#beforeFin(seqAdd(seq, skip), captured - skip)
    const missingLeft = this.#beforeFin(seqAdd(seq, Math.max(skip, captured)), missing - Math.max(0, skip - captured))
    if (behind >= 0) {
      if (capturedLeft > 0) this.#pass(buf, offset + skip, capturedLeft, atMicros)
      if (missingLeft > 0) this.#pass(undefined, 0, missingLeft, atMicros)
      this.drain()
    } else {
      if (capturedLeft > 0) this.#hold(seq, capturedLeft, buf, offset, atMicros)
      if (missingLeft > 0) this.#hold(seqAdd(seq, captured), missingLeft, undefined, 0, atMicros)
      this.#keepWithinTotal()
    }
  }

  /** How many of `length` bytes from `seq` on lie before the FIN. */
  #beforeFin(seq: number, length: number): number {
    return this.finKnown ? Math.min(length, seqDistance(seq, this.fin)) : length
  }

  /** A keep-alive probe repeats the last byte as it likes (RFC 9293 §3.8.4), so it is not compared. */
  #compareDelivered(seq: number, buf: Uint8Array, offset: number, length: number, total: number): void {
    if (total === 1 && seqAdd(seq, 1) === this.next) return
    if (this.budget.recent.differs(this, seq, buf, offset, length)) this.#conflict()
  }

  #isFull(held: HeldSegments, bytes: number): boolean {
    const { streamBytes, streamSegments } = this.budget.limits
    return held.count >= streamSegments || held.costBytes + bytes > streamBytes
  }

  #hold(seq: number, length: number, buf: Uint8Array | undefined, offset: number, atMicros: Micros): void {
    let held = this.held
    if (held === undefined) {
      held = this.held = new HeldSegments(this)
      this.budget.enter(held)
    }
    const before = held.costBytes
    if (held.insert(seq, length, buf, offset, atMicros)) this.#conflict()
    this.budget.heldBytes += held.costBytes - before
  }

  #keepWithinTotal(): void {
    const budget = this.budget
    while (budget.isExceeded && budget.oldest !== undefined) budget.oldest.owner.giveUpHole()
  }

  /** All streams together hold too much, and this one has waited longest. */
  giveUpHole(): void {
    const at = this.held?.head?.atMicros ?? 0
    this.#giveUp('total-limit', at)
    this.endAtFin(at)
  }

  #giveUp(what: 'buffer-limit' | 'total-limit', atMicros: Micros): void {
    if (what === 'buffer-limit') this.budget.counters.bufferLimits++
    else this.budget.counters.totalLimits++
    this.#sink.anomaly(this.side, what)
    this.skipHole(atMicros)
  }

  /** Reports the first hole as lost and goes on behind it. */
  protected skipHole(atMicros: Micros): void {
    const head = this.held?.head
    if (head === undefined) return
    const lost = seqDistance(this.next, head.seq)
    if (lost > 0) this.lose(lost, atMicros)
    // Cannot be while numbers are compared within bounds; it would be waited for, for ever.
    if (lost < 0) this.#letGo()
    this.drain()
  }

  /** Passes on `length` bytes from `next` on, or their absence; what is held of them came first and wins. */
  #pass(buf: Uint8Array | undefined, offset: number, length: number, atMicros: Micros): void {
    const start = this.next
    const end = seqAdd(start, length)
    while (seqBefore(this.next, end)) {
      const head = this.held?.head
      const until = head === undefined ? end : seqEarlier(end, head.seq)
      const free = seqDistance(this.next, until)
      const from = offset + seqDistance(start, this.next)
      if (free > 0) {
        if (buf === undefined) this.lose(free, atMicros)
        else this.deliver(buf, from, free, atMicros)
      } else if (head !== undefined) {
        if (differsFrom(head, this.next, end, buf, from)) this.#conflict()
        this.#release()
      }
    }
  }

  /** Delivers held segments that are next. */
  protected drain(): void {
    for (let head = this.held?.head; head !== undefined && head.seq === this.next; head = this.held?.head) this.#release()
  }

  /** Takes out the first held segment, whose place is `next`, and delivers it. */
  #release(): void {
    const segment = this.held?.shift()
    if (segment === undefined) return
    this.budget.heldBytes -= segment.costBytes
    if (this.held?.head === undefined) this.#letGo()
    this.#deliverHeld(segment)
  }

  #deliverHeld(segment: HeldSegment): void {
    const { bytes } = segment
    if (bytes === undefined) this.lose(seqDistance(segment.seq, segment.end), segment.atMicros)
    else this.deliver(bytes, 0, bytes.length, segment.atMicros)
  }

  /** Gives up what is held, undelivered. */
  #letGo(): void {
    const held = this.held
    if (held === undefined) return
    this.budget.heldBytes -= held.costBytes
    this.budget.leave(held)
    this.held = undefined
  }

  protected deliver(buf: Uint8Array, offset: number, length: number, atMicros: Micros): void {
    this.budget.recent.remember(this, this.next, buf, offset, length)
    this.next = this.next + length | 0
    this.#sink.data(this.side, buf, offset, offset + length, atMicros)
  }

  protected lose(bytes: number, atMicros: Micros): void {
    const { counters } = this.budget
    counters.gaps++
    counters.bytesLost += bytes
    this.next = seqAdd(this.next, bytes)
    this.#sink.gap(this.side, bytes, atMicros)
  }

  #conflict(): void {
    this.budget.counters.overlapConflicts++
    this.#sink.anomaly(this.side, 'overlap-conflict')
  }

  protected endAtFin(atMicros: Micros): void {
    if (!this.finKnown || this.ended || this.next !== this.fin) return
    this.next = seqAdd(this.next, 1)
    this.end(atMicros)
  }

  protected end(atMicros: Micros): void {
    this.#letGo()
    this.ended = true
    this.#sink.end(this.side, atMicros)
  }
}
