import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { FIRST_BYTES, parseFirstBytes } from './first-bytes.ts'

const CLIENT_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc)

test('a ClientHello is TLS as soon as its type is there, and open before', () => {
  for (let length = 0; length < FIRST_BYTES; length++) assert.equal(parseFirstBytes(CLIENT_HELLO.subarray(0, length)), 'more')
  assert.equal(parseFirstBytes(CLIENT_HELLO.subarray(0, FIRST_BYTES)), 'tls')
})

test('what cannot become TLS any more is plaintext at its first odd byte', () => {
  for (const text of ['G', 'GET / HTTP/1.1', '\x16\x02', '\x16\x03\x05', '\x16\x03\x01\0\x01\x02']) {
    assert.equal(parseFirstBytes(Buffer.from(text, 'latin1')), 'plaintext', JSON.stringify(text))
  }
})

test('more bytes never change a verdict', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), fc.nat(12), (bytes, cut) => {
    const early = parseFirstBytes(bytes.subarray(0, cut))
    if (early !== 'more') assert.equal(parseFirstBytes(bytes), early)
  }))
})
