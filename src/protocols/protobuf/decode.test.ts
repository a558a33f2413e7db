import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { DEFAULT_REDACTION, redactorOf } from '../redaction.ts'
import { decodeMessage } from './decode.ts'
import { MAX_DEPTH, MAX_VALUES } from './limits.ts'
import { encoded, schemas, theirJson } from './schema.fixture.ts'

const redactor = redactorOf(DEFAULT_REDACTION)

function decode(type: string, bytes: Uint8Array, isCut = false): ReturnType<typeof decodeMessage> {
  return decodeMessage(bytes, schemas.message(type)!, schemas, redactor, isCut)
}

const json = (type: string, bytes: Uint8Array): unknown => decode(type, bytes)?.value
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String)
const colour = fc.constantFrom(0, 1, -2, 77)
const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const inner = fc.record({ id: int32 }, { requiredKeys: [] })

const all = fc.record({
  aDouble: fc.double().map((n) => n === 0 ? 0 : n), anInt64: int64, aUint64: uint64, anInt32: int32, aFixed64: uint64, aFixed32: uint32, aBool: fc.boolean(), aString: text,
  inner, someBytes: fc.uint8Array({ maxLength: 20 }), aUint32: uint32, colour, aSfixed32: int32, aSfixed64: int64, aSint32: int32, aSint64: int64,
  packed: fc.array(int32), unpacked: fc.array(int32), names: fc.array(text), inners: fc.array(inner), byName: fc.dictionary(text, inner),
  byNumber: fc.dictionary(int64, text), colours: fc.array(colour), doubles: fc.array(fc.double()), maybe: int32, renamed: text,
  text, number: int32,
}, { requiredKeys: [] }).map(({ text: ours, number, ...rest }) => number === undefined ? { ...rest, ...ours !== undefined && { text: ours } } : { ...rest, number })

test('the JSON of a message is what protobufjs makes of it', () => {
  fc.assert(fc.property(all, (message) => {
    const bytes = encoded('test.All', message)
    assert.deepEqual(json('test.All', bytes), theirJson('test.All', bytes))
  }), { numRuns: 300 })
})

test('a float is shown with the digits it was written with', () => {
  fc.assert(fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (aFloat) => {
    const shown = json('test.All', encoded('test.All', { aFloat })) as { aFloat?: number }
    assert.equal(Math.fround(shown.aFloat ?? 0), aFloat)
  }))
  assert.deepEqual(json('test.All', encoded('test.All', { aFloat: 0.1 })), { aFloat: 0.1 })
})

test('well-known types have their own forms', () => {
  const any = { type_url: 'type.googleapis.com/test.All', value: encoded('test.All', { anInt32: 5 }) }
  const stamp = { type_url: 'type.googleapis.com/google.protobuf.Duration', value: encoded('test.Known', { text: { value: '' } }).subarray(2) }
  const messages = [
    { timestamp: { seconds: '-1', nanos: 5 }, duration: { seconds: '-3', nanos: -500_000_000 }, times: [{}, { seconds: '1', nanos: 120_000 }] },
    { struct: { fields: { a: { numberValue: 1 }, b: { nullValue: 0 }, c: { listValue: { values: [{ boolValue: true }] } } } }, value: { stringValue: 'x' } },
    { mask: { paths: ['a_b.c_d', 'e'] }, wrapped: { value: '5' }, text: {}, truth: { value: true }, list: {}, any },
    { any: stamp },
  ]
  for (const message of messages) {
    const bytes = encoded('test.Known', message)
    assert.deepEqual(json('test.Known', bytes), theirJson('test.Known', bytes))
  }
  assert.deepEqual(json('test.Known', encoded('test.Known', { timestamp: { seconds: '999999999999' } })), { timestamp: { seconds: '999999999999' } })
})

test('an Any of an unknown type shows what can be guessed', () => {
  const bytes = encoded('test.Known', { any: { type_url: 'x/no.Such', value: encoded('test.All', { aString: 'hi' }) } })
  assert.deepEqual(json('test.Known', bytes), { any: { '@type': 'x/no.Such', value: 'SgJoaQ==', fields: [{ field: 9, kind: 'string', value: 'hi' }] } })
})

test('fields that the schema does not know, or knows otherwise, are listed apart', () => {
  const unknown = Buffer.from([0x98, 0x06, 7])
  const otherwise = Buffer.from([0x4d, 1, 2, 3, 4])
  const decoded = decode('test.All', Buffer.concat([encoded('test.All', { anInt32: 3 }), unknown, otherwise]))
  assert.deepEqual(decoded?.value, { anInt32: 3 })
  assert.deepEqual(decoded?.unknownFields.map(({ in: name, field, kind, value }) => [name, field, kind, value]),
    [['test.All', 99, 'varint', 7], ['test.All', 9, 'fixed32', 0x04030201]])
})

