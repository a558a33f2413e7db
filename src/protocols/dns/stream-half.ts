import type { Micros } from '../../model/time.ts'
import { word } from './header.ts'

const PREFIX_BYTES = 2
const FIRST_BYTES = 512
const NOTHING = new Uint8Array(0)

/** One direction: the message that came in part. Memory grows with the bytes that are here, never with what a length claims. */
export class StreamHalf {
  /** The message with its length before it; `sizeBytes` of them are filled. */
  bytes = NOTHING
  sizeBytes = 0
  /** When its first byte came. */
  atMicros: Micros = 0
  /** Bytes of this side before the current chunk, and before the message that is read. */
  offset = 0
  messageAt = 0
  /** After a hole nobody knows where a message begins. */
  isLost = false

  /** The end of a chunk, which begins a message. Copied. */
  begin(chunk: Uint8Array, from: number, at: Micros): void {
    this.atMicros = at
    this.messageAt = this.offset + from
    this.#append(chunk, from, chunk.length)
  }

  /** Takes what belongs to the message; where the rest of the chunk begins. */
  fill(chunk: Uint8Array): number {
    let from = 0
    if (this.sizeBytes < PREFIX_BYTES) {
      from = Math.min(chunk.length, PREFIX_BYTES - this.sizeBytes)
      this.#append(chunk, 0, from)
    }
    if (this.sizeBytes < PREFIX_BYTES) return from
    const to = Math.min(chunk.length, from + this.missing)
    this.#append(chunk, from, to)
    return to
  }

  /** Bytes of the message that have not come. */
  get missing(): number {
    return this.sizeBytes < PREFIX_BYTES ? PREFIX_BYTES - this.sizeBytes : PREFIX_BYTES + word(this.bytes, 0) - this.sizeBytes
  }

  get isWhole(): boolean {
    return this.sizeBytes >= PREFIX_BYTES && this.missing === 0
  }

  clear(): void {
    this.sizeBytes = 0
    if (this.bytes.length > FIRST_BYTES) this.bytes = NOTHING
  }

  #append(chunk: Uint8Array, from: number, to: number): void {
    const size = this.sizeBytes + to - from
    if (size > this.bytes.length) {
      const larger = new Uint8Array(Math.max(FIRST_BYTES, size, Math.min(this.bytes.length * 2, 65_537)))
      larger.set(this.bytes.subarray(0, this.sizeBytes))
      this.bytes = larger
    }
    this.bytes.set(chunk.subarray(from, to), this.sizeBytes)
    this.sizeBytes = size
  }
}
