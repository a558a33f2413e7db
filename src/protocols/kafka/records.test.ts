import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from '#property'
import { REDACTED, redactorOf } from '../redaction.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { BatchCounter } from './batch-counter.ts'
import { batchBytes, messageBytes } from './encode.fixture.ts'
import type { RecordSpan } from './kept-frame.ts'
import type { Budget } from './record-batch.ts'
import { parseBatches } from './record-batch.ts'

const redactor = redactorOf(DEFAULT_SETTINGS.redaction)
const budget = (limitBytes = 65536): Budget => ({ bytes: limitBytes, limitBytes, redactor })
const two = [{ key: 'a', value: 'b', headers: { h: 'v' } }, { key: null, value: null }]
const big = (n: number): { value: string }[] => Array.from({ length: n }, (_, i) => ({ value: `record ${i} `.repeat(10) }))

function count(bytes: Uint8Array, cut: number): RecordSpan {
  const counter = new BatchCounter()
  const span: RecordSpan = { at: 0, sizeBytes: bytes.length, keptBytes: 0, count: 0, isAtLeast: false }
  counter.begin(bytes.length)
  for (let at = 0; at < bytes.length; at += cut) counter.feed(span, bytes, at, Math.min(bytes.length, at + cut))
  return span
}

test('records have offset, time, key, value and headers', () => {
  const [batch] = parseBatches(batchBytes(two, { baseOffset: 40 }), false, budget())
  assert.equal(batch!.lastOffset, 41)
  assert.deepEqual(JSON.parse(JSON.stringify(batch!.records)), [
    { offset: 40, timestampMs: 1_700_000_000_000, key: 'a', value: 'b', headers: [{ name: 'h', value: 'v' }] },
    { offset: 41, timestampMs: 1_700_000_000_010, key: null, value: null },
  ])
})

test('offsets beyond 2^53 stay exact', () => {
  const [batch] = parseBatches(batchBytes(two, { baseOffset: 9007199254740993n }), false, budget())
  assert.deepEqual(batch!.records.map(({ offset }) => offset), ['9007199254740993', '9007199254740994'])
})

test('what is no text is shown as base64, what the rules hide is hidden', () => {
  const records = [{ key: Buffer.from([0xff, 0]), value: 'card 4111' }]
  const rules = redactorOf({ ...DEFAULT_SETTINGS.redaction, texts: ['\\d{4}'] })
  const [batch] = parseBatches(batchBytes(records), false, { bytes: 1000, limitBytes: 1000, redactor: rules })
  assert.equal(batch!.records[0]!.keyBase64, '/wA=')
  assert.equal(batch!.records[0]!.value, `card ${REDACTED}`)
})

test('a compressed batch that was kept in part shows its first records', () => {
  for (const [compression, pack] of [[1, gzipSync], [4, zstdCompressSync]] as const) {
    const noise = Array.from({ length: 400 }, (_, i) => ({ value: `${i} ${Math.sin(i) * 1e15} ${Math.cos(i) * 1e15}` }))
    const whole = batchBytes(noise, { compression, pack: (bytes) => pack(bytes) })
    const [batch] = parseBatches(whole.subarray(0, whole.length - 200), true, budget())
    assert.equal(batch!.truncated, true)
    if (compression === 1) assert.ok(batch!.records.length > 100, String(batch!.records.length))
    assert.equal(batch!.undecoded, undefined)
  }
})

test('a bomb is refused, an unknown compression named', () => {
  const bomb = batchBytes([{ value: 'x'.repeat(3_000_000) }], { compression: 1, pack: (bytes) => gzipSync(bytes) })
  assert.equal(parseBatches(bomb, false, budget())[0]!.undecoded, 'gzip expands too far')
  assert.equal(parseBatches(batchBytes(two, { compression: 6 }), false, budget())[0]!.undecoded, 'compression 6 is not known')
  for (const compression of [1, 2, 3, 4]) assert.match(parseBatches(batchBytes(two, { compression }), false, budget())[0]!.undecoded!, /broken|cut off|too far/)
})

test('no more than the limit is decoded', () => {
  const [batch] = parseBatches(batchBytes(big(1000), { compression: 1, pack: (bytes) => gzipSync(bytes) }), false, budget(20_000))
  assert.ok(batch!.records.length > 100 && batch!.records.length < 300)
  assert.equal(batch!.truncated, true)
})

test('old messages: plain, compressed, and their offsets', () => {
  const inner = Buffer.concat([messageBytes(0, 1, 0, 'x', 'y'), messageBytes(1, 1, 0, 'z', null)])
  const bytes = Buffer.concat([messageBytes(3, 1, 0, null, 'plain'), messageBytes(9, 1, 1, null, gzipSync(inner)), messageBytes(10, 0, 0, 'k', 'v')])
  const batches = parseBatches(bytes, false, budget())
  assert.deepEqual(batches.map(({ magic, compression, records }) => [magic, compression, records.map(({ offset }) => offset)]),
    [[1, 'none', [3]], [1, 'gzip', [8, 9]], [0, 'none', [10]]])
})

test('compressed messages within compressed messages end', () => {
  let nested = messageBytes(0, 1, 0, 'x', 'y')
  for (let i = 0; i < 6; i++) nested = messageBytes(0, 1, 1, null, gzipSync(nested))
  assert.ok(Array.isArray(parseBatches(nested, false, budget())))
})

test('records are counted while they pass, however they are cut', () => {
  const bytes = Buffer.concat([batchBytes(big(7)), batchBytes(two, { attributes: 0x20 }), batchBytes(big(3), { compression: 1, pack: (b) => gzipSync(b) })])
  for (const cut of [1, 2, 60, 61, 62, 100_000]) assert.equal(count(bytes, cut).count, 10)
  assert.equal(count(bytes.subarray(0, bytes.length - 1), 50).count, 7)
  assert.deepEqual([count(messageBytes(0, 1, 2, null, 'x'), 5).isAtLeast, count(messageBytes(0, 1, 0, null, 'x'), 5).isAtLeast], [true, false])
})

test('hostile batches never throw', () => {
  const whole = Buffer.concat([batchBytes(big(3)), batchBytes(big(3), { compression: 1, pack: (b) => gzipSync(b) }), messageBytes(0, 1, 0, 'a', 'b')])
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.nat(whole.length), (changes, end) => {
    const copy = Buffer.from(whole)
    for (const [at, value] of changes) copy[at] = value
    parseBatches(copy.subarray(0, end), end < whole.length, budget())
    count(copy, 33)
  }), { numRuns: 500 })
})
