import type { Micros } from '../../model/time.ts'
import { CR, HT, LF, latin1 } from '../http/bytes.ts'
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
const LAST_CONTROL = 0x1f
const DEL = 0x7f
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
  /** Stream offset of the chunk, and of buf[0]. */
  #offset = 0
  #base = 0
  /** The chunk is buf[start, to). */
  #start = 0
  #to = 0
  /** In the line that lineEnd() went over. */
  #hasControl = false

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

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#base = this.#offset - from
    this.#start = from
    this.#to = to
    let i = from
    while (i < to && this.#phase !== OFF) {
      if (this.#phase === IN_LINE) i = this.#readLine(buf, i, at)
      else if (this.#phase === SEEKING) i = this.#seek(buf, i)
      else if (this.#phase === IN_VALUE) i = this.#readValue(buf, i)
      else i = this.#readTail(buf, i)
    }
    this.#offset += to - from
  }

  #readLine(buf: Uint8Array, i: number, at: Micros): number {
    const end = this.#lineEnd(buf, i)
    const kept = this.#kept
    if (kept === undefined) {
      this.#atMicros = at
      if (end >= 0) return this.#begun(latin1(buf, i, end > i && buf[end - 1] === CR ? end - 1 : end), this.#hasControl, buf, i, end + 1)
    }
    const piece = this.#kept ??= new KeptBytes(MAX_LINE_BYTES)
    piece.add(buf, i, end < 0 ? this.#to : end)
    if (piece.length >= MAX_LINE_BYTES) return this.#broken('a line that is too long', i)
    if (end < 0) return this.#to
    this.#kept = undefined
    const text = textOf(piece).replace(/\r$/, '')
    return this.#begun(text, CONTROL.test(text), buf, i, end + 1)
  }

  /** Offset of the next LF, -1 where there is none: lines are short, and the call into the runtime costs more than the loop. */
  #lineEnd(buf: Uint8Array, from: number): number {
    const to = this.#to
    let hasControl = false
    for (let i = from; i < to; i++) {
      const byte = buf[i]!
      if (byte > LAST_CONTROL && byte !== DEL) continue
      if (byte === LF) {
        this.#hasControl = hasControl
        return i
      }
      if (byte !== HT && (byte !== CR || i + 1 === to || buf[i + 1] !== LF)) hasControl = true
    }
    return -1
  }

  /** A line is whole; `next` is what follows it. */
  #begun(text: string, hasControl: boolean, buf: Uint8Array, i: number, next: number): number {
    if (hasControl) return this.#brokenLine('a control character in a line', i, next)
    const valueBytes = this.#grammar.valueBytes(text)
    if (valueBytes > MAX_VALUE_BYTES) return this.#brokenLine('a value that is too long', i, next)
    const line = new Line(this.#atMicros, text, valueBytes, this.#nextBits)
    this.#nextBits = 0
    if (valueBytes < 0) {
      this.#owner.lineRead(this.#isClient, line)
      return next
    }
    const end = next + valueBytes
    if (end + 2 <= this.#to) return this.#whole(line, buf, next, end)
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
    const end = Math.min(this.#to, i + this.#leftBytes)
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
      this.#badOffset = this.#base + i
    }
    if (--this.#leftBytes > 0) return i + 1
    this.#takeLine()
    if ((line.bits & BROKEN) !== 0) return this.#badTail(line, this.#badOffset - this.#base, i + 1)
    this.#phase = IN_LINE
    this.#owner.lineRead(this.#isClient, line)
    return i + 1
  }

  /** Whose value is longer than it was said to be. The server reads a line from `next` on, so a client's bytes are read like that. */
  #badTail(line: Line, i: number, next: number): number {
    line.bits |= BROKEN
    this.#phase = IN_LINE
    this.#owner.lineRead(this.#isClient, line)
    if (this.#isClient) this.#owner.malformed(true, BAD_TAIL, this.#base + i)
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
    this.#owner.malformed(this.#isClient, what, this.#base + i)
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
    for (let i = from; i < this.#to;) {
      const end = this.#lineEnd(buf, i)
      if (end < 0) return this.#to
      if ((i === this.#start || buf[i - 1] === LF) && end > i && buf[end - 1] === CR && end - i <= MAX_LINE_BYTES && this.#grammar.isCertain(latin1(buf, i, end - 1))) {
        this.#phase = IN_LINE
        return i
      }
      i = end + 1
    }
    return this.#to
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
