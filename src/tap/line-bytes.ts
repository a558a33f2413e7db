import { Buffer } from 'node:buffer'
import { jsonText } from '../base/json-text.ts'
import type { Piece } from '../base/piece.ts'
import type { TextPiece, TextSink } from '../model/message.ts'
import { viewOf } from '../protocols/memory-view.ts'
import { isPrintable } from './printable.ts'

const FIRST_ROOM_BYTES = 64 * 1024
/** Shorter texts are copied in a loop, at 1 ns a character: the call into the runtime alone costs 100 ns. */
const SHORT = 128
const WORD = 4
const FOUR_SPACES = 0x20202020
const DIGIT_0 = 0x30
const NEWLINE = 0x0a
const QUOTE = 0x22
const BACKSLASH = 0x5c
const FIRST_PRINTABLE = 0x20
/** `\\u007f` */
const LONGEST_ESCAPE = 6
const NOT_ASCII = -1
const HIGH_BITS = 0x80808080 | 0
const ONES = 0x01010101
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c
const DELS = 0x7f7f7f7f
const LAST_ASCII = 0x7f
/** Characters up to it take two bytes of UTF-8 at most. */
const LAST_OF_TWO = 0x7ff
const FIRST_SURROGATE = 0xd800
const LAST_SURROGATE = 0xdfff

/** UTF-8 text that grows at its end: cheaper than a string that is joined from pieces and encoded later. */
export class LineBytes implements TextSink {
  #room = Buffer.allocUnsafeSlow(FIRST_ROOM_BYTES)
  #view = new DataView(this.#room.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was added so far; borrowed until something is added or cleared. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#room.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  /** What was added so far, in memory that is the caller's from now on. `spare` takes its place. */
  handOver(spare: ArrayBuffer | undefined): Uint8Array<ArrayBuffer> {
    const { bytes } = this
    this.#room = spare === undefined ? Buffer.allocUnsafeSlow(this.#room.length) : Buffer.from(spare)
    this.#view = new DataView(this.#room.buffer)
    this.#length = 0
    return bytes
  }

  text(text: string): void {
    if (text.length > SHORT || !this.#addShort(text, false)) this.#length += this.#reserve(text.length * 3).write(text, this.#length)
  }

  /** The text, where printable() changes nothing in it and it is short. Else false: then nothing was added. */
  printable(text: string): boolean {
    return text.length <= SHORT && this.#addShort(text, true)
  }

  /** False where there are characters for others to encode, or not to be shown as they are: then nothing was added. */
  #addShort(text: string, isShown: boolean): boolean {
    const room = this.#reserve(text.length * 3)
    let at = this.#length
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (isShown && !isPrintable(code)) return false
      if (code <= LAST_ASCII) room[at++] = code
      else if (code <= LAST_OF_TWO) {
        room[at++] = 0xc0 | code >> 6
        room[at++] = 0x80 | code & 0x3f
      } else {
        // An arrow, a dash: in most lines.
        if (code >= FIRST_SURROGATE && code <= LAST_SURROGATE) return false
        room[at++] = 0xe0 | code >> 12
        room[at++] = 0x80 | code >> 6 & 0x3f
        room[at++] = 0x80 | code & 0x3f
      }
    }
    this.#length = at
    return true
  }

  line(text: string): void {
    this.text(text)
    this.text('\n')
  }

  digits(value: number): void {
    let places = 1
    for (let power = 10; power <= value; power *= 10) places++
    this.padded(value, places)
  }

  /** The same with zeros before them, so that there are `places`: a number of no more. */
  padded(value: number, places: number): void {
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

  /** What is written beyond its end is written over by what follows. */
  piece({ words, length }: TextPiece): void {
    this.#reserve(length + WORD)
    const view = this.#view
    const start = this.#length
    for (let i = 0, at = 0; at < length; i++, at += WORD) view.setInt32(start + at, words[i]!, true)
    this.#length = start + length
  }

  member(key: TextPiece, buf: Uint8Array, from: number, to: number): boolean {
    const start = this.#length
    this.#reserve(key.length + (to - from) * LONGEST_ESCAPE + WORD + 2)
    this.piece(key)
    this.#room[this.#length++] = QUOTE
    const at = this.#addAscii(buf, from, to)
    if (at === NOT_ASCII) {
      this.#length = start
      return false
    }
    this.#room[at] = QUOTE
    this.#length = at + 1
    return true
  }

  /** Where there is room: four bytes at once while nothing among them must be escaped. Returns where it ends, or NOT_ASCII. */
  #addAscii(buf: Uint8Array, from: number, to: number): number {
    const view = this.#view
    const words = viewOf(buf)
    const { byteOffset } = buf
    let at = this.#length
    let i = from
    while (i < to) {
      for (; i + WORD <= to; i += WORD, at += WORD) {
        const four = words.getInt32(byteOffset + i, true)
        if (!isPlain(four)) break
        view.setInt32(at, four, true)
      }
      for (const end = Math.min(i + WORD, to); i < end; i++) {
        const code = buf[i]!
        if (code === 0 || code > LAST_ASCII) return NOT_ASCII
        if (code < FIRST_PRINTABLE || code === QUOTE || code === BACKSLASH || code === LAST_ASCII) at = this.#addEscape(code, at)
        else this.#room[at++] = code
      }
    }
    return at
  }

  /** As base/json-text.ts has it. */
  #addEscape(code: number, at: number): number {
    const text = jsonText(String.fromCharCode(code))
    for (let i = 1; i < text.length - 1; i++) this.#room[at + i - 1] = text.charCodeAt(i)
    return at + text.length - 2
  }

  newline(): void {
    this.#reserve(1)[this.#length++] = NEWLINE
  }

  /** The piece becomes what was added since `length` was `from`. */
  keep(piece: Piece, from: number): void {
    this.#reserve(WORD)
    piece.take(this.#view, from, this.#length - from)
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

/** Are four bytes ASCII that JSON takes as it is? A borrow may say no where it is yes, behind a byte for which it is no. */
function isPlain(four: number): boolean {
  const quote = four ^ QUOTES
  const backslash = four ^ BACKSLASHES
  const del = four ^ DELS
  const found = four | (four - FOUR_SPACES) | (quote - ONES & ~quote) | (backslash - ONES & ~backslash) | (del - ONES & ~del)
  return (found & HIGH_BITS) === 0
}
