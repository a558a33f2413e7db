import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { FoldedPositions } from './folded-positions.ts'

test('rows are the positions that are shown, in their order', () => {
  fc.assert(fc.property(fc.integer({ min: -50, max: 50 }), fc.nat(60), fc.array(fc.integer({ min: -60, max: 120 })), fc.array(fc.integer({ min: -60, max: 120 })), (start, length, folded, unfolded) => {
    const positions = new FoldedPositions()
    const hidden = new Set(folded)
    for (const position of folded) positions.add(position)
    for (const position of unfolded) {
      positions.remove(position)
      hidden.delete(position)
    }
    const shown = Array.from({ length }, (_, n) => start + n).filter((position) => !hidden.has(position))
    assert.equal(positions.rowsBetween(start, start + length), shown.length)
    for (const [row, position] of shown.entries()) {
      assert.equal(positions.positionOf(start, row), position)
      assert.equal(positions.rowOf(start, position), row)
    }
    for (const position of hidden) if (position >= start && position < start + length) assert.equal(positions.rowOf(start, position), shown.filter((other) => other < position).length)
    positions.clear()
    assert.equal(positions.positionOf(start, 3), start + 3)
  }))
})
