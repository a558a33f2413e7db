import { isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import type { JsonValue } from './json-value.ts'
import { MAX_DEPTH, MAX_GUESSED_PACKED, MAX_PLAUSIBLE_FIELD, MAX_VALUES } from './limits.ts'
import { base64, redactedNumber, utf8 } from './text.ts'
import { END_GROUP, FIXED32, FIXED64, LENGTH_DELIMITED, START_GROUP, VARINT, WireReader, doubleOf, floatOf } from './wire-reader.ts'

/** A field read without a schema: its number is a fact, its type a guess from the wire type and the bytes. */
export interface GuessedField {
  readonly field: number
  readonly kind: 'varint' | 'fixed64' | 'fixed32' | 'string' | 'message' | 'group' | 'bytes'
  /** Of numbers without sign, of a string its text, of bytes their base64. */
  readonly value?: JsonValue
  /** Of fixed32 and fixed64: what the same bits are as a number with a fraction. */
  readonly asFloat?: JsonValue
  /** Of a message or a group. */
  readonly fields?: readonly GuessedField[]
  /** Of bytes: the numbers that they are if the field is a packed list of varints. */
  readonly asVarints?: readonly (number | string)[]
}

export interface Guess {
  readonly fields: readonly GuessedField[]
  /** A limit was reached; the rest is left out. */
  readonly isLimited: boolean
}

/**
 * Reads a message without its schema. Undefined where the bytes are no protobuf message from the first to the last.
 * `isCut`: only the first part of it is here, so its end may be within a field, which is left out.
 */
export function guessMessage(bytes: Uint8Array, redactor: Redactor, isCut = false): Guess | undefined {
  if (!isCut && !isMessage(bytes, 0, bytes.length)) return undefined
  const guessing = new Guessing(bytes, redactor)
  const fields = guessing.fields(0, bytes.length, 0)
  return isCut && fields.length === 0 ? undefined : { fields, isLimited: guessing.isLimited }
}

/** One such field, the reader standing behind its tag. Undefined where it breaks off. */
export function guessField(reader: WireReader, redactor: Redactor): GuessedField | undefined {
  return new Guessing(reader.buf, redactor).value(reader, 0)
}

function isMessage(buf: Uint8Array, from: number, to: number): boolean {
  const reader = new WireReader(buf, from, to)
  while (reader.at < to) if (!reader.tag() || reader.field > MAX_PLAUSIBLE_FIELD || reader.wireType === END_GROUP || !reader.skip()) return false
  return true
}

class Guessing {
  readonly #buf: Uint8Array
  readonly #redactor: Redactor
  #left = MAX_VALUES
  isLimited = false

  constructor(buf: Uint8Array, redactor: Redactor) {
    this.#buf = buf
    this.#redactor = redactor
  }

  fields(from: number, to: number, depth: number): GuessedField[] {
    const reader = new WireReader(this.#buf, from, to)
    const fields: GuessedField[] = []
    while (reader.at < to && reader.tag()) {
      if (reader.wireType === END_GROUP) break
      if (this.#left-- <= 0) {
        this.isLimited = true
        break
      }
      const field = this.value(reader, depth)
      if (field === undefined) break
      fields.push(field)
    }
    return fields
  }

  value(reader: WireReader, depth: number): GuessedField | undefined {
    const { field, wireType } = reader
    switch (wireType) {
      case VARINT: return reader.varint() ? { field, kind: 'varint', value: this.#number(reader.unsigned()) } : undefined
      case FIXED32: return reader.fixed32() ? { field, kind: 'fixed32', value: this.#number(reader.low), ...this.#asFloat(floatOf(reader.low)) } : undefined
      case FIXED64: return reader.fixed64() ? { field, kind: 'fixed64', value: this.#number(reader.unsigned()), ...this.#asFloat(doubleOf(reader.low, reader.high)) } : undefined
      case LENGTH_DELIMITED: return this.#delimited(reader, field, depth)
      case START_GROUP: return this.#group(reader, field, depth)
      default: return undefined
    }
  }

  #number(value: number | string): JsonValue {
    return redactedNumber(value, this.#redactor)
  }

  /** JSON has no way to say the others. */
  #asFloat(value: number): { asFloat?: JsonValue } {
    return Number.isFinite(value) ? { asFloat: this.#number(value) } : {}
  }

  #group(reader: WireReader, field: number, depth: number): GuessedField | undefined {
    const from = reader.at
    if (!reader.skipGroup(field)) return undefined
    if (depth < MAX_DEPTH) return { field, kind: 'group', fields: this.fields(from, reader.at, depth + 1) }
    return { field, kind: 'bytes', value: base64(this.#buf, from, reader.at, this.#redactor) }
  }

  #delimited(reader: WireReader, field: number, depth: number): GuessedField | undefined {
    const length = reader.length()
    const from = reader.at
    if (length < 0 || length > reader.end - from) return undefined
    const to = reader.at = from + length
    const buf = this.#buf
    const kinds = kindsIn(buf, from, to)
    const isText = (kinds & CONTROLS) === 0 && ((kinds & HIGH) === 0 || isUtf8(buf.subarray(from, to)))
    // Printable text is nearly never a message, whose tags and lengths are mostly control characters.
    if (isText && (kinds & BREAKS) === 0) return this.#text(field, from, to)
    if (depth < MAX_DEPTH && isMessage(buf, from, to)) return { field, kind: 'message', fields: this.fields(from, to, depth + 1) }
    if (isText) return this.#text(field, from, to)
    return { field, kind: 'bytes', value: base64(buf, from, to, this.#redactor), ...this.#redactor.changesTexts ? {} : asVarints(buf, from, to) }
  }

  #text(field: number, from: number, to: number): GuessedField {
    return { field, kind: 'string', value: this.#redactor.text(utf8(this.#buf, from, to)) }
  }
}

/** Tabs and ends of lines. */
const BREAKS = 1
/** Other control characters. */
const CONTROLS = 2
/** Bytes beyond ASCII. */
const HIGH = 4

function kindsIn(buf: Uint8Array, from: number, to: number): number {
  let kinds = 0
  for (let i = from; i < to; i++) {
    const byte = buf[i]!
    if (byte > 0x7f) kinds |= HIGH
    else if (byte < 0x20 || byte === 0x7f) {
      if (byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return CONTROLS
      kinds |= BREAKS
    }
  }
  return kinds
}

function asVarints(buf: Uint8Array, from: number, to: number): { asVarints?: (number | string)[] } {
  if (to - from < 2) return {}
  const reader = new WireReader(buf, from, to)
  const numbers: (number | string)[] = []
  while (reader.at < to) {
    const start = reader.at
    if (numbers.length === MAX_GUESSED_PACKED || !reader.varint()) return {}
    // No encoder writes more bytes than needed, and most numbers are small: else it is likelier a digest.
    if (reader.high !== 0 || (reader.at - start > 1 && buf[reader.at - 1] === 0)) return {}
    numbers.push(reader.low)
  }
  return { asVarints: numbers }
}
