import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { gridColumns, isColumnWidths, leastWidthPx, resetColumn, resizedColumns } from './column-widths.ts'
import { columnsOf, DEFAULT_COLUMNS } from './columns.ts'

const COLUMNS = [{ key: 'a', leastPx: 50 }, { key: 'b', leastPx: 60, share: 1 }, { key: 'c', leastPx: 40 }, { key: 'd', leastPx: 60, share: 3 }]
const SHOWN = new Map([['a', 50], ['b', 200], ['c', 40], ['d', 600]])

test('untouched columns have the widths they were made with', () => {
  assert.equal(gridColumns(COLUMNS, {}), '50px minmax(60px, 1fr) 40px minmax(60px, 3fr)')
  assert.equal(leastWidthPx(COLUMNS, {}), 50 + 60 + 40 + 60 + 3 * 8 + 28)
})

test('a column that is made wider takes from those behind it only, so that its edge is where it was put', () => {
  const widths = resizedColumns(COLUMNS, {}, SHOWN, 'c', 140)
  assert.deepEqual(widths, { b: { share: 1.1429 }, d: { share: 2.8571 }, c: { px: 140 } })
})

test('the last one takes from those before it', () => {
  const widths = resizedColumns(COLUMNS, {}, SHOWN, 'd', 700)
  assert.deepEqual(widths, { b: { share: 1 }, d: { px: 700 } })
  assert.equal(gridColumns(COLUMNS, widths), '50px minmax(60px, 1fr) 40px 700px')
})

test('one that is reset is as it was at first', () => {
  assert.deepEqual(resetColumn({ a: { px: 90 }, b: { share: 2 } }, 'a'), { b: { share: 2 } })
})

test('whatever is dragged, what is kept is valid, and the widths of the others sum up as before', () => {
  const columns = columnsOf(DEFAULT_COLUMNS)
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(columns.length - 1), fc.integer({ min: -500, max: 5000 })), { maxLength: 12 }), (steps) => {
    let widths = {}
    for (const [at, px] of steps) widths = resizedColumns(columns, widths, new Map(columns.map((column, i) => [column.key, 40 + i * 30])), columns[at]!.key, px)
    assert.ok(isColumnWidths(JSON.parse(JSON.stringify(widths))))
    assert.ok(!/NaN|undefined|Infinity/.test(gridColumns(columns, widths)))
    assert.ok(leastWidthPx(columns, widths) > 0)
  }))
})

test('what somebody else wrote into the browser is not taken', () => {
  for (const value of [null, [], 7, { a: 5 }, { a: { px: -1 } }, { a: { px: 1e9 } }, { a: { share: 0 } }, { a: null }]) assert.equal(isColumnWidths(value), false, JSON.stringify(value))
})
