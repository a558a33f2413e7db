import { Buffer } from 'node:buffer'
import { seqBefore, seqDistance } from './sequence.ts'

const SLOTS = 2048
/** Of a longer segment only the beginning is kept. */
const SLOT_BYTES = 1024
/** A retransmission is compared with at most so many earlier segments. */
const MAX_STEPS = 64

type Copy = (this: Uint8Array, target: Uint8Array, targetStart: number, sourceStart: number, sourceEnd: number) => number
/** Needs no view of the part, which takes more time than the copy. */
const copy = Buffer.prototype.copy as unknown as Copy

/** A stream that remembers in which slot its latest bytes are. */
export interface Remembering {
  readonly id: number
  recentSlot: number
}

/**
 * The bytes that were delivered last, of all connections in one ring of 2 MiB: so that a segment that repeats delivered bytes
 * with other content is noticed, at the price of one copy a segment and no memory a connection. Older bytes are not compared.
 */
export class RecentBytes {
  #bytes: Uint8Array | undefined
  /** Numbers instead of references, so that no connection lives longer for it. */
  readonly #owner = new Int32Array(SLOTS)
  readonly #seq = new Int32Array(SLOTS)
  readonly #length = new Int32Array(SLOTS)
  /** The slot before it of the same stream. */
  readonly #previous = new Int32Array(SLOTS)
  #next = 0
  #ids = 0

  /** Never 0. */
  newId(): number {
    this.#ids = this.#ids + 1 | 0
    return this.#ids === 0 ? ++this.#ids : this.#ids
  }

  /** The bytes are buf[offset, offset + length). */
  remember(owner: Remembering, seq: number, buf: Uint8Array, offset: number, length: number): void {
    const slot = this.#next
    this.#next = slot + 1 & SLOTS - 1
    const kept = length > SLOT_BYTES ? SLOT_BYTES : length
    this.#bytes ??= new Uint8Array(SLOTS * SLOT_BYTES)
    copy.call(buf, this.#bytes, slot * SLOT_BYTES, offset, offset + kept)
    this.#owner[slot] = owner.id
    this.#seq[slot] = seq
    this.#length[slot] = kept
    this.#previous[slot] = owner.recentSlot
    owner.recentSlot = slot
  }

  /** Whether buf[offset, offset + length), at `seq`, differs from what was delivered there, as far as that is still known. */
  differs(owner: Remembering, seq: number, buf: Uint8Array, offset: number, length: number): boolean {
    let slot = owner.recentSlot
    for (let steps = 0; steps < MAX_STEPS && slot >= 0 && this.#owner[slot] === owner.id; steps++) {
      const start = seqDistance(seq, this.#seq[slot]!)
      if (this.#slotDiffers(slot, start, buf, offset, length)) return true
      const previous = this.#previous[slot]!
      // the slot before was reused for newer bytes, or all before it lies before the segment
      if (start <= 0 || (previous >= 0 && !seqBefore(this.#seq[previous]!, this.#seq[slot]!))) return false
      slot = previous
    }
    return false
  }

  /** `start`: where the bytes of the slot begin, counted from the first compared byte. */
  #slotDiffers(slot: number, start: number, buf: Uint8Array, offset: number, length: number): boolean {
    const bytes = this.#bytes!
    const shift = slot * SLOT_BYTES - start
    const from = Math.max(start, 0)
    const to = Math.min(start + this.#length[slot]!, length)
    for (let i = from; i < to; i++) {
      if (bytes[shift + i] !== buf[offset + i]) return true
    }
    return false
  }
}
