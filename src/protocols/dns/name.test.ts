import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { MAX_NAME_BYTES } from './limits.ts'
import { NAME_BAD, NAME_CUT, nameEnd, nameText, quoted } from './name.ts'
import { name } from './wire.fixture.ts'

const HEADER = Buffer.alloc(12)
const at = (...parts: Uint8Array[]): Buffer => Buffer.concat([HEADER, ...parts])

test('names as RFC 1035 writes them', () => {
  const text = (bytes: Buffer): string => nameText(bytes, 0, 12)
  assert.equal(text(at(name('web.shop.example'))), 'web.shop.example')
  assert.equal(text(at(name('.'))), '.')
  assert.equal(text(at(Buffer.from([5, 0x61, 0x2e, 0x5c, 0x20, 0x00, 1, 0x7f, 0]))), 'a\\.\\\\\\032\\000.\\127')
  assert.equal(quoted(Buffer.from('a"b\\c\n', 'latin1'), 0, 6), '"a\\"b\\\\c\\010"')
})

test('pointers lead back, and only back', () => {
  const bytes = at(name('shop.example'), Buffer.from([3, 0x77, 0x65, 0x62, 0xc0, 12]), Buffer.from([0xc0, 26]))
  assert.equal(nameText(bytes, 0, 26), 'web.shop.example')
  assert.equal(nameEnd(bytes, 0, 26, bytes.length), 32)
  assert.equal(nameText(bytes, 0, 32), 'web.shop.example')
  assert.equal(nameEnd(bytes, 0, 32, bytes.length), 34)
  const refused = (...tail: number[]): number => nameEnd(at(Buffer.from(tail)), 0, 12, 12 + tail.length)
  assert.equal(refused(0xc0, 12), NAME_BAD)
  assert.equal(refused(0xc0, 14, 0), NAME_BAD)
  assert.equal(refused(0xc0, 4), NAME_BAD)
  assert.equal(refused(1, 0x61, 0xc0, 12), NAME_BAD)
  assert.equal(refused(0x40, 0), NAME_BAD)
  assert.equal(refused(0x80, 0), NAME_BAD)
  assert.equal(refused(0xc0), NAME_CUT)
  assert.equal(refused(3, 0x61), NAME_CUT)
})

test('a name has at most 255 bytes, however it is put together', () => {
  const label = Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 0x61)])
  const four = at(label, label, label, label, Buffer.from([0]))
  assert.equal(nameEnd(four, 0, 12, four.length), NAME_BAD)
  const three = at(label, label, label, Buffer.from([0]), label, Buffer.from([0xc0, 12]))
  assert.equal(nameEnd(three, 0, 12, three.length), 12 + 193)
  assert.equal(nameEnd(three, 0, 12 + 193, three.length), NAME_BAD)
})

test('any bytes come to an end, and what is accepted can be read', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 13, maxLength: 400 }), fc.nat(400), (bytes, from) => {
    const start = 12 + from % (bytes.length - 12)
    const end = nameEnd(bytes, 0, start, bytes.length)
    if (end > 0) assert.ok(nameText(bytes, 0, start).length <= MAX_NAME_BYTES * 4)
  }), { numRuns: 2000 })
  const pointers = Buffer.alloc(16_384, 0xc0)
  for (let i = 13; i < pointers.length; i += 2) pointers[i] = 12
  assert.ok(nameEnd(pointers, 0, 16_000, pointers.length) < 0)
})
