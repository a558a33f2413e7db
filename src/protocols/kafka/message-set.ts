import type { Buffer } from 'node:buffer'
import { COMPRESSION } from './batch-counter.ts'
import { ByteReader } from './byte-reader.ts'
import { COMPRESSIONS, decompress } from './compression.ts'
import { MAX_EXPANSION, MAX_NESTING } from './limits.ts'
import type { BatchView, Budget } from './record-batch.ts'
import { RecordView, Texts, addOffset } from './record.ts'

const LOG_APPEND_TIME = 0x08

interface OldMessage {
  readonly offset: number | string
  readonly magic: number
  readonly attributes: number
  readonly timestampMs: number | undefined
  readonly keyAt: number
  /** -1: null. */
  readonly keyBytes: number
  readonly valueAt: number
  readonly valueBytes: number
}

/** The format before Kafka 0.11: one message after the other, of which some hold a compressed message set. */
export function parseMessageSet(bytes: Buffer, isCut: boolean, budget: Budget, depth: number): BatchView[] {
  const batches: BatchView[] = []
  const texts = new Texts(bytes, budget.redactor)
  const reader = new ByteReader(bytes)
  let plain: BatchView | undefined
  while (reader.left > 0 && budget.bytes > 0) {
    const from = reader.at
    const message = parseMessage(reader)
    if (message === undefined) break
    budget.bytes -= reader.at - from
    if ((message.attributes & COMPRESSION) !== 0) {
      plain = undefined
      batches.push(unpack(message, bytes, budget, depth))
      continue
    }
    if (plain === undefined) batches.push(plain = { baseOffset: message.offset, magic: message.magic, compression: 'none', records: [] })
    plain.records.push(recordOf(message, texts))
  }
  const last = batches.at(-1)
  if (isCut && last !== undefined) last.truncated = true
  return batches
}

function parseMessage(reader: ByteReader): OldMessage | undefined {
  const offset = reader.i64()
  const size = reader.i32()
  const end = reader.at + size
  if (!reader.ok || size < 0 || end > reader.end) return undefined
  reader.skip(4)
  const magic = reader.u8()
  const attributes = reader.u8()
  const timestampMs = magic === 1 ? Number(reader.i64()) : undefined
  const keyBytes = reader.i32()
  const keyAt = keyBytes < 0 ? reader.at : reader.skip(keyBytes)
  const valueBytes = reader.i32()
  const valueAt = valueBytes < 0 ? reader.at : reader.skip(valueBytes)
  if (!reader.ok || reader.at > end || magic > 1) return undefined
  reader.at = end
  return { offset, magic, attributes, timestampMs, keyAt, keyBytes, valueAt, valueBytes }
}

function recordOf(message: OldMessage, texts: Texts): RecordView {
  const { offset, timestampMs, keyAt, keyBytes, valueAt, valueBytes } = message
  const record = new RecordView(offset, timestampMs === -1 ? undefined : timestampMs)
  if (keyBytes >= 0 && (record.key = texts.text(keyAt, keyAt + keyBytes)) === undefined) record.keyBase64 = texts.base64(keyAt, keyAt + keyBytes)
  if (valueBytes >= 0 && (record.value = texts.text(valueAt, valueAt + valueBytes)) === undefined) {
    record.valueBase64 = texts.base64(valueAt, valueAt + valueBytes)
  }
  return record
}

function unpack(message: OldMessage, bytes: Buffer, budget: Budget, depth: number): BatchView {
  const { offset, magic, attributes, valueAt, valueBytes } = message
  const compression = attributes & COMPRESSION
  const batch: BatchView = { baseOffset: offset, magic, compression: COMPRESSIONS[compression] ?? String(compression), records: [] }
  const inner = depth === MAX_NESTING ? 'too deep' : valueBytes < 0 ? 'nothing is inside'
    : decompress(bytes.subarray(valueAt, valueAt + valueBytes), compression, budget.limitBytes * MAX_EXPANSION, false)
  if (typeof inner === 'string') {
    batch.undecoded = inner
    return batch
  }
  batch.records = parseMessageSet(inner, false, budget, depth + 1).flatMap((part) => part.records)
  const appendTimeMs = (attributes & LOG_APPEND_TIME) === 0 ? undefined : message.timestampMs
  if (magic === 1) placeRecords(batch, offset, appendTimeMs)
  return batch
}

/** Offsets inside a compressed message of version 1 count from 0; its own offset is that of the last one. */
function placeRecords(batch: BatchView, lastOffset: number | string, appendTimeMs: number | undefined): void {
  const last = batch.records.at(-1)
  if (last === undefined) return
  const shift = typeof last.offset === 'number' ? -last.offset : 0
  for (const record of batch.records) {
    if (typeof record.offset === 'number') record.offset = addOffset(lastOffset, record.offset + shift)
    if (appendTimeMs !== undefined) record.timestampMs = appendTimeMs
  }
  batch.baseOffset = batch.records[0]!.offset
}
