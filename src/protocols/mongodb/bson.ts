import type { Buffer } from 'node:buffer'
import { utf8 } from '../http/bytes.ts'
import { REDACTED } from '../redaction.ts'
import type { Redactor } from '../redaction.ts'
import { decimalText } from './decimal128.ts'
import { MAX_DEPTH, MAX_VALUES } from './limits.ts'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

// Types of elements (https://bsonspec.org/spec.html).
export const STRING = 0x02
export const DOCUMENT = 0x03
export const ARRAY = 0x04
const LAST_TYPE = 0x13
const MIN_KEY = 0xff
const MAX_KEY = 0x7f
/** Length and the zero at the end. */
export const MIN_DOCUMENT_BYTES = 5
const UUID = 4
const MAX_ISO_MILLIS = 253_402_300_799_999

/** By type: how long a value is; -1 where it says so itself. */
const SIZES: Readonly<Record<number, number>> = {
  0x01: 8, 0x06: 0, 0x07: 12, 0x08: 1, 0x09: 8, 0x0a: 0, 0x10: 4, 0x11: 8, 0x12: 8, 0x13: 16, [MIN_KEY]: 0, [MAX_KEY]: 0,
}

export function isType(type: number): boolean {
  return (type > 0 && type <= LAST_TYPE) || type === MIN_KEY || type === MAX_KEY
}

/** One after the other, the elements of documents as far as they are here. Bytes that break BSON end it. */
export class BsonReader {
  readonly #buf: Buffer
  readonly #redactor: Redactor | undefined
  /** Of the element that `next` found: its type, and where its value stands. */
  type = 0
  at = 0
  #nameAt = 0
  isCut = false
  isBad = false
  isTooMuch = false
  #values = 0

  /** Without a redactor texts are as they are. */
  constructor(buf: Buffer, redactor?: Redactor) {
    this.#buf = buf
    this.#redactor = redactor
  }

  /** Length of the document at `at`; 0 where it is not here or is none. */
  documentBytes(at: number): number {
    if (at + 4 > this.#buf.length) {
      this.isCut = true
      return 0
    }
    const bytes = this.#buf.readInt32LE(at)
    if (bytes >= MIN_DOCUMENT_BYTES) return bytes
    this.isBad = true
    return 0
  }

  /** Reads the head of the element at `at`, before `end`. False at the end of its document, or of what is here. */
  next(at: number, end: number): boolean {
    const buf = this.#buf
    const limit = Math.min(end, buf.length)
    if (at >= limit) {
      if (limit < end) this.isCut = true
      return false
    }
    const type = buf[at]!
    if (type === 0) return false
    let zero = at + 1
    while (zero < limit && buf[zero] !== 0) zero++
    if (zero >= limit) {
      if (limit < end) this.isCut = true
      else this.isBad = true
      return false
    }
    if (!isType(type)) {
      this.isBad = true
      return false
    }
    this.type = type
    this.#nameAt = at + 1
    this.at = zero + 1
    return true
  }

  /** Of the element that `next` found. Where only one name is looked for, `isNamed` costs less. */
  get name(): string {
    return utf8(this.#buf, this.#nameAt, this.at - 1)
  }

  /** `name` is ASCII. */
  isNamed(name: string): boolean {
    const from = this.#nameAt
    if (this.at - 1 - from !== name.length) return false
    for (let i = 0; i < name.length; i++) if (this.#buf[from + i] !== name.charCodeAt(i)) return false
    return true
  }

  /** Offset behind the value of this element; -1 where it is broken or not here. */
  endOfValue(end: number): number {
    const bytes = this.#valueBytes()
    const after = this.at + bytes
    if (bytes < 0 || after > end) {
      if (bytes >= 0) this.isBad = true
      return -1
    }
    if (after > this.#buf.length) this.isCut = true
    return after
  }

  #valueBytes(): number {
    const fixed = SIZES[this.type]
    if (fixed !== undefined) return fixed
    if (this.type === 0x0b) return this.#regexBytes()
    if (this.at + 4 > this.#buf.length) {
      this.isCut = true
      return -1
    }
    const length = this.#buf.readInt32LE(this.at)
    const bytes = this.type === DOCUMENT || this.type === ARRAY || this.type === 0x0f ? length : this.type === 0x05 ? length + 5
      : this.type === 0x0c ? length + 16 : length + 4
    if (length < 0 || bytes < MIN_DOCUMENT_BYTES) {
      this.isBad = true
      return -1
    }
    return bytes
  }

  /** Two texts that end in zero. */
  #regexBytes(): number {
    const first = this.#buf.indexOf(0, this.at)
    const second = first < 0 ? -1 : this.#buf.indexOf(0, first + 1)
    if (second >= 0) return second + 1 - this.at
    this.isCut = true
    return -1
  }

  /** The document at `at` in relaxed Extended JSON (v2), as far as it is here. */
  document(at: number, depth = 0): Json {
    const bytes = this.documentBytes(at)
    const members = Object.create(null) as Record<string, Json>
    this.#members(at, bytes, depth, (name, value) => { members[name] = value })
    return members
  }

  #array(at: number, depth: number): Json {
    const list: Json[] = []
    this.#members(at, this.documentBytes(at), depth, (_, value) => { list.push(value) })
    return list
  }

