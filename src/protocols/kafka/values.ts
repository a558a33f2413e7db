import { Buffer, isUtf8 } from 'node:buffer'
import { utf8 } from '../http/bytes.ts'
import { REDACTED } from '../redaction.ts'
import type { Redactor } from '../redaction.ts'
import { apiName } from './apis.ts'
import { ByteReader } from './byte-reader.ts'
import { NO_ERROR, errorName } from './errors.ts'
import type { RecordSpan } from './kept-frame.ts'
import type { Budget } from './record-batch.ts'
import { recordsView } from './records-view.ts'
import { saslView } from './sasl.ts'
import type { Field, Struct } from './schema.ts'
import {
  ASSIGNMENT, BOOL, ERROR, F64, I16, I32, I64, I8, RECORDS, SECRET, STR, STRUCT, SUBSCRIPTION, U16, U32, UUID, structOf,
} from './schema.ts'
import type { ServerTopics } from './topic-names.ts'
import { walkField } from './walk.ts'

export type Values = Record<string, unknown>

/** What the fields of one request or answer are read with. */
export interface Context {
  readonly names: ServerTopics
  readonly redactor: Redactor
  readonly spans: readonly RecordSpan[]
  /** The next of the spans. */
  span: number
  /** The first that is not NONE. */
  error: string
  readonly budget: Budget
  /** Only what a line shows is wanted. */
  readonly isForLine: boolean
}

const NO_BYTES = Buffer.alloc(0)
const NO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
const HIDDEN_SETTING = /password|secret|jaas|credential|(^|\.)key$/i
const SUBSCRIPTION_FIELDS = 'topics:[str] userData:bytes? ownedPartitions@1+[ topic:str partitions:[i32] ] generationId:i32@2+ rackId:str?@3+'
const ASSIGNMENT_FIELDS = 'assignedPartitions[ topic:str partitions:[i32] ] userData:bytes?'
const MAX_CONSUMER_VERSION = 3

/** Reads the fields into a new object. Where the bytes end too early, it has what was there, and `reader.ok` is false. */
export function readStruct(reader: ByteReader, struct: Struct, context: Context): Values {
  const values: Values = {}
  for (const field of struct.fields) {
    readField(reader, field, struct.isFlexible, values, context)
    if (!reader.ok) return values
  }
  if (struct.isFlexible) readTagged(reader, struct, values, context)
  finish(values, struct, context)
  return values
}

/** What follows from several fields together. */
function finish(values: Values, struct: Struct, { names, redactor }: Context): void {
  const { topicId, topic, apiKey } = values
  if (typeof apiKey === 'number') values['api'] = apiName(apiKey)
  if (typeof topicId === 'string') {
    if (typeof topic === 'string') names.learn(topicId, topic)
    else values['topic'] = names.name(topicId)
  }
  if (struct.isSetting && redactor.credentials && typeof values['value'] === 'string' && HIDDEN_SETTING.test(String(values['name']))) values['value'] = REDACTED
}

function readTagged(reader: ByteReader, struct: Struct, values: Values, context: Context): void {
  for (let left = reader.uvarint(); left > 0 && reader.ok; left--) {
    const tag = reader.uvarint()
    const size = reader.uvarint()
    const from = reader.skip(size)
    const field = struct.tagged.get(tag)
    if (!reader.ok || field === undefined) continue
    readField(new ByteReader(reader.bytes, from, from + size), field, true, values, context)
  }
}

function readField(reader: ByteReader, field: Field, isFlexible: boolean, values: Values, context: Context): void {
  if (context.isForLine && !field.isInLine) walkField(reader, field, isFlexible, context)
  else if (field.isArray) values[field.name] = readArray(reader, field, isFlexible, context)
  else if (field.kind === RECORDS) values[field.name] = readRecords(reader, isFlexible, context)
  else if (field.kind > STR && field.kind < STRUCT) readBytes(reader, field, isFlexible, values, context)
  else values[field.name] = readValue(reader, field, isFlexible, context)
}

function readArray(reader: ByteReader, field: Field, isFlexible: boolean, context: Context): unknown[] | null {
  const count = reader.length(isFlexible, false)
  if (count < 0) return null
  const values: unknown[] = []
  // Each element takes a byte at least, so a hostile count ends with the bytes.
  while (values.length < count && reader.ok) {
    if (reader.left === 0) reader.fail()
    else values.push(readValue(reader, field, isFlexible, context))
  }
  return values
}

