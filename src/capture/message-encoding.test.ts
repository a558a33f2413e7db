import assert from 'node:assert/strict'
import test from 'node:test'
import { decodeMessage } from '../protocols/protobuf/decode.ts'
import { NO_REDACTION, redactorOf } from '../protocols/redaction.ts'
import { descriptorSet, encoded, schemas } from '../protocols/protobuf/schema.fixture.ts'
import { MessageEncoding } from './message-encoding.ts'

const PLAIN = redactorOf(NO_REDACTION)

test('what is shown as JSON is encoded so that it is shown the same', () => {
  const encoding = new MessageEncoding([descriptorSet])
  const all = { aDouble: 1.5, anInt64: '-9007199254740993', anUint64: '1', aBool: true, aString: 'tea', inner: { id: 7 }, someBytes: Buffer.from([0, 255]), colour: 1, packed: [1, 2, 300], names: ['a', 'b'], byName: { x: { id: 1 } }, byNumber: { 5: 'five' }, number: 3, aSint32: -4 }
  const bytes = encoded('test.All', all)
  const shown = decodeMessage(bytes, schemas.message('test.All')!, schemas, PLAIN)!
  const again = encoding.encode('test.All', shown.value)
  assert.ok(again.ok)
  assert.deepEqual(decodeMessage(again.bytes, schemas.message('test.All')!, schemas, PLAIN)!.value, shown.value)
})

test('well-known types have their own JSON', () => {
  const encoding = new MessageEncoding([descriptorSet])
  const value = { timestamp: '2026-11-21T12:00:00.5Z', duration: '1.500s', struct: { a: [1, null, 'x'] }, mask: 'a,bC', wrapped: '7', text: '', truth: false }
  const got = encoding.encode('test.Known', value)
  assert.ok(got.ok, JSON.stringify(got))
  assert.deepEqual(decodeMessage(got.bytes, schemas.message('test.Known')!, schemas, PLAIN)!.value, { ...value, timestamp: '2026-11-21T12:00:00.500Z' })
})

test('what cannot be encoded is said in words', () => {
  const encoding = new MessageEncoding([descriptorSet, Buffer.from([7, 7, 7])])
  assert.deepEqual(encoding.encode('test.Nothing', {}), { ok: false, problem: 'the type test.Nothing is not known: give it with --proto' })
  for (const bad of [{ nothing: 1 }, { anInt32: 'x' }, [], 'text', { anInt32: 1e12 }]) {
    const got = encoding.encode('test.All', bad)
    assert.ok(!got.ok && got.problem.startsWith('this is no test.All: '), JSON.stringify(got))
  }
})
