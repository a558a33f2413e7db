import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { decodeSnappy } from './snappy.ts'

const literal = (text: string): Buffer => Buffer.concat([Buffer.of(text.length - 1 << 2), Buffer.from(text, 'latin1')])
const decoded = (...pieces: Uint8Array[]): string => String(decodeSnappy(Buffer.concat(pieces), 1_000_000))

test('blocks that libsnappy 1.1.9 made', () => {
  const again = 'the same words again and again'
  const carts = Array.from({ length: 12 }, (_, i) => `{"id":${i},"name":"cart"}`).join('')
  const blocks: readonly (readonly [text: string, hex: string])[] = [
    ['', '00'],
    ['hello world', '0b2868656c6c6f20776f726c64'],
    ['a'.repeat(100), '640061fe01008a0100'],
    [`${again}, ${again}`, '3e5c7468652073616d6520776f72647320616761696e20616e64090a042c20762000'],
    [carts, '8a02547b226964223a302c226e616d65223a2263617274227d091600315216000032521600003352160000345216000035521600003652160000375216000038521600003952160000315add003ede00'],
  ]
  for (const [text, hex] of blocks) assert.equal(decoded(Buffer.from(hex, 'hex')), text)
})

test('each kind of element', () => {
  const text = 'x'.repeat(300)
  const long = Buffer.from(text)
  assert.equal(decoded(Buffer.of(0xac, 2, 61 << 2, 43, 1), long), text, 'a literal with its length in two bytes')
  assert.equal(decoded(Buffer.of(0xac, 2, 62 << 2, 43, 1, 0), long), text, 'in three')
  assert.equal(decoded(Buffer.of(0xac, 2, 63 << 2, 43, 1, 0, 0), long), text, 'in four')
  assert.equal(decoded(Buffer.of(100, 60 << 2, 99), long.subarray(0, 100)), text.slice(0, 100), 'in one')
  assert.equal(decoded(Buffer.of(12), literal('abcd'), Buffer.of(4 << 2 | 1, 4)), 'abcdabcdabcd', 'a copy of one byte, that overlaps itself')
  assert.equal(decoded(Buffer.of(8), literal('abcd'), Buffer.of(3 << 2 | 2, 4, 0)), 'abcdabcd', 'of two')
  assert.equal(decoded(Buffer.of(8), literal('abcd'), Buffer.of(3 << 2 | 3, 4, 0, 0, 0)), 'abcdabcd', 'of four')
  const far = 'y'.repeat(1500)
  assert.equal(decoded(Buffer.of(0xe0, 11, 61 << 2, 0xdb, 5), Buffer.from(far), Buffer.of(5 << 5 | 1, 0xdc)), far + 'yyyy', 'a distance of eleven bits')
})

test('what is cut, broken or too large says so', () => {
  const broken = ['', '80', 'ffffffffff', '05', '0500', '05104142', '0410414243444546', '0401', '04014100', '0800610104', '0800611901', '0500611904', '020061fe', '05f0', '05f8ffff', '05fcffffffff61']
  for (const hex of broken) assert.equal(decodeSnappy(Buffer.from(hex, 'hex'), 1000), 'snappy is broken', hex)
  assert.equal(decodeSnappy(Buffer.from('0b2868656c6c6f20776f726c64', 'hex'), 10), 'snappy expands too far')
  assert.equal(decodeSnappy(Buffer.from('ffffffff0f0061', 'hex'), 2 ** 40), 'snappy is broken')
})

/** What a compressor would make of texts: literals, and copies of what was before. */
const elements = fc.array(fc.oneof(fc.string({ minLength: 1, maxLength: 80, unit: 'binary-ascii' }), fc.tuple(fc.nat(70_000), fc.integer({ min: 1, max: 64 }))), { minLength: 1, maxLength: 30 })

test('whatever literals and copies are put together come out', () => {
  fc.assert(fc.property(elements, (list) => {
    let text = ''
    const pieces: Uint8Array[] = []
    for (const part of list) {
      if (typeof part === 'string') {
        pieces.push(part.length <= 60 ? literal(part) : Buffer.concat([Buffer.of(60 << 2, part.length - 1), Buffer.from(part, 'latin1')]))
        text += part
      } else if (text !== '') {
        const distance = 1 + part[0] % text.length
        pieces.push(Buffer.of(part[1] - 1 << 2 | 2, distance & 255, distance >> 8))
        for (let i = 0; i < part[1]; i++) text += text[text.length - distance]!
      }
    }
    const size = text.length < 128 ? Buffer.of(text.length) : Buffer.of(text.length & 127 | 128, text.length >> 7)
    assert.equal(decoded(size, ...pieces), text)
  }), { numRuns: 300 })
})

test('hostile bytes never throw and never yield more than is allowed', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), (bytes, size) => {
    for (const tried of [bytes, Buffer.concat([Buffer.of(size & 127 | 128, size >> 7), bytes])]) {
      const result = decodeSnappy(tried, 2000)
      assert.ok(typeof result === 'string' || result.length <= 2000)
    }
  }), { numRuns: 2000 })
})
