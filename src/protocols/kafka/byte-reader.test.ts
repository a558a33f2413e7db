import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { ByteReader } from './byte-reader.ts'

/** 7 bits a byte, the lowest first; `padding`: bytes more than are needed, which a sender may write. */
function encoded(value: bigint, padding = 0): Buffer {
  const bytes: number[] = []
  let rest = value
  do bytes.push(Number(rest & 0x7fn) | 0x80); while ((rest >>= 7n) > 0n)
  for (let i = 0; i < padding; i++) bytes.push(0x80)
  bytes[bytes.length - 1]! &= 0x7f
  return Buffer.from(bytes)
}

const zigzag = (value: bigint): bigint => value < 0n ? -value * 2n - 1n : value * 2n
const EDGES = [0, 1, 63, 64, 127, 128, 8191, 8192, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1, 2 ** 30, 2 ** 31 - 1]

test('integers of every length, and where they end', () => {
  for (const edge of EDGES) {
    for (const value of [edge, -edge, -edge - 1]) {
      for (const read of ['varint', 'varlong'] as const) {
        const reader = new ByteReader(Buffer.concat([Buffer.of(9), encoded(zigzag(BigInt(value))), Buffer.of(9)]), 1)
        assert.equal(reader[read](), value === 0 ? 0 : value, `${read} ${value}`)
        assert.deepEqual([reader.ok, reader.left], [true, 1])
      }
    }
    const reader = new ByteReader(encoded(BigInt(edge)))
    assert.deepEqual([reader.uvarint(), reader.left], [edge, 0])
  }
  assert.equal(new ByteReader(encoded(zigzag(-(2n ** 52n)))).varlong(), -(2 ** 52))
})

test('integers of any length, longer than need be, and cut', () => {
  fc.assert(fc.property(fc.integer(), fc.nat(2), fc.nat(8), (value, padding, cut) => {
    const bytes = encoded(zigzag(BigInt(value)), Math.min(padding, 5 - encoded(zigzag(BigInt(value))).length))
    const whole = new ByteReader(Buffer.concat([bytes, Buffer.of(0xff, 0xff)]), 0, bytes.length)
    assert.deepEqual([whole.varint(), whole.ok, whole.left], [value === 0 ? 0 : value, true, 0])
    if (cut >= bytes.length) return
    for (const read of ['varint', 'varlong', 'uvarint'] as const) {
      // What is behind its end is not read.
      const reader = new ByteReader(bytes, 0, cut)
      assert.deepEqual([reader[read](), reader.ok, reader.left], [0, false, 0])
      assert.deepEqual([reader[read](), reader.ok], [0, false])
    }
  }), { numRuns: 500 })
})

test('integers without end are refused', () => {
  for (const read of ['varint', 'varlong', 'uvarint'] as const) {
    const reader = new ByteReader(Buffer.alloc(20, 0xff))
    assert.deepEqual([reader[read](), reader.ok, reader.left], [0, false, 0])
  }
})
