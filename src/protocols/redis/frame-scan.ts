import { MAX_DEPTH, MAX_DIGITS, MAX_INLINE_BYTES, MAX_LENGTH } from './limits.ts'
import {
  AGGREGATE, ATTRIBUTE, BLOB, BULK_STRING, CHUNK, CR, LF, LINE, MINUS, NO_TYPE, PAIRS, QUESTION, SCALAR, SCALAR_BYTES, STREAM_END, formOf, isDigit,
} from './resp.ts'

// What comes next.
const TYPE = 0
const TEXT = 1
const TEXT_LF = 2
const NUMBER = 3
const NUMBER_LF = 4
const PAYLOAD = 5
const INLINE = 6
const STREAM_END_CR = 7
const STREAM_END_LF = 8
const DONE = 9
const BAD = 10

/** A length of `?`: the end is marked by what comes (RESP3, streamed types). */
const STREAMED = -2
const CRLF_BYTES = 2
/** Kinds of level. */
const COUNTED = 0
const OPEN = 1
const OPEN_STRING = 2
const ATTRIBUTES = 3

/**
 * Finds where one command or reply ends, in bytes that come in any pieces. Keeps no bytes, only where it is:
 * a stack of how many values each open aggregate still awaits.
 */
export class FrameScan {
  #phase = TYPE
  #type = 0
  #number = 0
  #digits = 0
  #isNegative = false
  /** Of a payload with its CRLF, still to come. */
  #payload = 0
  #inlineBytes = 0
  #depth = 0
  readonly #awaited = new Float64Array(MAX_DEPTH)
  readonly #kinds = new Uint8Array(MAX_DEPTH)
  /** Why it is broken. */
  problem = ''

  /** At the first byte of the next one. `isInline`: it is a line of words instead of an array. */
  begin(isInline: boolean): void {
    this.#phase = isInline ? INLINE : TYPE
    this.#depth = 0
    this.#inlineBytes = 0
    this.problem = ''
  }

  get isDone(): boolean {
    return this.#phase === DONE
  }

  get isBroken(): boolean {
    return this.#phase === BAD
  }

  /** Within the bytes of a string: how many of them, its CRLF included, are still to come. */
  get payloadBytes(): number {
    return this.#phase === PAYLOAD ? this.#payload : 0
  }

  /** Goes on from `from`. Returns the offset behind the last byte that belongs to it; where it is broken, that of the wrong byte. */
  feed(buf: Uint8Array, from: number): number {
    let i = from
    while (i < buf.length && this.#phase < DONE) i = this.#step(buf, i)
    return i
  }

  /** As many bytes of the payload are lost, at most `payloadBytes`. */
  skip(bytes: number): void {
    this.#payload -= bytes
    if (this.#payload === 0) this.#ended()
  }

  #step(buf: Uint8Array, i: number): number {
    switch (this.#phase) {
      case TYPE: return this.#readType(buf, i)
      case TEXT: return this.#readText(buf, i)
      case NUMBER: return this.#readNumber(buf, i)
      case PAYLOAD: return this.#readPayload(buf, i)
      case INLINE: return this.#readInline(buf, i)
      default: return this.#readLineEnd(buf, i)
    }
  }

  #broken(problem: string, at: number): number {
    this.#phase = BAD
    this.problem = problem
    return at
  }

