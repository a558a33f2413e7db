import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { countText, cutMiddle } from './text.ts'

test('a text that fits is left alone, one that does not loses its middle', () => {
  assert.equal(cutMiddle('/cart/7', 7), '/cart/7')
  assert.equal(cutMiddle('/cart/4711/items', 9), '/car…tems')
  fc.assert(fc.property(fc.string(), fc.integer({ min: 1, max: 40 }), (text, width) => cutMiddle(text, width).length === Math.min(text.length, width)))
})

test('counts are grouped by three', () => {
  assert.deepEqual([0, 999, 1482, 1234567].map(countText), ['0', '999', '1 482', '1 234 567'])
})
