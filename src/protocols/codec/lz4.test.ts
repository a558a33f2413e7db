import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { decodeLz4, decodeLz4Block } from './lz4.ts'

/** 'abcd' and 20 bytes from 4 back, then the literal '!'. */
const BLOCK = Buffer.from([0x4f, 0x61, 0x62, 0x63, 0x64, 4, 0, 1, 0x10, 0x21])
const TEXT = `${'abcd'.repeat(6)}!`

function frame(...blocks: Buffer[]): Buffer {
  const sized = blocks.map((block) => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(block.length)
    return Buffer.concat([size, block])
  })
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), ...sized, Buffer.alloc(4)])
}

test('a block with a match that overlaps itself', () => {
  assert.equal(String(decodeLz4Block(BLOCK, 100)), TEXT)
})

test('frames, one after the other, with skippable ones between', () => {
  const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex')
  assert.equal(String(decodeLz4(Buffer.concat([frame(BLOCK, BLOCK), skippable, frame(BLOCK)]), 1000)), TEXT.repeat(3))
})

test('blocks that are stored as they are', () => {
  const stored = Buffer.concat([Buffer.from('04224d18604082', 'hex'), Buffer.from([3, 0, 0, 0x80]), Buffer.from('abc'), Buffer.alloc(4)])
  assert.equal(String(decodeLz4(stored, 100)), 'abc')
})

test('more than is allowed, what is cut off and what is broken', () => {
  assert.equal(decodeLz4(frame(BLOCK), 24), 'lz4 expands too far')
  assert.equal(decodeLz4(frame(BLOCK).subarray(0, 15), 100), 'lz4 is cut off')
  assert.equal(String(decodeLz4(frame(BLOCK, BLOCK).subarray(0, 30), 100, true)), TEXT)
  assert.equal(decodeLz4(Buffer.from('not lz4 at all'), 100), 'lz4 is broken')
  assert.equal(decodeLz4Block(Buffer.from([0x0f, 9, 0, 255, 255, 0]), 100), 'lz4 is broken')
})

test('hostile bytes never throw and never yield more than is allowed', () => {
  const head = Buffer.from('04224d18604082', 'hex')
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isCut) => {
    for (const result of [decodeLz4Block(bytes, 5000), decodeLz4(Buffer.concat([head, bytes]), 5000, isCut), decodeLz4(frame(Buffer.from(bytes)), 5000, isCut)]) {
      assert.ok(typeof result === 'string' || result.length <= 5000)
    }
  }), { numRuns: 1000 })
})