test('a message in two parts is merged, of a oneof the last counts', () => {
  const parts = Buffer.concat([encoded('test.All', { inner: { id: 1 }, text: 'a' }), encoded('test.All', { inner: { again: { aBool: true } }, number: 4 })])
  assert.deepEqual(json('test.All', parts), { inner: { id: 1, again: { aBool: true } }, number: 4 })
})

test('a message may be written as a group', () => {
  assert.deepEqual(json('test.All', Buffer.from([0x5b, 0x08, 5, 0x5c])), { inner: { id: 5 } })
})

test('broken bytes are no message, of a part the beginning is shown', () => {
  const bytes = encoded('test.All', { anInt32: 3, aString: 'a long text', inner: { id: 7 } })
  for (let length = 1; length < bytes.length; length++) {
    const part = bytes.subarray(0, length)
    const whole = decode('test.All', part, true)
    assert.ok(whole !== undefined)
    assert.equal(decode('test.All', part) === undefined, ![2, 15].includes(length), `cut at ${length}`)
  }
  assert.deepEqual(decode('test.All', bytes.subarray(0, 8), true)?.value, { anInt32: 3, aString: 'a lo' })
})

test('depth and number of values are bounded', () => {
  let nested: Uint8Array = Buffer.alloc(0)
  for (let depth = 0; depth < MAX_DEPTH * 2; depth++) nested = Buffer.concat([Buffer.from([depth % 2 === 0 ? 0x12 : 0x5a]), lengthOf(nested), nested])
  let depth = 0
  for (let at = json('test.All', nested); typeof at === 'object' && at !== null; depth++) at = Object.values(at)[0]
  assert.equal(depth, MAX_DEPTH)
  const packed = Buffer.concat([Buffer.from([0xa2, 1]), lengthOf({ length: MAX_VALUES * 2 }), Buffer.alloc(MAX_VALUES * 2, 1)])
  const decoded = decode('test.All', packed)
  assert.equal((decoded!.value as { packed: number[] }).packed.length, MAX_VALUES - 1)
  assert.equal(decoded!.isLimited, true)
})

function lengthOf({ length }: { length: number }): Buffer {
  return length < 128 ? Buffer.from([length]) : length < 16384 ? Buffer.from([length & 0x7f | 0x80, length >> 7]) : Buffer.from([length & 0x7f | 0x80, length >> 7 & 0x7f | 0x80, length >> 14])
}

test('fields that are hidden by their names, also in maps and when they come in parts', () => {
  const hiding = redactorOf({ ...DEFAULT_REDACTION, parameters: ['aString', 'anInt32', 's3cret', 'seconds', 'value', 'typeUrl'] })
  const bytes = encoded('test.All', { aString: 's3cret', anInt32: 4711, byName: { s3cret: { aString: 'deep' } } })
  const shown = decodeMessage(Buffer.concat([bytes, bytes]), schemas.message('test.All')!, schemas, hiding)
  assert.deepEqual(shown!.value, { aString: '[redacted]', anInt32: '[redacted]', byName: { s3cret: '[redacted]' } })
  // Types with a form of their own are not taken apart.
  const any = { type_url: 'x/test.All', value: encoded('test.All', { aString: 's3cret' }) }
  assert.ok(!JSON.stringify(decodeMessage(encoded('test.Known', { any }), schemas.message('test.Known')!, schemas, hiding)).includes('s3cret'))
})

test('texts to hide are hidden in strings, map keys, digits, bytes that are text, and within Any', () => {
  const hiding = redactorOf({ ...DEFAULT_REDACTION, texts: ['s3cret', '424242'] })
  const inAny = { type_url: 'x/test.All', value: encoded('test.All', { aString: 'an s3cret' }) }
  const unknownAny = { type_url: 'x/no.Such', value: encoded('test.All', { aString: 'an s3cret' }) }
  const known = [encoded('test.Known', { any: inAny }), encoded('test.Known', { any: unknownAny })]
  const bytes = encoded('test.All', { aString: 's3cret', byName: { s3cret: {} }, anInt64: '9424242', anInt32: 424_242, someBytes: Buffer.from('an s3cret') })
  const shown = [decodeMessage(bytes, schemas.message('test.All')!, schemas, hiding), ...known.map((b) => decodeMessage(b, schemas.message('test.Known')!, schemas, hiding))]
  assert.ok(shown.every((s) => s !== undefined))
  const said = JSON.stringify(shown)
  for (const hidden of ['s3cret', '424242', Buffer.from('an s3cret').toString('base64'), 'czNjcmV0']) assert.ok(!said.includes(hidden), hidden)
  assert.match(said, /"@type":"x\/test\.All","aString":"an \[redacted\]"/)
})
