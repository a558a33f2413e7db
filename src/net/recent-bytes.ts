import { Buffer } from 'node:buffer'
import { seqAdd, seqBefore, seqDistance } from './sequence.ts'

const SLOTS = 2048
/** Of a longer segment only the beginning is kept. */
const SLOT_BYTES = 1024
/** A retransmission is compared with at most so many earlier segments. */
const MAX_STEPS = 64
/** Of a block with no more segments than this all are copied. */
const FEW_SEGMENTS = 256
/** The bytes of a slot are in our own memory. */
const COPIED = -1
/** Of no stream. */
const NOBODY = 0

type Copy = (this: Uint8Array, target: Uint8Array, targetStart: number, sourceStart: number, sourceEnd: number) => number
/** Needs no view of the part, which takes more time than the copy. */
const copy = Buffer.prototype.copy as unknown as Copy

/** A stream that remembers in which slot its latest bytes are. */
export interface Remembering {
  readonly id: number
  recentSlot: number
  /** Whether the receiver has acknowledged everything before `seq`: it takes no other bytes for them any more. */
  isSettled(seq: number): boolean
}

/**
 * The bytes that were delivered last, of all connections in one ring of 2 MiB: so that a segment that repeats delivered bytes
 * with other content is noticed, without memory a connection. Older bytes are not compared.
 *
 * Where frames stay in their place for a while (`begin` to `end`), they are copied at its end only: in a busy block those that the receiver
 * has not acknowledged, and the latest of each stream. Copying all of them would take a quarter of the time of a live capture, most of it for the cache.
 */
export class RecentBytes {
  #bytes: Uint8Array | undefined
  /** What stays as it is until `end`. */
  #block: Uint8Array | undefined
  /** Slots written since `begin`. */
  #fresh = 0
  /** Numbers instead of references, so that no connection lives longer for it. */
  readonly #owner = new Int32Array(SLOTS)
  readonly #seq = new Int32Array(SLOTS)
  readonly #length = new Int32Array(SLOTS)
  /** Where the bytes begin in the block, or COPIED. */
  readonly #place = new Int32Array(SLOTS)
  /** The slot before it of the same stream. */
  readonly #previous = new Int32Array(SLOTS)
  /** Of the slots with a place in the block. */
  readonly #streams = new Array<Remembering | undefined>(SLOTS).fill(undefined)
  #next = 0
  #ids = 0

  /** Never NOBODY. */
  newId(): number {
    this.#ids = this.#ids + 1 | 0
    return this.#ids === NOBODY ? ++this.#ids : this.#ids
  }

  /** The bytes of `block` stay as they are until `end()`. */
  begin(block: Uint8Array): void {
    this.#block = block
    this.#fresh = 0
  }

  end(): void {
    const block = this.#block
    const count = Math.min(this.#fresh, SLOTS)
    const isBusy = count > FEW_SEGMENTS
    for (let slot = this.#next - count & SLOTS - 1, left = count; left > 0; slot = slot + 1 & SLOTS - 1, left--) {
      const stream = this.#streams[slot]
      if (stream === undefined || block === undefined) continue
      this.#streams[slot] = undefined
      const isKept = !isBusy || stream.recentSlot === slot || !stream.isSettled(seqAdd(this.#seq[slot]!, this.#length[slot]!))
      if (isKept) this.#copy(slot, block, this.#place[slot]!)
      else this.#owner[slot] = NOBODY
    }
    this.#block = undefined
    this.#fresh = 0
  }

  /** The bytes are buf[offset, offset + length). */
  remember(owner: Remembering, seq: number, buf: Uint8Array, offset: number, length: number): void {
    const slot = this.#next
    this.#next = slot + 1 & SLOTS - 1
    this.#fresh++
    this.#owner[slot] = owner.id
    this.#seq[slot] = seq
    this.#length[slot] = length > SLOT_BYTES ? SLOT_BYTES : length
    this.#previous[slot] = owner.recentSlot
    owner.recentSlot = slot
    if (buf === this.#block) {
      this.#place[slot] = offset
      this.#streams[slot] = owner
    } else {
      this.#streams[slot] = undefined
      this.#copy(slot, buf, offset)
    }
  }

  #copy(slot: number, buf: Uint8Array, offset: number): void {
    this.#bytes ??= new Uint8Array(SLOTS * SLOT_BYTES)
    copy.call(buf, this.#bytes, slot * SLOT_BYTES, offset, offset + this.#length[slot]!)
    this.#place[slot] = COPIED
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
    const place = this.#place[slot]!
    const bytes = place === COPIED ? this.#bytes! : this.#block!
    const shift = (place === COPIED ? slot * SLOT_BYTES : place) - start
    const from = Math.max(start, 0)
    const to = Math.min(start + this.#length[slot]!, length)
    for (let i = from; i < to; i++) {
      if (bytes[shift + i] !== buf[offset + i]) return true
    }
    return false
  }
}
