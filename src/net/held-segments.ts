import type { Micros } from '../model/time.ts'
import { seqAdd, seqBefore, seqDistance, seqEarlier } from './sequence.ts'

/** What a held segment costs beyond its bytes: objects and an ArrayBuffer. So that a flood of one-byte segments is bounded too. */
const OVERHEAD_BYTES = 256

/** Bytes that came before the ones in front of them; a copy of its own. Without bytes: known to exist, cut off by the snap length. */
export class HeldSegment {
  readonly seq: number
  end: number
  bytes: Uint8Array | undefined
  readonly atMicros: Micros
  previous: HeldSegment | undefined = undefined
  next: HeldSegment | undefined = undefined

  constructor(seq: number, end: number, bytes: Uint8Array | undefined, atMicros: Micros) {
    this.seq = seq
    this.end = end
    this.bytes = bytes
    this.atMicros = atMicros
  }

  get costBytes(): number {
    return OVERHEAD_BYTES + (this.bytes === undefined ? 0 : this.bytes.length)
  }
}

/** Who is asked to give up a hole when all streams together hold too much. */
export interface HoleOwner { giveUpHole(): void }

/** The segments of one direction that wait behind a hole, by sequence number and without overlaps: bytes that came first stay. */
export class HeldSegments {
  readonly owner: HoleOwner
  head: HeldSegment | undefined = undefined
  tail: HeldSegment | undefined = undefined
  count = 0
  costBytes = 0
  /** Links of the budget's list. */
  older: HeldSegments | undefined = undefined
  newer: HeldSegments | undefined = undefined

  constructor(owner: HoleOwner) {
    this.owner = owner
  }

  /**
   * Keeps copies of those bytes of buf[offset, offset + length) that are not there yet; `buf` undefined keeps their absence.
   * Returns whether the others differ from what is there.
   */
  insert(seq: number, length: number, buf: Uint8Array | undefined, offset: number, atMicros: Micros): boolean {
    const end = seqAdd(seq, length)
    let before = this.#lastNotAfter(seq)
    let from = seq
    let conflict = false
    if (before !== undefined && seqBefore(seq, before.end)) {
      conflict = differsFrom(before, seq, end, buf, offset)
      from = before.end
    }
    while (seqBefore(from, end)) {
      const after: HeldSegment | undefined = before === undefined ? this.head : before.next
      const until = after === undefined ? end : seqEarlier(end, after.seq)
      if (seqBefore(from, until)) before = this.#link(before, piece(from, until, buf, offset + seqDistance(seq, from), atMicros))
      if (after === undefined || until === end) break
      conflict = differsFrom(after, after.seq, end, buf, offset + seqDistance(seq, after.seq)) || conflict
      from = after.end
      before = after
    }
    return conflict
  }

  /** Takes the first segment out. */
  shift(): HeldSegment | undefined {
    const head = this.head
    if (head === undefined) return undefined
    this.head = head.next
    if (this.head === undefined) this.tail = undefined
    else this.head.previous = undefined
    this.count--
    this.costBytes -= head.costBytes
    return head
  }

  /** Drops everything from `end` on. */
  truncate(end: number): void {
    let last = this.tail
    while (last !== undefined && !seqBefore(last.seq, end)) {
      this.#dropTail(last)
      last = this.tail
    }
    if (last === undefined || !seqBefore(end, last.end)) return
    this.costBytes -= last.costBytes
    last.bytes = last.bytes?.subarray(0, seqDistance(last.seq, end))
    last.end = end
    this.costBytes += last.costBytes
  }

  #dropTail(last: HeldSegment): void {
    this.tail = last.previous
    if (this.tail === undefined) this.head = undefined
    else this.tail.next = undefined
    this.count--
    this.costBytes -= last.costBytes
  }

  /** Looked for from the end: late segments mostly come in order among themselves. */
  #lastNotAfter(seq: number): HeldSegment | undefined {
    let node = this.tail
    while (node !== undefined && seqBefore(seq, node.seq)) node = node.previous
    return node
  }

  #link(before: HeldSegment | undefined, node: HeldSegment): HeldSegment {
    const after = before === undefined ? this.head : before.next
    node.previous = before
    node.next = after
    if (before === undefined) this.head = node
    else before.next = node
    if (after === undefined) this.tail = node
    else after.previous = node
    this.count++
    this.costBytes += node.costBytes
    return node
  }
}

function piece(from: number, until: number, buf: Uint8Array | undefined, offset: number, atMicros: Micros): HeldSegment {
  // not slice(): on a Buffer that is a view
  const bytes = buf === undefined ? undefined : new Uint8Array(buf.subarray(offset, offset + seqDistance(from, until)))
  return new HeldSegment(from, until, bytes, atMicros)
}

/** Whether the bytes from `seq` up to `end` or the end of `held` differ; `offset` is where those of `seq` are in `buf`. */
export function differsFrom(held: HeldSegment, seq: number, end: number, buf: Uint8Array | undefined, offset: number): boolean {
  const { bytes } = held
  if (bytes === undefined || buf === undefined) return false
  const skip = seqDistance(held.seq, seq)
  const length = seqDistance(seq, seqEarlier(end, held.end))
  for (let i = 0; i < length; i++) {
    if (bytes[skip + i] !== buf[offset + i]) return true
  }
  return false
}
