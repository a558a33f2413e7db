import type { Micros } from '../../model/time.ts'
import { CR, LF, latin1 } from '../http/bytes.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { MAX_LINE_BYTES, MAX_VALUE_BYTES } from './limits.ts'
import { Line } from './line.ts'
import { AFTER_LOSS, BROKEN, END_WITHIN, LOST_WITHIN } from './notes.ts'

const IN_LINE = 0
const IN_VALUE = 1
/** CR LF behind a value. */
const IN_TAIL = 2
/** In the middle of anything: a line that is certain is searched for. */
const SEEKING = 3
const OFF = 4

const BAD_TAIL = 'a value that does not end where it should'
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f]/

/** The connection that a reader works for. */
export interface LineOwner {
  lineRead(isClient: boolean, line: Line): void
  /** Not memcached from the very start: true where the connection is given up. */
  refuses(): boolean
  malformed(isClient: boolean, what: string, offset: number): void
  /** Lines may have been missed. */
  placeLost(isClient: boolean): void
}

export interface Grammar {
  /** Bytes of the value behind a line, -1 for none. */
  valueBytes(text: string): number
  /** A line that is believed in the middle of anything. */
  isCertain(text: string): boolean
}

/** Cuts the bytes of one side into lines with their values. */
export class LineReader {
  readonly #owner: LineOwner
  readonly #isClient: boolean
  readonly #grammar: Grammar
  /** Bytes of values that may still be kept; the owner gives new room. */
  roomBytes = 0
  #phase = IN_LINE
  #kept: KeptBytes | undefined
  #line: Line | undefined
  /** Of the value and of its end. */
  #leftBytes = 0
  #atMicros: Micros = 0
  #nextBits = 0
  /** Where a value should have ended. */
  #badOffset = 0
  /** Stream offset of the chunk. */
  #offset = 0

  constructor(owner: LineOwner, isClient: boolean, grammar: Grammar) {
    this.#owner = owner
    this.#isClient = isClient
    this.#grammar = grammar
  }

