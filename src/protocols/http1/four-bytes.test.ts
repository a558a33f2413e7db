import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { nextControl } from './four-bytes.ts'

const byte = fc.oneof(fc.constantFrom(0x00, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0x9f, 0xa0, 0xff), fc.integer({ min: 0x20, max: 0xff }))

test('finds what a loop over the bytes finds, wherever the bytes lie in their memory', () => {
  fc.assert(fc.property(fc.array(byte, { maxLength: 40 }), fc.nat(9), fc.nat(40), fc.nat(40), (bytes, shift, a, b) => {
    const memory = new Uint8Array(shift + bytes.length)
    memory.set(bytes, shift)
    const to = Math.min(Math.max(a, b), bytes.length)
    const from = Math.min(a, b, to)
    const found = bytes.slice(from, to).findIndex((value) => value < 0x20)
    assert.equal(nextControl(memory.subarray(shift), from, to), found < 0 ? to : from + found)
  }), { numRuns: 500 })
})
