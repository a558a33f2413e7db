import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { Piece } from '../base/piece.ts'
import { LineBytes } from './line-bytes.ts'
import { printable } from './printable.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 }))
const piece = fc.oneof(text, fc.nat(60))

test('is the UTF-8 of what was added, however it came and however often the memory grew', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    const lines = new LineBytes()
    for (const p of pieces) {
      if (typeof p === 'number') lines.spaces(p)
      else if (p.length % 3 === 1) lines.piece(new Piece(p))
      else lines.text(p)
    }
    const whole = pieces.map((p) => typeof p === 'number' ? ' '.repeat(p) : p.length % 3 !== 1 ? p : Buffer.from(p).toString())
    assert.deepEqual(Buffer.from(lines.bytes), Buffer.concat(whole.map((p) => Buffer.from(p))))
  }))
})

test('digits are those of the number', () => {
  fc.assert(fc.property(fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 9, 10, 99, 100, 2 ** 32, Number.MAX_SAFE_INTEGER)), (value) => {
    const lines = new LineBytes()
    lines.text('a')
    lines.digits(value)
    lines.text('b')
    assert.equal(Buffer.from(lines.bytes).toString(), `a${value}b`)
  }))
})

test('starts over after clear, and grows beyond its first memory', () => {
  const lines = new LineBytes()
  lines.text('→'.repeat(50_000))
  lines.line('end')
  assert.equal(lines.length, 150_004)
  lines.clear()
  lines.spaces(-1)
  lines.text('a')
  assert.equal(Buffer.from(lines.bytes).toString(), 'a')
})

test('printable adds a short text only where it may be shown as it is', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('a', '~', 'é', '→', '日', '\u{1f600}', '\ud800', '\x1b', '\u202e', '\x85') }), (value) => {
    const lines = new LineBytes()
    lines.text('→')
    const isAdded = lines.printable(value)
    if (isAdded) assert.equal(printable(value), value)
    assert.equal(Buffer.from(lines.bytes).toString(), isAdded ? `→${value}` : '→')
  }))
  assert.ok(new LineBytes().printable('/chat ↑ Grüße'))
})
