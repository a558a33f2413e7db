import type { Buffer } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import { BATCH_HEADER_BYTES, BATCH_PREFIX_BYTES, COMPRESSION, CONTROL } from './batch-counter.ts'
import { ByteReader } from './byte-reader.ts'
import { COMPRESSIONS, decompress } from './compression.ts'
import { MAX_EXPANSION, MAX_RECORD_HEADERS } from './limits.ts'
import { parseMessageSet } from './message-set.ts'
import type { RecordHeader } from './record.ts'
import { RecordView, Texts, addOffset } from './record.ts'

const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10

/** A batch of records, as JSON shows it. */
export interface BatchView {
  baseOffset: number | string
  /** Version of the format: 2; 0 and 1 are the message sets before Kafka 0.11. */
  magic: number
  compression: string
  lastOffset?: number | string
  leaderEpoch?: number
  timestampType?: 'create' | 'log-append'
  transactional?: true
  control?: true
  producerId?: number | string
  producerEpoch?: number
  baseSequence?: number
  /** As the header says; `records` may have fewer. */
  recordCount?: number
  records: RecordView[]
  /** Why the records are not shown. */
  undecoded?: string
  /** Only the first records are here. */
  truncated?: true
}

/** What may still be shown of one request or answer. */
export interface Budget { bytes: number, readonly limitBytes: number, readonly redactor: Redactor }

/** Batches of all formats. Never throws; what is cut off at the end is left out or marked. */
export function parseBatches(bytes: Buffer, isCut: boolean, budget: Budget): BatchView[] {
  const batches: BatchView[] = []
  let at = 0
  while (bytes.length - at >= BATCH_PREFIX_BYTES + 5 && budget.bytes > 0) {
    const magic = bytes[at + 16]!
    const size = BATCH_PREFIX_BYTES + bytes.readInt32BE(at + 8)
    if (magic < 2) return [...batches, ...parseMessageSet(bytes.subarray(at), isCut, budget, 0)]
    if (magic > 2 || size < BATCH_HEADER_BYTES || bytes.length - at < BATCH_HEADER_BYTES) break
    batches.push(parseBatch(bytes.subarray(at, Math.min(bytes.length, at + size)), size, budget))
    at += size
  }
  return batches
}

function parseBatch(bytes: Buffer, size: number, budget: Budget): BatchView {
  const reader = new ByteReader(bytes)
  const baseOffset = reader.i64()
  reader.skip(4)
  const leaderEpoch = reader.i32()
  reader.skip(5)
  const attributes = reader.i16()
  const lastOffsetDelta = reader.i32()
  const baseTimestamp = Number(reader.i64())
  const maxTimestamp = Number(reader.i64())
  const batch: BatchView = { baseOffset, magic: 2, compression: COMPRESSIONS[attributes & COMPRESSION] ?? String(attributes & COMPRESSION), records: [] }
  batch.lastOffset = addOffset(baseOffset, lastOffsetDelta)
  if (leaderEpoch !== -1) batch.leaderEpoch = leaderEpoch
  batch.timestampType = (attributes & LOG_APPEND_TIME) === 0 ? 'create' : 'log-append'
  if ((attributes & TRANSACTIONAL) !== 0) batch.transactional = true
  if ((attributes & CONTROL) !== 0) batch.control = true
  addProducer(batch, reader)
  batch.recordCount = reader.i32()
  const appendTimeMs = (attributes & LOG_APPEND_TIME) === 0 ? undefined : maxTimestamp
  addRecords(batch, bytes.subarray(BATCH_HEADER_BYTES), bytes.length < size, attributes, baseTimestamp, appendTimeMs, budget)
  return batch
}

function addProducer(batch: BatchView, reader: ByteReader): void {
  const producerId = reader.i64()
  const producerEpoch = reader.i16()
  const baseSequence = reader.i32()
  if (producerId === -1) return
  batch.producerId = producerId
  batch.producerEpoch = producerEpoch
  if (baseSequence !== -1) batch.baseSequence = baseSequence
}