  #members(from: number, bytes: number, depth: number, add: (name: string, value: Json) => void): void {
    if (depth > MAX_DEPTH) this.isTooMuch = true
    const end = from + bytes
    for (let at = from + 4; !this.isTooMuch && this.next(at, end);) {
      const { name } = this
      const after = this.endOfValue(end)
      if (after < 0) return
      this.isTooMuch ||= ++this.#values > MAX_VALUES
      const value = this.value(depth)
      if (value === undefined) return
      add(name, this.#redactor?.hidesParameter(name) === true ? REDACTED : value)
      at = after
    }
  }

  /** The value of this element; undefined where it is cut. Reads on within documents, so `name` and `at` change. */
  value(depth: number): Json | undefined {
    const { type, at } = this
    if (type === DOCUMENT) return this.document(at, depth + 1)
    if (type === ARRAY) return this.#array(at, depth + 1)
    const bytes = this.#valueBytes()
    if (bytes < 0) return undefined
    if (at + bytes > this.#buf.length) {
      this.isCut = true
      return type === STRING ? this.#cutText(at) : undefined
    }
    return type <= 0x0a ? this.#common(type, at) : this.#seldom(type, at, depth)
  }

  #text(text: string): string {
    return this.#redactor === undefined ? text : this.#redactor.text(text)
  }

  #string(at: number): string {
    return this.#text(utf8(this.#buf, at + 4, Math.max(at + 4, at + 3 + this.#buf.readInt32LE(at))))
  }

  #cutText(at: number): Json | undefined {
    const bytes = this.#buf.readInt32LE(at) - 1
    return { text: this.#text(this.#buf.toString('utf8', at + 4, this.#buf.length)), bytes, truncated: true }
  }

  #common(type: number, at: number): Json {
    const buf = this.#buf
    switch (type) {
      case 0x01: return doubleValue(buf.readDoubleLE(at))
      case 0x02: return this.#string(at)
      case 0x05: return binaryValue(buf, at)
      case 0x06: return { $undefined: true }
      case 0x07: return { $oid: buf.toString('hex', at, at + 12) }
      case 0x08: return buf[at] !== 0
      case 0x09: return dateValue(buf.readBigInt64LE(at))
      default: return null
    }
  }

  #seldom(type: number, at: number, depth: number): Json {
    const buf = this.#buf
    switch (type) {
      case 0x0b: return this.#regex(at)
      case 0x0c: return { $dbPointer: { $ref: this.#string(at), $id: { $oid: buf.toString('hex', at + 4 + buf.readInt32LE(at), at + 16 + buf.readInt32LE(at)) } } }
      case 0x0d: return { $code: this.#string(at) }
      case 0x0e: return { $symbol: this.#string(at) }
      case 0x0f: return this.#scopedCode(at, depth)
      case 0x10: return buf.readInt32LE(at)
      case 0x11: return { $timestamp: { t: buf.readUInt32LE(at + 4), i: buf.readUInt32LE(at) } }
      case 0x12: return longValue(buf.readBigInt64LE(at))
      case 0x13: return { $numberDecimal: decimalText(buf, at) }
      case MIN_KEY: return { $minKey: 1 }
      default: return { $maxKey: 1 }
    }
  }

  #regex(at: number): Json {
    const middle = this.#buf.indexOf(0, at)
    const end = this.#buf.indexOf(0, middle + 1)
    return { $regularExpression: { pattern: this.#text(this.#buf.toString('utf8', at, middle)), options: this.#buf.toString('utf8', middle + 1, end) } }
  }

  #scopedCode(at: number, depth: number): Json {
    const bytes = this.#buf.readInt32LE(at)
    const code = at + 8 <= this.#buf.length ? this.#buf.readInt32LE(at + 4) : -1
    if (code < 1 || bytes < 8 + code + MIN_DOCUMENT_BYTES || this.documentBytes(at + 8 + code) > bytes - 8 - code) {
      this.isBad = true
      return null
    }
    return { $code: this.#string(at + 4), $scope: this.document(at + 8 + code, depth + 1) }
  }
}

function doubleValue(value: number): Json {
  if (Number.isFinite(value)) return value
  return { $numberDouble: Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity' }
}

/** A number where it is exact, else its digits. */
export function longValue(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value.toString()
}

function dateValue(millis: bigint): Json {
  const number = Number(millis)
  if (number < 0 || number > MAX_ISO_MILLIS) return { $date: { $numberLong: millis.toString() } }
  return { $date: new Date(number).toISOString() }
}

function binaryValue(buf: Buffer, at: number): Json {
  const bytes = buf.readInt32LE(at)
  const subType = buf[at + 4]!
  const from = at + 5
  if (subType === UUID && bytes === 16) {
    const hex = buf.toString('hex', from, from + 16)
    return { $uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` }
  }
  return { $binary: { base64: buf.toString('base64', from, from + bytes), subType: subType.toString(16).padStart(2, '0') } }
}
