import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { CHILDREN_SHOWN, MAX_ROWS, foldablePaths, jsonRows } from './json-rows.ts'

const NONE: ReadonlySet<string> = new Set()

const textOf = (value: unknown): string => jsonRows(value, NONE, NONE).map((row) => `${row.name === undefined ? '' : `${JSON.stringify(row.name)}:`}${row.text}${row.hasComma ? ',' : ''}`).join('\n')

test('the rows of a value are its JSON', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => { assert.deepEqual(JSON.parse(textOf(value)), JSON.parse(JSON.stringify(value))) }))
})

test('what is folded is one row, and says how much is inside', () => {
  const value = { a: { b: [1, 2] }, c: 3 }
  assert.deepEqual(foldablePaths(jsonRows(value, NONE, NONE)), ['/a', '/a/b'])
  const rows = jsonRows(value, new Set(['/a']), NONE)
  assert.deepEqual(rows.map((row) => row.text), ['{', '{ 1 member }', '3', '}'])
})

test('paths are JSON pointers', () => {
  assert.deepEqual(jsonRows({ 'a/b': [{ '~': 0 }] }, NONE, NONE).find((row) => row.text === '0')?.path, '/a~1b/0/~0')
})

test('a long list is shown in part until all is wanted, and never beyond the bound', () => {
  const list = Array.from({ length: CHILDREN_SHOWN + 7 }, (_, i) => i)
  assert.equal(jsonRows(list, NONE, NONE).find((row) => row.kind === 'more')?.text, '7 more')
  assert.equal(jsonRows(list, NONE, new Set([''])).length, list.length + 2)
  assert.ok(jsonRows(Array.from({ length: MAX_ROWS * 2 }, () => 1), NONE, new Set([''])).length <= MAX_ROWS + 1)
})
