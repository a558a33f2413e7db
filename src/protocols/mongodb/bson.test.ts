import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { BSON } from 'mongodb'
import { listen } from '../contract.fixture.ts'
import { probe } from './probe.ts'
import { BsonReader } from './bson.ts'
import { mongodb } from './mongodb.ts'
import { SAMPLES, ask, bson, answer, wire, int32 } from './samples.fixture.ts'
import { OP_MSG } from './op.ts'

const read = (bytes: Uint8Array): unknown => JSON.parse(JSON.stringify(new BsonReader(Buffer.from(bytes)).document(0)))

test('all types are what the driver\'s own Extended JSON makes of them', () => {
  const document = {
    double: 1.5, text: 'Grüße', inner: { a: [1, 'b', { c: null }] }, bytes: new BSON.Binary(Buffer.of(1, 2, 3)), uuid: new BSON.UUID('0123456789abcdef0123456789abcdef'),
    id: new BSON.ObjectId('65221300a46c335fa2820b0f'), yes: true, no: false, at: new Date(1_700_000_000_123), before: new Date(-1), none: null, pattern: new BSON.BSONRegExp('^a', 'i'),
    code: new BSON.Code('x'), scoped: new BSON.Code('y', { z: 1 }), int: -7, stamp: new BSON.Timestamp({ t: 5, i: 6 }), long: BSON.Long.fromNumber(2 ** 40),
    min: new BSON.MinKey(), max: new BSON.MaxKey(), symbol: new BSON.BSONSymbol('s'), nan: Number.NaN, infinite: -Infinity,
  }
  const own = BSON.EJSON.serialize(BSON.deserialize(bson(document), { promoteValues: false, promoteBuffers: false }), { relaxed: true }) as Record<string, unknown>
  const uuid = { $uuid: '01234567-89ab-cdef-0123-456789abcdef' }
  assert.deepEqual(read(bson(document)), { ...own, uuid })
})

test('decimals are written as the driver writes them', () => {
  for (const text of ['0', '12.50', '-1', '1E+3', '1.2345E-10', '0.001', '9999999999999999999999999999999999', '-0', 'NaN', 'Infinity', '-Infinity', '1E-6176', '123456E+10', '0E+5', '0.00']) {
    const decimal = BSON.Decimal128.fromString(text)
    assert.deepEqual(read(bson({ d: decimal })), { d: { $numberDecimal: decimal.toString() } }, text)
  }
  fc.assert(fc.property(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -6000, max: 6000 }), (digits, exponent) => {
    const decimal = BSON.Decimal128.fromString(`${digits}E${exponent}`)
    assert.deepEqual(read(bson({ d: decimal })), { d: { $numberDecimal: decimal.toString() } })
  }), { numRuns: 200 })
})

test('integers beyond the exact ones are digits', () => {
  assert.deepEqual(read(bson({ a: BSON.Long.fromString('9223372036854775807'), b: BSON.Long.fromString('-9007199254740993') })), { a: '9223372036854775807', b: '-9007199254740993' })
})

test('broken, cut and deep documents give what they can', () => {
  const whole = bson({ a: 1, b: 'text', c: { d: [1, 2, { e: new Date(0) }] }, f: /x/i })
  fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, value, length) => {
    const copy = Buffer.from(whole.subarray(0, length))
    if (at < copy.length) copy[at] = value
    read(copy)
  }), { numRuns: 500 })
  let deep: object = {}
  for (let i = 0; i < 300; i++) deep = { a: deep }
  const reader = new BsonReader(bson(deep))
  reader.document(0)
  assert.ok(reader.isTooMuch)
})

test('nothing of a log-in is shown, whichever way it goes', () => {
  const said = JSON.stringify(listen(mongodb, SAMPLES[0]!.steps).messages)
  for (const text of ['secret-nonce', 'secret-proof', 'secret-server', 'secret-word']) {
    assert.ok(!said.includes(text), text)
    for (const cut of [0, 1, 2]) assert.ok(!said.includes(Buffer.from(text).subarray(cut).toString('base64').slice(4, 14)), text)
  }
})

test('first bytes of other protocols', () => {
  const none = new Uint8Array(0)
  const others = ['GET / HTTP/1.1\r\nHost: abc\r\n\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 random of hello', '*1\r\n$4\r\nPING\r\n', 'AMQP\x00\x00\x09\x01', '\x00\x00\x00\x17\x00\x12\x00\x04\x00\x00\x00\x01\x00\x03abcdefgh',
    '\x00\x00\x00\x08\x04\xd2\x16\x2f', '\x4a\x00\x00\x00\x0a5.5.5-10.11\x00\x01\x02\x03']
  for (const text of others) assert.equal(probe(Buffer.from(text, 'latin1'), none), 'no', text)
  assert.equal(probe(none, wire(1, 2, OP_MSG, int32(0), Buffer.of(7), bson({ ok: 1 }))), 'no')
})

test('a request without values has its line all the same', () => {
  const settings = { bodyLimitBytes: 0, ciphertextTurns: false, redaction: { credentials: true, headers: [], parameters: [], texts: [] } }
  const [m] = listen(mongodb, [ask(1, { find: 'carts', filter: { a: 'x'.repeat(100) }, $db: 'shop' }, 1), answer(2, 1, { ok: 1 }, 2)], settings).messages
  assert.deepEqual([m!['what'], m!['status'], (m!['request'] as { body: unknown }).body], ['find shop.carts', 'ok', undefined])
})
