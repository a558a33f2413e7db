import type { Redactor } from '../redaction.ts'
import { NO_REDACTION, REDACTED, redactorOf } from '../redaction.ts'
import { decodeAny } from './any.ts'
import type { GuessedField } from './guess.ts'
import { guessField } from './guess.ts'
import type { JsonObject, JsonValue } from './json-value.ts'
import { own, put } from './json-value.ts'
import { MAX_DEPTH, MAX_UNKNOWN_FIELDS, MAX_VALUES } from './limits.ts'
import { WIRE_TYPES, isPackable, numberValue, readNumber } from './scalar.ts'
import { base64, redactedNumber, utf8 } from './text.ts'
import type { FieldType, MessageType, TypeSource } from './types.ts'
import { TYPE } from './types.ts'
import { END_GROUP, LENGTH_DELIMITED, START_GROUP, WireReader } from './wire-reader.ts'

const ANY = 'google.protobuf.Any'
const PLAIN = redactorOf(NO_REDACTION)

/** A field that the schema of its message does not have, or has with another wire type. */
export interface UnknownField extends GuessedField {
  /** Full name of the message. */
  readonly in: string
}

export interface Decoded {
  readonly value: JsonValue
  readonly unknownFields: readonly UnknownField[]
  /** MAX_VALUES was reached; the rest is left out. */
  readonly isLimited: boolean
}

/**
 * A message as JSON, by the mapping of proto3 (https://protobuf.dev/programming-guides/json/); fields that were not sent are left out.
 * Undefined where the bytes are no message of that type. `isCut`: only the first part is here, and what is whole of it is shown.
 */
export function decodeMessage(bytes: Uint8Array, type: MessageType, types: TypeSource, redactor: Redactor, isCut = false): Decoded | undefined {
  const decoding = new Decoding(bytes, types, redactor, isCut, MAX_VALUES)
  const value = decoding.message(0, bytes.length, type)
  return decoding.isBroken ? undefined : { value, unknownFields: decoding.unknownFields, isLimited: decoding.isLimited }
}

/** One message being decoded, those within it included. */
export class Decoding {
  readonly buf: Uint8Array
  readonly types: TypeSource
  readonly redactor: Redactor
  readonly #isCut: boolean
  readonly unknownFields: UnknownField[] = []
  isBroken = false
  isLimited = false
  #left: number
  #depth = 0
  /** The end of a part of a message was reached. */
  #isOver = false
  /** The bytes of an Any are a message: nothing is taken out of them here. */
  #isAny = false

  constructor(buf: Uint8Array, types: TypeSource, redactor: Redactor, isCut: boolean, maxValues: number) {
    this.buf = buf
    this.types = types
    this.redactor = redactor
    this.#isCut = isCut
    this.#left = maxValues
  }

  message(from: number, to: number, type: MessageType): JsonValue {
    return this.formed(this.fieldsOf(new WireReader(this.buf, from, to), type, {}), type)
  }

  /** A message that is sent as bytes within this one and has limits in common with it. Undefined where it is broken. */
  inner(bytes: Uint8Array, type: MessageType): JsonValue | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined
    const decoding = new Decoding(bytes, this.types, this.redactor, this.#isCut, this.#left)
    decoding.#depth = this.#depth + 1
    const value = decoding.message(0, bytes.length, type)
    this.#left = decoding.#left
    this.isLimited ||= decoding.isLimited
    this.unknownFields.push(...decoding.unknownFields.slice(0, MAX_UNKNOWN_FIELDS - this.unknownFields.length))
    return decoding.isBroken ? undefined : value
  }

  formed(fields: JsonObject, type: MessageType): JsonValue {
    if (type.name === 'google.protobuf.Any') return decodeAny(fields, this)
    return type.form === undefined ? fields : type.form(fields)
  }

  /** Adds to `object`, as a message that was sent in several parts is merged. */
  fieldsOf(reader: WireReader, type: MessageType, object: JsonObject): JsonObject {
    const wasAny = this.#isAny
    this.#isAny = type.name === ANY
    this.#depth++
    while (reader.at < reader.end && !this.isBroken && !this.#isOver) {
      if (!reader.tag()) {
        this.#break()
        break
      }
      if (reader.wireType === END_GROUP) break
      if (--this.#left < 0) {
        this.isLimited = true
        break
      }
      const field = type.fields.get(reader.field)
      if (field === undefined || !this.#field(reader, field, object)) this.#unknown(reader, type)
    }
    this.#depth--
    this.#isAny = wasAny
    if (this.redactor.hidesParameters && type.form === undefined && !type.isMapEntry && type.name !== ANY) this.#hide(object)
    return object
  }

  /** What is merged with it later is hidden again. */
  #hide(object: JsonObject): void {
    for (const name of Object.keys(object)) if (this.redactor.hidesParameter(name)) put(object, name, REDACTED)
  }

  /** Within a part of a message nothing can be told from an end that is too early. */
  #break(): void {
    if (this.#isCut) this.#isOver = true
    else this.isBroken = true
  }

