import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_REDACTION, redactorOf } from '../redaction.ts'
import { guessMessage } from './guess.ts'
import { MAX_VALUES } from './limits.ts'
import { encoded } from './schema.fixture.ts'

const redactor = redactorOf(DEFAULT_REDACTION)
const guess = (bytes: Uint8Array): unknown => guessMessage(bytes, redactor)?.fields

test('numbers are shown as what stands on the wire', () => {
  assert.deepEqual(guess(encoded('test.All', { anInt32: 150, aFixed32: 7, aDouble: 1.5, anInt64: '-1' })), [
    { field: 1, kind: 'fixed64', value: '4609434218613702656', asFloat: 1.5 },
    { field: 3, kind: 'varint', value: '18446744073709551615' },
    { field: 5, kind: 'varint', value: 150 },
    { field: 7, kind: 'fixed32', value: 7, asFloat: 1.0e-44 },
  ].map((field) => field.field === 7 ? { ...field, asFloat: Math.fround(9.80908925027372e-45) } : field))
})

test('text, messages, bytes and packed numbers are told apart', () => {
  const bytes = encoded('test.All', { aString: 'Grüße', inner: { id: 5 }, someBytes: Buffer.from([0xff, 0, 0x80]), packed: [0, 1, 300] })
  assert.deepEqual(guess(bytes), [
    { field: 9, kind: 'string', value: 'Grüße' },
    { field: 11, kind: 'message', fields: [{ field: 1, kind: 'varint', value: 5 }] },
    { field: 12, kind: 'bytes', value: '/wCA' },
    { field: 20, kind: 'bytes', value: 'AAGsAg==', asVarints: [0, 1, 300] },
  ])
})

test('text with line breaks is text unless it parses as a message', () => {
  assert.deepEqual(guess(encoded('test.All', { aString: 'two\nlines' })), [{ field: 9, kind: 'string', value: 'two\nlines' }])
  const inner = encoded('test.All', { aString: 'a'.repeat(0x20) })
  assert.equal((guess(encoded('test.All', { names: [Buffer.from([0x0a, 0x20, ...Buffer.from('b'.repeat(0x20))]).toString(), Buffer.from(inner).toString('latin1')] })) as { kind: string }[])[0]!.kind, 'message')
})

test('groups are read, and what is no message is not', () => {
  assert.deepEqual(guess(Buffer.from([0x5b, 0x08, 5, 0x5c])), [{ field: 11, kind: 'group', fields: [{ field: 1, kind: 'varint', value: 5 }] }])
  for (const broken of [[0x00], [0x08], [0x0a, 5, 1], [0x5b, 0x08, 5], [0x5c], [0x5b, 0x64], [0x0f], [0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 1]]) assert.equal(guess(Buffer.from(broken)), undefined)
})

test('of a part of a message the whole fields are shown', () => {
  assert.deepEqual(guessMessage(Buffer.from([0x08, 1, 0x12, 9, 65]), redactor, true)?.fields, [{ field: 1, kind: 'varint', value: 1 }])
})

test('values are bounded', () => {
  const many = guessMessage(Buffer.from([8, 1].concat(...Array.from({ length: MAX_VALUES }, () => [8, 1]))), redactor)
  assert.equal(many?.fields.length, MAX_VALUES)
  assert.equal(many?.isLimited, true)
})