function addRecords(
  batch: BatchView, sent: Buffer, isCut: boolean, attributes: number, baseTimestamp: number, appendTimeMs: number | undefined, budget: Budget,
): void {
  const compression = attributes & COMPRESSION
  const bytes = compression === 0 ? sent : decompress(sent, compression, budget.limitBytes * MAX_EXPANSION, isCut)
  if (typeof bytes === 'string') {
    batch.undecoded = bytes
    return
  }
  const texts = new Texts(bytes, budget.redactor)
  const reader = new ByteReader(bytes)
  const count = batch.recordCount!
  while (batch.records.length < count && reader.left > 0 && budget.bytes > 0) {
    const from = reader.at
    const record = parseRecord(reader, texts, batch.baseOffset, baseTimestamp, appendTimeMs)
    if (record === undefined) break
    if (batch.control === true) showControl(record, bytes, from)
    budget.bytes -= reader.at - from
    batch.records.push(record)
  }
  if (batch.records.length < count) batch.truncated = true
}

/** Undefined where it is cut off or broken. */
function parseRecord(
  reader: ByteReader, texts: Texts, baseOffset: number | string, baseTimestamp: number, appendTimeMs: number | undefined,
): RecordView | undefined {
  const size = reader.varint()
  const end = reader.at + size
  if (!reader.ok || size < 0 || end > reader.end) return undefined
  reader.skip(1)
  const timestampDelta = reader.varlong()
  const offset = addOffset(baseOffset, reader.varint())
  const timestampMs = appendTimeMs ?? baseTimestamp + timestampDelta
  const record = new RecordView(offset, timestampMs < 0 ? undefined : timestampMs)
  const keyBytes = reader.varint()
  const keyAt = keyBytes < 0 ? reader.at : reader.skip(keyBytes)
  const valueBytes = reader.varint()
  const valueAt = valueBytes < 0 ? reader.at : reader.skip(valueBytes)
  const headers = reader.varint()
  if (!reader.ok || reader.at > end) return undefined
  if (keyBytes >= 0 && (record.key = texts.text(keyAt, keyAt + keyBytes)) === undefined) record.keyBase64 = texts.base64(keyAt, keyAt + keyBytes)
  if (valueBytes >= 0 && (record.value = texts.text(valueAt, valueAt + valueBytes)) === undefined) {
    record.valueBase64 = texts.base64(valueAt, valueAt + valueBytes)
  }
  if (headers > 0) record.headers = parseHeaders(reader, texts, headers)
  if (!reader.ok || reader.at > end) return undefined
  reader.at = end
  return record
}

function parseHeaders(reader: ByteReader, texts: Texts, count: number): RecordHeader[] {
  const headers: RecordHeader[] = []
  while (reader.ok && headers.length < count && headers.length < MAX_RECORD_HEADERS) {
    const nameBytes = reader.varint()
    const nameAt = reader.skip(nameBytes)
    const valueBytes = reader.varint()
    const valueAt = valueBytes < 0 ? reader.at : reader.skip(valueBytes)
    if (!reader.ok) break
    const value = valueBytes < 0 ? null : texts.text(valueAt, valueAt + valueBytes)
    headers.push({
      name: texts.text(nameAt, nameAt + nameBytes) ?? texts.bytes.toString('latin1', nameAt, nameAt + nameBytes), value,
      base64: value === undefined ? texts.base64(valueAt, valueAt + valueBytes) : undefined,
    })
  }
  return headers
}

/** The key of a control record: version and type, 16 bits each. */
function showControl(record: RecordView, bytes: Buffer, from: number): void {
  const reader = new ByteReader(bytes, from)
  reader.varint()
  reader.skip(1)
  reader.varlong()
  reader.varint()
  const keyBytes = reader.varint()
  reader.skip(2)
  const type = reader.i16()
  if (!reader.ok || keyBytes < 4) return
  record.control = type === 0 ? 'abort' : type === 1 ? 'commit' : `type ${type}`
  record.key = record.value = record.keyBase64 = record.valueBase64 = undefined
}
