import type { ByteReader } from './byte-reader.ts'
import { ByteReader as PartReader } from './byte-reader.ts'
import { NO_ERROR, errorName } from './errors.ts'
import type { RecordSpan } from './kept-frame.ts'
import type { Field, Struct } from './schema.ts'
import { ERROR, FIXED_BYTES, RECORDS, STR, STRUCT } from './schema.ts'

/** What a walk needs and finds. */
export interface Walk {
  readonly spans: readonly RecordSpan[]
  /** The next of the spans. */
  span: number
  /** The first that is not NONE. */
  error: string
}

const known = new WeakMap<Struct, boolean>()

/** Some part of it may say which id belongs to which topic. */
export function namesTopics(struct: Struct): boolean {
  let names = known.get(struct)
  if (names === undefined) known.set(struct, names = hasTopicNames(struct))
  return names
}

function hasTopicNames({ fields, tagged }: Struct): boolean {
  const all = [...fields, ...tagged.values()]
  const names = new Set(all.map((field) => field.name))
  return (names.has('topicId') && names.has('topic')) || all.some(({ struct }) => struct !== undefined && hasTopicNames(struct))
}

/** Goes over the fields as `readStruct` does, ends where it ends, and finds the errors that it finds, but makes no values. */
export function walkStruct(reader: ByteReader, struct: Struct, walk: Walk): void {
  const { fields, isFlexible } = struct
  for (let i = 0; i < fields.length; i++) {
    walkField(reader, fields[i]!, isFlexible, walk)
    if (!reader.ok) return
  }
  if (isFlexible) walkTagged(reader, struct, walk)
}

function walkTagged(reader: ByteReader, struct: Struct, walk: Walk): void {
  for (let left = reader.uvarint(); left > 0 && reader.ok; left--) {
    const tag = reader.uvarint()
    const size = reader.uvarint()
    const from = reader.skip(size)
    const field = struct.tagged.get(tag)
    if (reader.ok && field !== undefined) walkField(new PartReader(reader.bytes, from, from + size), field, true, walk)
  }
}

/** One field, as walkStruct does it. */
export function walkField(reader: ByteReader, field: Field, isFlexible: boolean, walk: Walk): void {
  if (field.isArray) walkArray(reader, field, isFlexible, walk)
  else if (field.kind === RECORDS) walkRecords(reader, isFlexible, walk)
  else if (field.kind > STR && field.kind < STRUCT) reader.skip(Math.max(0, reader.length(isFlexible, false)))
  else walkValue(reader, field, isFlexible, walk)
}

function walkArray(reader: ByteReader, field: Field, isFlexible: boolean, walk: Walk): void {
  for (let left = reader.length(isFlexible, false); left > 0 && reader.ok; left--) {
    if (reader.left === 0) reader.fail()
    else walkValue(reader, field, isFlexible, walk)
  }
}

function walkValue(reader: ByteReader, { kind, struct, isArray, isNullable }: Field, isFlexible: boolean, walk: Walk): void {
  if (kind === ERROR) {
    const name = errorName(reader.i16())
    if (walk.error === NO_ERROR) walk.error = name
  } else if (kind < STR) reader.skip(FIXED_BYTES[kind]!)
  else if (kind === STR) reader.skip(Math.max(0, reader.length(isFlexible, true)))
  else if (!isNullable || isArray || reader.i8() >= 0) walkStruct(reader, struct!, walk)
}

function walkRecords(reader: ByteReader, isFlexible: boolean, walk: Walk): void {
  const size = reader.length(isFlexible, false)
  if (size <= 0) return
  const next = walk.spans[walk.span]
  const span = next?.at === reader.at && next.sizeBytes === size ? next : undefined
  if (span !== undefined) walk.span++
  const kept = span?.keptBytes ?? Math.min(size, reader.left)
  reader.skip(kept)
  if (span === undefined && kept < size) reader.fail()
}