  #readType(buf: Uint8Array, i: number): number {
    const type = buf[i]!
    const kind = this.#depth === 0 ? COUNTED : this.#kinds[this.#depth - 1]!
    if (type === STREAM_END && kind === OPEN) {
      this.#phase = STREAM_END_CR
      return i + 1
    }
    const form = formOf(type)
    if (form === NO_TYPE || (type === CHUNK) !== (kind === OPEN_STRING)) return this.#broken('a byte that is no type', i)
    this.#type = type
    if (form === LINE || form === SCALAR) this.#phase = TEXT
    else this.#startNumber()
    return i + 1
  }

  #startNumber(): void {
    this.#phase = NUMBER
    this.#number = 0
    this.#digits = 0
    this.#isNegative = false
  }

  #readText(buf: Uint8Array, from: number): number {
    const isScalar = formOf(this.#type) === SCALAR
    for (let i = from; i < buf.length; i++) {
      const byte = buf[i]!
      if (byte === CR) {
        this.#phase = TEXT_LF
        return i + 1
      }
      if (byte === LF || (isScalar && SCALAR_BYTES[byte] === 0)) return this.#broken('a byte that cannot be part of its line', i)
    }
    return buf.length
  }

  #readNumber(buf: Uint8Array, from: number): number {
    for (let i = from; i < buf.length; i++) {
      const byte = buf[i]!
      if (isDigit(byte) && this.#digits < MAX_DIGITS && this.#number !== STREAMED) {
        this.#number = this.#number * 10 + byte - 0x30
        this.#digits++
      } else if (byte === CR && this.#digits > 0) {
        this.#phase = NUMBER_LF
        return i + 1
      } else if (byte === MINUS && this.#digits === 0 && !this.#isNegative) this.#isNegative = true
      else if (byte === QUESTION && this.#digits === 0 && !this.#isNegative && this.#type !== CHUNK) {
        this.#number = STREAMED
        this.#digits = 1
      } else return this.#broken('a length that is no number', i)
    }
    return buf.length
  }

  #readLineEnd(buf: Uint8Array, i: number): number {
    const wanted = this.#phase === STREAM_END_CR ? CR : LF
    if (buf[i] !== wanted) return this.#broken('a line that does not end with CR LF', i)
    if (this.#phase === STREAM_END_CR) this.#phase = STREAM_END_LF
    else if (this.#phase === STREAM_END_LF) this.#closeLevel()
    else if (this.#phase === TEXT_LF) this.#ended()
    else this.#startSized()
    return this.#phase === BAD ? i : i + 1
  }

  #startSized(): void {
    const form = formOf(this.#type)
    if (this.#isNegative) {
      // A null of RESP2; attributes, maps and chunks have none.
      if (this.#number !== 1 || form === PAIRS || this.#type === CHUNK) this.#broken('a negative length', 0)
      else this.#ended()
    } else if (this.#number > MAX_LENGTH) this.#broken('a length beyond all measure', 0)
    else if (this.#number === STREAMED) this.#startStreamed(form)
    else if (form === BLOB) this.#startPayload()
    else if (this.#type === ATTRIBUTE) this.#startAttributes()
    else this.#open(form === PAIRS ? this.#number * 2 : this.#number, COUNTED)
  }

  #startPayload(): void {
    if (this.#type === CHUNK && this.#number === 0) {
      this.#closeLevel()
      return
    }
    this.#payload = this.#number + CRLF_BYTES
    this.#phase = PAYLOAD
  }

  /** They stand before a value, and do not count as one. */
  #startAttributes(): void {
    if (this.#number === 0) this.#phase = TYPE
    else this.#open(this.#number * 2, ATTRIBUTES)
  }

  #startStreamed(form: number): void {
    if (form === BLOB && this.#type !== BULK_STRING) this.#broken('a length that is no number', 0)
    else if (this.#type === ATTRIBUTE) this.#broken('attributes without a count', 0)
    else this.#open(1, form === AGGREGATE || form === PAIRS ? OPEN : OPEN_STRING)
  }

  #open(count: number, kind: number): void {
    if (count === 0) {
      this.#ended()
      return
    }
    if (this.#depth === MAX_DEPTH) {
      this.#broken(`aggregates nested deeper than ${MAX_DEPTH}`, 0)
      return
    }
    this.#awaited[this.#depth] = count
    this.#kinds[this.#depth] = kind
    this.#depth++
    this.#phase = TYPE
  }

  #closeLevel(): void {
    this.#depth--
    this.#ended()
  }

  /** A value is over, and with it perhaps those that it is the last part of. */
  #ended(): void {
    this.#phase = TYPE
    while (this.#depth > 0) {
      const top = this.#depth - 1
      const kind = this.#kinds[top]!
      if (kind === OPEN || kind === OPEN_STRING) return
      this.#awaited[top]!--
      if (this.#awaited[top]! > 0) return
      this.#depth = top
      if (kind === ATTRIBUTES) return
    }
    this.#phase = DONE
  }

  #readPayload(buf: Uint8Array, i: number): number {
    const body = Math.min(buf.length - i, Math.max(0, this.#payload - CRLF_BYTES))
    this.#payload -= body
    let at = i + body
    while (at < buf.length && this.#payload > 0) {
      if (buf[at] !== (this.#payload === CRLF_BYTES ? CR : LF)) return this.#broken('a string that does not end where it says', at)
      this.#payload--
      at++
    }
    if (this.#payload === 0) this.#ended()
    return at
  }

  #readInline(buf: Uint8Array, from: number): number {
    for (let i = from; i < buf.length; i++) {
      if (buf[i] === LF) {
        this.#phase = DONE
        return i + 1
      }
      if (buf[i] === 0) return this.#broken('a zero byte in an inline command', i)
      if (++this.#inlineBytes > MAX_INLINE_BYTES) return this.#broken(`an inline command of more than ${MAX_INLINE_BYTES} bytes`, i)
    }
    return buf.length
  }
}
