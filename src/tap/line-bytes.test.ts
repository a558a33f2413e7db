import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LineBytes } from './line-bytes.ts'

const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ maxLength: 300 }))
const piece = fc.oneof(text, fc.nat(60))

test('is the UTF-8 of what was added, however it came and however often the memory grew', () => {
  fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
    const lines = new LineBytes()
    for (const p of pieces) {
      if (typeof p === 'number') lines.spaces(p)
      else if (p.length % 3 === 0) lines.encoded(Buffer.from(p))
      else lines.text(p)
    }
    const whole = pieces.map((p) => typeof p === 'number' ? ' '.repeat(p) : p.length % 3 === 0 ? Buffer.from(p).toString() : p)
    assert.deepEqual(Buffer.from(lines.bytes), Buffer.concat(whole.map((p) => Buffer.from(p))))
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
