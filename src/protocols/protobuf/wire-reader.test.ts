import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { WireReader, doubleOf, floatOf, signedText, unsigned, unsignedText } from './wire-reader.ts'

function varint(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}

const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.integer({ min: 0, max: 64 }).map((n) => 2n ** BigInt(n) - 1n))

test('a varint of any length is the number that was written', () => {
  fc.assert(fc.property(uint64, (value) => {
    const bytes = varint(value)
    const reader = new WireReader(Uint8Array.from(bytes))
    assert.ok(reader.varint())
    assert.equal(reader.at, bytes.length)
    assert.equal(unsignedText(reader.low, reader.high), value.toString())
    assert.equal(signedText(reader.low, reader.high), BigInt.asIntN(64, value).toString())
    assert.equal(String(unsigned(reader.low, reader.high)), value.toString())
    for (let cut = 0; cut < bytes.length; cut++) assert.ok(!new WireReader(Uint8Array.from(bytes), 0, cut).varint())
  }))
})

test('a varint without an end is none', () => {
  assert.ok(!new WireReader(new Uint8Array(32).fill(0xff)).varint())
})

test('fixed numbers are little endian, as floats too', () => {
  fc.assert(fc.property(fc.double(), fc.float(), (double, float) => {
    const view = new DataView(new ArrayBuffer(12))
    view.setFloat64(0, double, true)
    view.setFloat32(8, float, true)
    const reader = new WireReader(new Uint8Array(view.buffer))
    assert.ok(reader.fixed64())
    assert.ok(Object.is(doubleOf(reader.low, reader.high), double))
    assert.ok(reader.fixed32())
    assert.ok(Object.is(floatOf(reader.low), float))
    assert.ok(!reader.fixed32() && !reader.fixed64())
  }))
})

test('groups are skipped to their own end, and not deeper than is bearable', () => {
  const skips = (...bytes: number[]): boolean => {
    const reader = new WireReader(Uint8Array.from(bytes))
    return reader.tag() && reader.skip() && reader.at === bytes.length
  }
  assert.ok(skips(0x0b, 0x13, 0x08, 1, 0x14, 0x0c))
  assert.ok(!skips(0x0b, 0x13, 0x0c, 0x14))
  assert.ok(!skips(...new Array<number>(10_000).fill(0x0b)))
})
