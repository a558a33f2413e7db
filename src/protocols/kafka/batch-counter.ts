import type { RecordSpan } from './kept-frame.ts'

/** Bytes before the records of a batch, with its length field and all. */
export const BATCH_HEADER_BYTES = 61
/** Base offset and length, which the length does not count. */
export const BATCH_PREFIX_BYTES = 12
const MAGIC_AT = 16
const ATTRIBUTES_AT = 21
const COUNT_AT = 57
/** Of the attributes of a batch: its records are marks of transactions. */
export const CONTROL = 0x20
const OLD_ATTRIBUTES_AT = 17
const OLD_HEADER_BYTES = 18
export const COMPRESSION = 0x07

/** Counts the records of batches while their bytes pass, cut anywhere; reads nothing but the header of each batch. */
export class BatchCounter {
  readonly #header = new Uint8Array(BATCH_HEADER_BYTES)
  #filled = 0
  /** Of the batch behind its header. */
  #passing = 0
  /** Of the whole field, behind what was fed. */
  #left = 0
  #isLost = false

  begin(sizeBytes: number): void {
    this.#filled = 0
    this.#passing = 0
    this.#left = sizeBytes
    this.#isLost = false
  }

  feed(span: RecordSpan, buf: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to && !this.#isLost) {
      const step = Math.min(this.#passing > 0 ? this.#passing : this.#headerLeft, to - at)
      if (this.#passing > 0) this.#passing -= step
      else for (let i = 0; i < step; i++) this.#header[this.#filled++] = buf[at + i]!
      at += step
      this.#left -= step
      if (this.#passing === 0 && this.#filled > MAGIC_AT) this.#look(span)
    }
  }

  /** Up to where it can be told what comes next. */
  get #headerLeft(): number {
    if (this.#filled <= MAGIC_AT) return MAGIC_AT + 1 - this.#filled
    return (this.#header[MAGIC_AT]! >= 2 ? BATCH_HEADER_BYTES : OLD_HEADER_BYTES) - this.#filled
  }

  #look(span: RecordSpan): void {
    const header = this.#header
    const magic = header[MAGIC_AT]!
    const needed = magic >= 2 ? BATCH_HEADER_BYTES : OLD_HEADER_BYTES
    if (this.#filled < needed) return
    const rest = BATCH_PREFIX_BYTES + int32(header, 8) - needed
    this.#filled = 0
    // A batch that the field cuts off is not counted: the reader gets it again.
    if (rest < 0 || rest > this.#left || magic > 2) {
      this.#isLost = true
      return
    }
    this.#passing = rest
    if (magic === 2) this.#countBatch(span)
    else {
      span.count++
      if ((header[OLD_ATTRIBUTES_AT]! & COMPRESSION) !== 0) span.isAtLeast = true
    }
  }

  #countBatch(span: RecordSpan): void {
    const count = int32(this.#header, COUNT_AT)
    if ((this.#header[ATTRIBUTES_AT + 1]! & CONTROL) === 0 && count > 0) span.count += count
  }
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!
}
