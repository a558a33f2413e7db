import { MAX_SEARCH_BYTES } from './limits.ts'
import { HEADER_BYTES, isLikelyHeader } from './record.ts'

/** So many headers in a row, each where the one before says, are a record boundary and no chance. */
const HEADERS_IN_A_ROW = 3
/** Places that may be a header are followed this many at a time, so that hostile bytes cost no more than others. */
const MAX_CANDIDATES = 8
const FIRST_BYTES = 4096

/** Collects the bytes of one side until a record boundary shows in them. How the bytes were cut plays no part. */
export class BoundarySearch {
  #buf: Uint8Array = new Uint8Array(FIRST_BYTES)
  #fill = 0
  /** The next place to look at for a header that starts a row. */
  #scanned = 0
  #candidates = 0
  readonly #starts = new Int32Array(MAX_CANDIDATES)
  readonly #nexts = new Int32Array(MAX_CANDIDATES)
  readonly #counts = new Int32Array(MAX_CANDIDATES)

  get bytes(): Uint8Array {
    return this.#buf.subarray(0, this.#fill)
  }

  get full(): boolean {
    return this.#fill === MAX_SEARCH_BYTES
  }

  /** Takes what fits of chunk[at, to), and returns how many bytes that were. */
  take(chunk: Uint8Array, at: number, to: number): number {
    const count = Math.min(to - at, MAX_SEARCH_BYTES - this.#fill)
    this.#reserve(this.#fill + count)
    this.#buf.set(chunk.subarray(at, at + count), this.#fill)
    this.#fill += count
    return count
  }

  /** Offset of the first record boundary in what was collected, or -1. */
  find(): number {
    const last = this.#fill - HEADER_BYTES
    for (;;) {
      const found = this.#follow(last)
      if (found >= 0) return found
      if (this.#candidates === MAX_CANDIDATES || this.#scanned > last) return -1
      this.#scan(last)
    }
  }

  /** Goes on along each row; drops those that end in no header. */
  #follow(last: number): number {
    for (let k = this.#candidates - 1; k >= 0; k--) {
      while (this.#nexts[k]! <= last) {
        const at = this.#nexts[k]!
        if (!this.#isNext(k, at)) {
          this.#drop(k)
          break
        }
        this.#counts[k]!++
        if (this.#counts[k] === HEADERS_IN_A_ROW) return this.#starts[k]!
        this.#nexts[k] = this.#after(at)
      }
    }
    return -1
  }

  #isNext(k: number, at: number): boolean {
    return isLikelyHeader(this.#buf, at) && this.#buf[at + 2] === this.#buf[this.#starts[k]! + 2]
  }

  #after(at: number): number {
    return at + HEADER_BYTES + (this.#buf[at + 3]! << 8 | this.#buf[at + 4]!)
  }

  /** Looks for the next header that may start a row. */
  #scan(last: number): void {
    while (this.#scanned <= last) {
      const at = this.#scanned++
      if (!isLikelyHeader(this.#buf, at)) continue
      const k = this.#candidates++
      this.#starts[k] = at
      this.#nexts[k] = this.#after(at)
      this.#counts[k] = 1
      return
    }
  }

  #drop(k: number): void {
    const last = --this.#candidates
    this.#starts[k] = this.#starts[last]!
    this.#nexts[k] = this.#nexts[last]!
    this.#counts[k] = this.#counts[last]!
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buf.length) return
    const grown = new Uint8Array(Math.max(bytes, this.#buf.length * 2))
    grown.set(this.#buf.subarray(0, this.#fill))
    this.#buf = grown
  }
}
