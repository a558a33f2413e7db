import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { frame } from './samples.fixture.ts'
import { probe } from './probe.ts'

const NONE = new Uint8Array(0)

test('a text message of either side is recognised', () => {
  assert.equal(probe(frame(1, '{"a":1}', { isMasked: true }), NONE), 'yes')
  assert.equal(probe(NONE, frame(1, 'hello there')), 'yes')
  assert.equal(probe(NONE, frame(1, 'x'.repeat(5000)).subarray(0, 100)), 'yes')
  assert.equal(probe(NONE, frame(1, 'hello there').subarray(0, 6)), 'more')
  assert.equal(probe(NONE, Buffer.concat([frame(1, 'hello there'), frame(9, '')])), 'yes')
})

test('binary, compressed and unmasked messages, and other protocols, are not claimed', () => {
  const firsts: (string | Uint8Array)[] = [
    frame(1, 'hello there'), frame(2, 'hello there', { isMasked: true }), frame(1, 'hello', { isMasked: true, reserved: 4 }), frame(1, 'abc', { isMasked: true }),
    'GET / HTTP/1.1\r\n\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '*1\r\n$4\r\nPING\r\n', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10',
    '\x00\x00\x00\x23\x00\x12\x00\x03\x00\x00\x00\x01', 'AMQP\x00\x00\x09\x01', '\x00\x00\x00\x08\x04\xd2\x16\x2f', '\x4a\x00\x00\x00\x0a5.5.5-10.11.6-MariaDB', 'EHLO there\r\n',
    '\x81\x80\x01\x02', '\x00\x1d\xab\xcd\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04shop\x00\x00\x01\x00\x01',
  ]
  for (const first of firsts) {
    const bytes = typeof first === 'string' ? Buffer.from(first, 'latin1') : first
    assert.notEqual(probe(bytes, NONE), 'yes', JSON.stringify(first))
    if (bytes[0] !== 0x81) assert.equal(probe(bytes, NONE), 'no', JSON.stringify(first))
  }
})

test('random bytes are hardly ever taken for it', () => {
  let yes = 0
  fc.assert(fc.property(fc.uint8Array({ minLength: 8, maxLength: 80 }), (bytes) => {
    if (probe(bytes, NONE) === 'yes' || probe(NONE, bytes) === 'yes') yes++
  }), { numRuns: 20_000 })
  assert.ok(yes <= 2, `${yes} of 20000`)
})
