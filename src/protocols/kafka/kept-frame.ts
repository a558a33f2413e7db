import { Buffer } from 'node:buffer'
import { MAX_RECORD_FIELDS, MAX_STRUCTURE_BYTES } from './limits.ts'

/** The bytes of one field of records: where they lie in what was kept, how many there were, and what was counted while they passed. */
export interface RecordSpan {
  readonly at: number
  readonly sizeBytes: number
  keptBytes: number
  /** Without those of control batches. */
  count: number
  /** Compressed messages of the old formats, of which each may hold several. */
  isAtLeast: boolean
}

/** Shorter pieces are copied in a loop: a view of them would cost more. */
const SHORT_BYTES = 100

const NO_SPANS: readonly RecordSpan[] = []

/** What is kept of one request or answer: all of its structure, and the first bytes of its records. */
export class KeptFrame {
  spans: readonly RecordSpan[] = NO_SPANS
  /** The structure went beyond its limit, and the rest was let go. */
  isCut = false
  /** The spans, once there is one. */
  #spans: RecordSpan[] | undefined
  readonly #structureLimitBytes: number
  #recordsLeft: number
  #structure = 0
  #room: Buffer
  #length = 0
  /** Of what is kept, while nothing is added. */
  #view: Buffer | undefined

  /** `roomBytes`: what is allocated at first. */
  constructor(roomBytes: number, recordLimitBytes: number, structureLimitBytes: number = MAX_STRUCTURE_BYTES) {
    this.#recordsLeft = recordLimitBytes
    this.#structureLimitBytes = structureLimitBytes
    this.#room = Buffer.allocUnsafe(roomBytes)
  }

  get length(): number {
    return this.#length
  }

  get roomBytes(): number {
    return this.#room.length + this.spans.length * 64
  }

  /** Valid until the next addition. */
  get bytes(): Buffer {
    return this.#view ??= this.#room.subarray(0, this.#length)
  }

  addStructure(buf: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.#structureLimitBytes - this.#structure)
    if (end < to) this.isCut = true
    if (end <= from) return
    this.#structure += end - from
    this.#append(buf, from, end)
  }

  openRecords(sizeBytes: number): RecordSpan | undefined {
    if (this.isCut || this.spans.length === MAX_RECORD_FIELDS) {
      this.isCut = true
      return undefined
    }
    const span: RecordSpan = { at: this.#length, sizeBytes, keptBytes: 0, count: 0, isAtLeast: false }
    if (this.#spans === undefined) this.spans = this.#spans = []
    this.#spans.push(span)
    return span
  }

  addRecords(span: RecordSpan, buf: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.#recordsLeft)
    if (end <= from) return
    this.#recordsLeft -= end - from
    span.keptBytes += end - from
    this.#append(buf, from, end)
  }

  #append(buf: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    if (needed > this.#room.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#room.length * 2))
      grown.set(this.#room.subarray(0, this.#length))
      this.#room = grown
    }
    if (to - from < SHORT_BYTES) for (let i = from, at = this.#length; i < to; i++) this.#room[at++] = buf[i]!
    else this.#room.set(from === 0 && to === buf.length ? buf : buf.subarray(from, to), this.#length)
    this.#length = needed
    this.#view = undefined
  }
}