function readValue(reader: ByteReader, { kind, struct, isArray, isNullable }: Field, isFlexible: boolean, context: Context): unknown {
  switch (kind) {
    case BOOL: return reader.u8() !== 0
    case I8: return reader.i8()
    case I16: return reader.i16()
    case U16: return reader.u16()
    case I32: return reader.i32()
    case U32: return reader.u32()
    case I64: return reader.i64()
    case F64: return reader.f64()
    case UUID: return readUuid(reader)
    case ERROR: return readError(reader, context)
    case STR: return readString(reader, isFlexible)
    default: return isNullable && !isArray && reader.i8() < 0 ? null : readStruct(reader, struct!, context)
  }
}

function readError(reader: ByteReader, context: Context): string {
  const name = errorName(reader.i16())
  if (context.error === NO_ERROR) context.error = name
  return name
}

/** As Kafka writes them: base64 for URLs. The id of nothing is left out. */
function readUuid(reader: ByteReader): string | undefined {
  const from = reader.skip(16)
  if (!reader.ok) return undefined
  const id = reader.bytes.toString('base64url', from, from + 16)
  return id === NO_UUID ? undefined : id
}

export function readString(reader: ByteReader, isFlexible: boolean): string | null {
  const size = reader.length(isFlexible, true)
  if (size < 0) return null
  const from = reader.skip(size)
  return reader.ok ? utf8(reader.bytes, from, from + size) : ''
}

/** `records` may have been kept only in part; then its length says more than there is. */
function readRecords(reader: ByteReader, isFlexible: boolean, context: Context): object | null | undefined {
  const size = reader.length(isFlexible, false)
  if (size < 0) return null
  if (size === 0) return undefined
  const next = context.spans[context.span]
  const span = next?.at === reader.at && next.sizeBytes === size ? next : undefined
  if (span !== undefined) context.span++
  const kept = span?.keptBytes ?? Math.min(size, reader.left)
  const from = reader.skip(kept)
  if (span === undefined && kept < size) reader.fail()
  return recordsView(kept === 0 ? NO_BYTES : reader.bytes.subarray(from, from + kept), size, span, context.budget)
}

function readBytes(reader: ByteReader, field: Field, isFlexible: boolean, values: Values, context: Context): void {
  const size = reader.length(isFlexible, false)
  const from = size < 0 ? reader.at : reader.skip(size)
  if (!reader.ok) return
  const bytes = reader.bytes.subarray(from, from + Math.max(0, size))
  const { name } = field
  if (size < 0) values[name] = null
  else if (field.kind === SECRET) Object.assign(values, saslView(name, bytes, context.redactor))
  else if (field.kind === SUBSCRIPTION) values[name] = consumerView(bytes, SUBSCRIPTION_FIELDS, context) ?? plain(bytes)
  else if (field.kind === ASSIGNMENT) values[name] = consumerView(bytes, ASSIGNMENT_FIELDS, context) ?? plain(bytes)
  else addBytes(values, name, bytes, context.redactor)
}

/** Text under its name, anything else as `nameBase64`. */
function addBytes(values: Values, name: string, bytes: Buffer, redactor: Redactor): void {
  if (isUtf8(bytes) && !bytes.includes(0)) values[name] = redactor.text(bytes.toString('utf8'))
  else values[`${name}Base64`] = bytes.toString('base64')
}

function plain(bytes: Buffer): object | undefined {
  return bytes.length === 0 ? undefined : { base64: bytes.toString('base64') }
}

/** What consumers say to each other; undefined for what other programs that use groups say. */
function consumerView(bytes: Buffer, notation: string, context: Context): object | undefined {
  const reader = new ByteReader(bytes)
  const version = reader.i16()
  if (!reader.ok || version < 0) return undefined
  const values = readStruct(reader, structOf(notation, Math.min(version, MAX_CONSUMER_VERSION), false), context)
  return reader.ok && (reader.left === 0 || version > MAX_CONSUMER_VERSION) ? { version, ...values } : undefined
}