  get heldBytes(): number {
    return (this.#kept?.length ?? 0) + (this.#line?.text.length ?? 0)
  }

  joinLate(): void {
    this.#phase = SEEKING
  }

  stop(): void {
    this.#phase = OFF
    this.#line = this.#kept = undefined
  }

  feed(chunk: Uint8Array, at: Micros): void {
    let i = 0
    while (i < chunk.length && this.#phase !== OFF) {
      if (this.#phase === IN_LINE) i = this.#readLine(chunk, i, at)
      else if (this.#phase === SEEKING) i = this.#seek(chunk, i)
      else if (this.#phase === IN_VALUE) i = this.#readValue(chunk, i)
      else i = this.#readTail(chunk, i)
    }
    this.#offset += chunk.length
  }

  #readLine(buf: Uint8Array, i: number, at: Micros): number {
    const end = buf.indexOf(LF, i)
    const kept = this.#kept
    if (kept === undefined) {
      this.#atMicros = at
      if (end >= 0) return this.#begun(latin1(buf, i, end > i && buf[end - 1] === CR ? end - 1 : end), buf, i, end + 1)
    }
    const piece = this.#kept ??= new KeptBytes(MAX_LINE_BYTES)
    piece.add(buf, i, end < 0 ? buf.length : end)
    if (piece.length >= MAX_LINE_BYTES) return this.#broken('a line that is too long', i)
    if (end < 0) return buf.length
    this.#kept = undefined
    return this.#begun(textOf(piece).replace(/\r$/, ''), buf, i, end + 1)
  }

  /** A line is whole; `next` is what follows it. */
  #begun(text: string, buf: Uint8Array, i: number, next: number): number {
    if (CONTROL.test(text)) return this.#brokenLine('a control character in a line', i, next)
    const valueBytes = this.#grammar.valueBytes(text)
    if (valueBytes > MAX_VALUE_BYTES) return this.#brokenLine('a value that is too long', i, next)
    const line = new Line(this.#atMicros, text, valueBytes, this.#nextBits)
    this.#nextBits = 0
    if (valueBytes < 0) {
      this.#owner.lineRead(this.#isClient, line)
      return next
    }
    const end = next + valueBytes
    if (end + 2 <= buf.length) return this.#whole(line, buf, next, end)
    this.#line = line
    this.#leftBytes = valueBytes
    this.#kept = new KeptBytes(Math.min(this.roomBytes, valueBytes))
    this.#phase = IN_VALUE
    if (valueBytes === 0) this.#toTail()
    return next
  }

  /** A value that lies whole in the chunk. */
  #whole(line: Line, buf: Uint8Array, from: number, end: number): number {
    line.value = latin1(buf, from, Math.min(end, from + this.roomBytes))
    if (buf[end] !== CR || buf[end + 1] !== LF) return this.#badTail(line, buf[end] === CR ? end + 1 : end, end + 2)
    this.#owner.lineRead(this.#isClient, line)
    return end + 2
  }

  #readValue(buf: Uint8Array, i: number): number {
    const end = Math.min(buf.length, i + this.#leftBytes)
    if ((this.#line!.bits & LOST_WITHIN) === 0) this.#kept!.add(buf, i, end)
    this.#leftBytes -= end - i
    if (this.#leftBytes === 0) this.#toTail()
    return end
  }

  #toTail(): void {
    this.#phase = IN_TAIL
    this.#leftBytes = 2
  }

  #readTail(buf: Uint8Array, i: number): number {
    const line = this.#line!
    const isBad = buf[i] !== (this.#leftBytes === 2 ? CR : LF)
    if (isBad && (line.bits & BROKEN) === 0) {
      line.bits |= BROKEN
      this.#badOffset = this.#offset + i
    }
    if (--this.#leftBytes > 0) return i + 1
    this.#takeLine()
    if ((line.bits & BROKEN) !== 0) return this.#badTail(line, this.#badOffset - this.#offset, i + 1)
    this.#phase = IN_LINE
    this.#owner.lineRead(this.#isClient, line)
    return i + 1
  }

  /** Whose value is longer than it was said to be. The server reads a line from `next` on, so a client's bytes are read like that. */
  #badTail(line: Line, i: number, next: number): number {
    line.bits |= BROKEN
    this.#phase = IN_LINE
    this.#owner.lineRead(this.#isClient, line)
    if (this.#isClient) this.#owner.malformed(true, BAD_TAIL, this.#offset + i)
    else this.#broken(BAD_TAIL, i)
    return next
  }

  #takeLine(): Line {
    const line = this.#line!
    if (this.#kept !== undefined) line.value = textOf(this.#kept)
    this.#line = this.#kept = undefined
    return line
  }

  #broken(what: string, i: number): number {
    if (this.#owner.refuses()) return i
    this.#owner.malformed(this.#isClient, what, this.#offset + i)
    this.#lose()
    return i
  }

  /** The search goes on behind the line, which might be found again. */
  #brokenLine(what: string, i: number, next: number): number {
    this.#broken(what, i)
    return next
  }

  #lose(): void {
    this.#phase = SEEKING
    this.#line = this.#kept = undefined
    this.#nextBits |= AFTER_LOSS
    this.#owner.placeLost(this.#isClient)
  }

  /** At the start of a chunk, or behind a line end. */
  #seek(buf: Uint8Array, from: number): number {
    for (let i = from; i < buf.length;) {
      const end = buf.indexOf(LF, i)
      if (end < 0) return buf.length
      if ((i === 0 || buf[i - 1] === LF) && end > i && buf[end - 1] === CR && end - i <= MAX_LINE_BYTES && this.#grammar.isCertain(latin1(buf, i, end - 1))) {
        this.#phase = IN_LINE
        return i
      }
      i = end + 1
    }
    return buf.length
  }

  gap(bytes: number): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    if (this.#phase === IN_VALUE && this.#leftBytes >= bytes) {
      this.#line!.bits |= LOST_WITHIN
      this.#leftBytes -= bytes
      if (this.#leftBytes === 0) this.#toTail()
      return
    }
    this.#cut(LOST_WITHIN)
    this.#lose()
  }

  /** Shows what there is of it. */
  #cut(bit: number): void {
    if (this.#phase === IN_LINE && this.#kept !== undefined) this.#line = new Line(this.#atMicros, textOf(this.#kept), -1, this.#nextBits)
    if (this.#line === undefined) return
    if (this.#phase === IN_LINE) this.#kept = undefined
    const line = this.#takeLine()
    line.bits |= bit
    this.#owner.lineRead(this.#isClient, line)
  }

  end(): void {
    if (this.#phase !== OFF) this.#cut(END_WITHIN)
    if ((this.#nextBits & AFTER_LOSS) !== 0 && this.#phase !== OFF) this.#owner.malformed(this.#isClient, 'nothing could be read behind lost bytes', this.#offset)
    this.stop()
  }
}

function textOf(kept: KeptBytes): string {
  return kept.piece ?? kept.bytes().toString('latin1')
}
