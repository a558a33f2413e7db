import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import fc from '#property'
import { FrameScan } from './frame-scan.ts'
import { UNSURE, plainEnd } from './plain-frame.ts'

test('frames of the usual forms end where they end', () => {
  for (const text of ['+OK\r\n', '-ERR no\r\n', ':-12\r\n', '$0\r\n\r\n', '$3\r\na\r\n\r\n', '*0\r\n', '*2\r\n$3\r\nGET\r\n$6\r\ncart:7\r\n']) {
    assert.equal(plainEnd(Buffer.from(`..${text}+next`), 2), text.length + 2, text)
  }
})

test('what is cut, nested, null or broken is left to the scan', () => {
  const others = ['+OK\r', '$3\r\nab', '$-1\r\n', '*1\r\n:1\r\n', '*-1\r\n', '%1\r\n', '$999999999\r\n', '$1\r\nab\r\n', '+a\rb\r\n', ':x\r\n', 'PING\r\n', '']
  for (const text of others) assert.equal(plainEnd(Buffer.from(text), 0), UNSURE, text)
})

test('it says nothing that the scan does not say', () => {
  const piece = fc.oneof(fc.constantFrom('*2\r\n', '*0\r\n', '$0\r\n\r\n', '$3\r\nabc\r\n', '$-1\r\n', '+OK\r\n', ':12\r\n', ':\r\n', '$03\r\nabc\r\n', '*?\r\n', '+a\rb\r\n', '+a\nb\r\n', '\r\n', '*', '$9'), fc.string({ maxLength: 3 }))
  let ends = 0
  fc.assert(fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), (pieces) => {
    const buf = Buffer.from(pieces.join(''), 'latin1')
    const end = plainEnd(buf, 0)
    if (end === UNSURE) return
    ends++
    const scan = new FrameScan()
    scan.begin(false)
    assert.deepEqual([scan.feed(buf, 0), scan.isDone], [end, true])
  }), { numRuns: 2000 })
  assert.ok(ends > 100)
})