  #unknown(reader: WireReader, type: MessageType): void {
    if (type.isPartial || this.unknownFields.length >= MAX_UNKNOWN_FIELDS) {
      if (!reader.skip()) this.#stop(reader)
      return
    }
    const guess = guessField(reader, this.redactor)
    if (guess === undefined) this.#stop(reader)
    else this.unknownFields.push({ in: type.name, ...guess })
  }

  #stop(reader: WireReader): void {
    reader.at = reader.end
    this.#break()
  }

  /** False where the field was written in another way than its type says; the reader still stands behind the tag. */
  #field(reader: WireReader, field: FieldType, object: JsonObject): boolean {
    const { type } = field
    const expected = WIRE_TYPES[type]
    if (reader.wireType === LENGTH_DELIMITED && expected !== LENGTH_DELIMITED && field.isRepeated && isPackable(type)) return this.#packed(reader, field, object)
    if (reader.wireType !== expected) {
      // Since editions either may be the way in which a message is written.
      if ((type !== TYPE.message && type !== TYPE.group) || (reader.wireType !== START_GROUP && reader.wireType !== LENGTH_DELIMITED)) return false
    }
    if (isPackable(type)) {
      if (readNumber(reader, type)) this.#set(object, field, this.#number(reader, field))
      else this.#stop(reader)
    } else if (reader.wireType === START_GROUP) this.#group(reader, field, object)
    else this.#delimited(reader, field, object)
    return true
  }

  #number(reader: WireReader, field: FieldType): JsonValue {
    const value = numberValue(reader, field.type)
    if (field.type === TYPE.enum) return this.types.enum(field.typeName)?.get(value as number) ?? value
    return redactedNumber(value, this.redactor)
  }

  #set(object: JsonObject, field: FieldType, value: JsonValue): void {
    if (field.isRepeated) {
      const list = own(object, field.key)
      if (Array.isArray(list)) list.push(value)
      else put(object, field.key, [value])
      return
    }
    for (const rival of field.rivals) if (rival !== field.key) delete object[rival]
    put(object, field.key, value)
  }

  /** The end of a length-delimited value, which the reader is moved to; -1 where it lies outside. */
  #endOf(reader: WireReader): number {
    const length = reader.length()
    const left = reader.end - reader.at
    if (length < 0 || (length > left && !this.#isCut)) {
      this.#stop(reader)
      return -1
    }
    if (length > left) this.#isOver = true
    return reader.at + Math.min(length, left)
  }

  #packed(reader: WireReader, field: FieldType, object: JsonObject): boolean {
    const to = this.#endOf(reader)
    if (to < 0) return true
    const { end } = reader
    const before = own(object, field.key)
    const list = Array.isArray(before) ? before : []
    if (list !== before) put(object, field.key, list)
    reader.end = to
    while (reader.at < to) {
      if (!readNumber(reader, field.type)) {
        this.#break()
        break
      }
      if (--this.#left < 0) {
        this.isLimited = true
        break
      }
      list.push(this.#number(reader, field))
    }
    reader.at = to
    reader.end = end
    return true
  }

  #delimited(reader: WireReader, field: FieldType, object: JsonObject): void {
    const to = this.#endOf(reader)
    if (to < 0) return
    const from = reader.at
    if (field.type === TYPE.string) this.#set(object, field, this.redactor.text(utf8(this.buf, from, to)))
    else if (field.type === TYPE.bytes) this.#set(object, field, base64(this.buf, from, to, this.#isAny ? PLAIN : this.redactor))
    else {
      const isLast = this.#isOver
      // What is here of the last message is still read.
      this.#isOver = false
      this.#within(reader, to, field, object)
      this.#isOver ||= isLast
    }
    reader.at = to
  }

  #group(reader: WireReader, field: FieldType, object: JsonObject): void {
    const from = reader.at
    if (!reader.skipGroup(field.number)) return this.#stop(reader)
    const to = reader.at
    reader.at = from
    this.#within(reader, to, field, object)
    reader.at = to
  }

  /** Reads a message that ends at `to` with the same reader. */
  #within(reader: WireReader, to: number, field: FieldType, object: JsonObject): void {
    const { end } = reader
    reader.end = to
    this.#message(reader, field, object)
    reader.end = end
  }

  #message(reader: WireReader, field: FieldType, object: JsonObject): void {
    const type = this.types.message(field.typeName)
    if (type === undefined || this.#depth >= MAX_DEPTH) this.#set(object, field, base64(this.buf, reader.at, reader.end, this.redactor))
    else if (type.isMapEntry) this.#entry(reader, type, field.key, object)
    else {
      const before = own(object, field.key)
      const isMore = !field.isRepeated && type.form === undefined && isObject(before)
      this.#set(object, field, this.formed(this.fieldsOf(reader, type, isMore ? before : {}), type))
    }
  }

  #entry(reader: WireReader, type: MessageType, key: string, object: JsonObject): void {
    const { key: name, value } = this.fieldsOf(reader, type, {})
    const before = own(object, key)
    const map = isObject(before) ? before : {}
    if (before !== map) put(object, key, map)
    const named = name ?? defaultOf(type.fields.get(1), this)
    // A captured schema may say anything.
    const text = typeof named === 'object' ? '' : String(named)
    put(map, text, this.redactor.hidesParameter(text) ? REDACTED : value ?? defaultOf(type.fields.get(2), this))
  }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Of a key or value that a map entry leaves out. */
function defaultOf(field: FieldType | undefined, decoding: Decoding): JsonValue {
  switch (field?.type) {
    case undefined: return null
    case TYPE.string: case TYPE.bytes: return ''
    case TYPE.bool: return false
    case TYPE.enum: return decoding.types.enum(field.typeName)?.get(0) ?? 0
    case TYPE.int64: case TYPE.uint64: case TYPE.fixed64: case TYPE.sfixed64: case TYPE.sint64: return '0'
    case TYPE.message: {
      const type = decoding.types.message(field.typeName)
      return type === undefined ? {} : decoding.formed({}, type)
    }
    default: return 0
  }
}
