import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { decodeSnappyMessage } from './snappy.ts'

const hello = Buffer.from('hello hello')
/** Length, a literal of six bytes, a copy of five from six before. */
const block = Buffer.from([11, 5 << 2, ...Buffer.from('hello '), 1 | (5 - 4) << 2, 6])
const identifier = Buffer.from([0xff, 6, 0, 0, ...Buffer.from('sNaPpY')])
const chunk = (kind: number, data: Uint8Array): Buffer => Buffer.concat([Buffer.from([kind, data.length + 4, 0, 0, 1, 2, 3, 4]), data])

test('a block and frames give the same message', () => {
  assert.deepEqual(decodeSnappyMessage(block, 100), hello)
  assert.deepEqual(decodeSnappyMessage(Buffer.concat([identifier, chunk(0, block), chunk(0xfe, Buffer.alloc(3)), chunk(1, hello)]), 100), Buffer.concat([hello, hello]))
})

test('what is cut, broken or too large is no message', () => {
  const frames = Buffer.concat([identifier, chunk(0, block), chunk(1, hello)])
  for (const bytes of [frames.subarray(0, 20), frames.subarray(0, -1), Buffer.concat([identifier, chunk(2, block)]), block.subarray(0, 4)]) assert.equal(typeof decodeSnappyMessage(bytes, 100), 'string')
  assert.equal(typeof decodeSnappyMessage(frames, 21), 'string')
  assert.equal(typeof decodeSnappyMessage(block, 10), 'string')
})

test('no bytes make it throw or exceed its limit', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, isFramed) => {
    const decoded = decodeSnappyMessage(isFramed ? Buffer.concat([identifier, bytes]) : Buffer.from(bytes), 50)
    assert.ok(typeof decoded === 'string' || decoded.length <= 50)
  }), { numRuns: 1000 })
})
