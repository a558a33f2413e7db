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
    return (this.#filled <= MAGIC_AT ? MAGIC_AT + 1 : headerBytes(this.#header, 0)) - this.#filled
  }

  #look(span: RecordSpan): void {
    if (this.#filled < headerBytes(this.#header, 0)) return
    this.#filled = 0
    const rest = countHeader(span, this.#header, 0, this.#left)
    if (rest < 0) this.#isLost = true
    else this.#passing = rest
  }
}

/** What is counted of records. */
export type RecordCount = Pick<RecordSpan, 'count' | 'isAtLeast'>

/** Counts the records of all batches in bytes[from, to), a whole field: as a BatchCounter does where they come in pieces. */
export function countBatches(counted: RecordCount, bytes: Uint8Array, from: number, to: number): void {
  for (let at = from; at + MAGIC_AT < to;) {
    const behind = at + headerBytes(bytes, at)
    if (behind > to) return
    const rest = countHeader(counted, bytes, at, to - behind)
    if (rest < 0) return
    at = behind + rest
  }
}

function headerBytes(bytes: Uint8Array, at: number): number {
  return bytes[at + MAGIC_AT]! >= 2 ? BATCH_HEADER_BYTES : OLD_HEADER_BYTES
}

/** Bytes of the batch behind its header. -1: `left` are too few, so it is not counted, as the field cuts it off and the reader gets it again; or it is none. */
function countHeader(counted: RecordCount, bytes: Uint8Array, at: number, left: number): number {
  const magic = bytes[at + MAGIC_AT]!
  const rest = BATCH_PREFIX_BYTES + int32(bytes, at + 8) - headerBytes(bytes, at)
  if (rest < 0 || rest > left || magic > 2) return -1
  if (magic === 2) countBatch(counted, bytes, at)
  else {
    counted.count++
    if ((bytes[at + OLD_ATTRIBUTES_AT]! & COMPRESSION) !== 0) counted.isAtLeast = true
  }
  return rest
}

function countBatch(counted: RecordCount, bytes: Uint8Array, at: number): void {
  const count = int32(bytes, at + COUNT_AT)
  if ((bytes[at + ATTRIBUTES_AT + 1]! & CONTROL) === 0 && count > 0) counted.count += count
}

function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!
}
