import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { seqAdd, seqBefore, seqDistance, seqEarlier } from './sequence.ts'

test('distance survives the wrap, for signed and unsigned forms of a number', () => {
  assert.equal(seqDistance(0xffffffff, 0), 1)
  assert.equal(seqDistance(-1, 0), 1)
  assert.equal(seqDistance(5, 0xfffffffb), -10)
  assert.equal(seqDistance(0x7fffffff, 0x80000001), 2)
})

test('adding and measuring are inverse, and order follows the distance', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: -0x7fffffff, max: 0x7fffffff }), (seq, distance) => {
    const other = seqAdd(seq, distance)
    assert.equal(seqDistance(seq, other), distance)
    assert.equal(seqBefore(seq, other), distance > 0)
    assert.equal(seqDistance(seqEarlier(seq, other), distance > 0 ? seq : other), 0)
  }))
})
