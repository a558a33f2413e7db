import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { SeenBytes } from './seen-bytes.ts'

test('bytes begin with those remembered exactly where the texts do, wherever they lie', () => {
  const bytes = fc.array(fc.constantFrom(0, 1, 255), { maxLength: 12 })
  fc.assert(fc.property(bytes, bytes, fc.nat(9), (known, others, shift) => {
    const seen = new SeenBytes(16)
    seen.remember(Uint8Array.from([7, ...known, 7]), 1, 1 + known.length)
    const memory = new Uint8Array(shift + others.length + 4).fill(1)
    memory.set(others, shift)
    const expected = known.length > 0 && known.length <= others.length && known.every((byte, i) => byte === others[i])
    assert.equal(seen.begins(memory.subarray(shift), 0, others.length), expected)
    assert.equal(seen.begins(memory, shift, shift + others.length), expected)
  }), { numRuns: 500 })
})

test('nothing begins with nothing seen', () => {
  assert.equal(new SeenBytes(16).begins(new Uint8Array(8), 0, 8), false)
})

test('what never repeats is worth remembering ever more seldom, until it repeats', () => {
  const seen = new SeenBytes(16)
  const worth = (count: number): number => Array.from({ length: count }, () => seen.missed()).filter(Boolean).length
  assert.equal(worth(1024), 11)
  seen.remember(new Uint8Array(4), 0, 4)
  assert.ok(seen.begins(new Uint8Array(4), 0, 4))
  assert.equal(worth(1), 1)
})
