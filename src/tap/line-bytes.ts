import { Buffer } from 'node:buffer'
import type { TextSink } from '../model/message.ts'

const FIRST_ROOM_BYTES = 64 * 1024
/** Shorter texts are copied in a loop, at 1 ns a character: the call into the runtime alone costs 100 ns. */
const SHORT = 128
const WORD = 4
const FOUR_SPACES = 0x20202020
const DIGIT_0 = 0x30
const LAST_ASCII = 0x7f
/** Characters up to it take two bytes of UTF-8 at most. */
const LAST_OF_TWO = 0x7ff
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/** A text as it is added to many lines. */
export class Piece {
  readonly words: Int32Array
  /** In bytes of UTF-8. */
  readonly length: number

  constructor(text: string) {
    const bytes = Buffer.from(text)
    const padded = Buffer.alloc(Math.ceil(bytes.length / WORD) * WORD)
    bytes.copy(padded)
    this.length = bytes.length
    this.words = Int32Array.from({ length: padded.length / WORD }, (_, i) => padded.readInt32LE(i * WORD))
  }
}

/** UTF-8 text that grows at its end: cheaper than a string that is joined from pieces and encoded later. */
export class LineBytes implements TextSink {
  #room = Buffer.allocUnsafeSlow(FIRST_ROOM_BYTES)
  #view = new DataView(this.#room.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was added so far; borrowed until something is added or cleared. */
  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  text(text: string): void {
    const { length } = text
    const room = this.#reserve(length * 3)
    if (length > SHORT) {
      this.#length += room.write(text, this.#length)
      return
    }
    let at = this.#length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code <= LAST_ASCII) room[at++] = code
      else if (code > LAST_OF_TWO && (code < FIRST_SURROGATE || code > LAST_SURROGATE)) {
        // An arrow, a dash: in most lines.
        room[at] = 0xe0 | code >> 12
        room[at + 1] = 0x80 | code >> 6 & 0x3f
        room[at + 2] = 0x80 | code & 0x3f
        at += 3
      } else {
        this.#length += room.write(text, this.#length)
        return
      }
    }
    this.#length = at
  }

  line(text: string): void {
    this.text(text)
    this.text('\n')
  }

  digits(value: number): void {
    let places = 1
    for (let power = 10; power <= value; power *= 10) places++
    const room = this.#reserve(places)
    let rest = value
    for (let at = this.#length + places - 1; at >= this.#length; at--) {
      const tens = Math.floor(rest / 10)
      room[at] = rest - tens * 10 + DIGIT_0
      rest = tens
    }
    this.#length += places
  }

  spaces(count: number): void {
    if (count <= 0) return
    this.#reserve(count + WORD)
    const view = this.#view
    const start = this.#length
    for (let i = 0; i < count; i += WORD) view.setInt32(start + i, FOUR_SPACES, true)
    this.#length = start + count
  }

  /** UTF-8 that is at hand. */
  encoded(bytes: Uint8Array): void {
    const { length } = bytes
    const room = this.#reserve(length)
    if (length > SHORT) room.set(bytes, this.#length)
    else for (let i = 0, at = this.#length; i < length; i++) room[at++] = bytes[i]!
    this.#length += length
  }

  /** A text that is used often, four bytes at a time: what is written beyond its end is written over by what follows. */
  piece({ words, length }: Piece): void {
    this.#reserve(length + WORD)
    const view = this.#view
    const start = this.#length
    for (let i = 0; i < words.length; i++) view.setInt32(start + i * WORD, words[i]!, true)
    this.#length = start + length
  }

  #reserve(bytes: number): Buffer {
    const needed = this.#length + bytes
    if (needed <= this.#room.length) return this.#room
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
    grown.set(this.bytes)
    this.#view = new DataView(grown.buffer)
    return this.#room = grown
  }
}
