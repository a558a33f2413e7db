import assert from 'node:assert/strict'
import test from 'node:test'
import { protoRows } from './proto-rows.ts'

const FIELDS = [
  { field: 1, kind: 'string', value: 'seven' },
  { field: 3, kind: 'message', fields: [{ field: 2, kind: 'fixed64', value: '4607182418800017408', asFloat: 1 }, { field: 4, kind: 'bytes', value: 'AQI=', asVarints: [1, 2] }] },
]
const NONE: ReadonlySet<string> = new Set()

test('each field is a line with its number, its value and how it was sent', () => {
  assert.deepEqual(protoRows(FIELDS, NONE, NONE).map(({ depth, label, text, note }) => [depth, label, text, note]), [
    [0, '1', '"seven"', ''], [0, '3', '{', undefined], [1, '2', '"4607182418800017408"', 'fixed64, or 1'], [1, '4', '"AQI="', 'bytes, or numbers: 1, 2'], [0, undefined, '}', undefined],
  ])
})

test('paths lead to the values within the record', () => {
  assert.deepEqual(protoRows(FIELDS, NONE, NONE).filter(({ kind }) => kind === 'scalar').map(({ path }) => path), ['/0/value', '/1/fields/0/value', '/1/fields/1/value'])
})

test('a folded message is one line', () => {
  assert.deepEqual(protoRows(FIELDS, new Set(['/1/fields']), NONE).map(({ text }) => text), ['"seven"', '{ 2 fields }'])
})

test('a long message shows its first fields, and how many more there are', () => {
  const many = Array.from({ length: 700 }, (_, at) => ({ field: at, kind: 'varint', value: at }))
  assert.equal(protoRows(many, NONE, NONE).at(-1)!.text, '200 more')
  assert.equal(protoRows(many, NONE, new Set([''])).length, 700)
})

test('what is no list of fields has no lines', () => {
  for (const value of [null, 'x', 7, {}, [null, 1, {}]]) assert.ok(protoRows(Array.isArray(value) ? value.filter((item) => item !== null) : value, NONE, NONE).length <= 2)
})
