import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import type { CipherGCMTypes } from 'node:crypto'
import { test } from 'node:test'
import fc from '#property'
import { aeadOpener } from './aead.ts'

const CIPHERS = [['aes-128-gcm', 16], ['aes-256-gcm', 32], ['chacha20-poly1305', 32]] as const

function seal(cipher: string, key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, content: Uint8Array): Buffer {
  const sealer = createCipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: 16 })
  sealer.setAAD(extra)
  return Buffer.concat([sealer.update(content), sealer.final(), sealer.getAuthTag()])
}

test('what node:crypto sealed opens, with keys in turn, and in the middle of other bytes', () => {
  for (const [cipher, keyBytes] of CIPHERS) {
    const opener = aeadOpener(cipher)!
    const keys = [randomBytes(keyBytes), randomBytes(keyBytes)]
    for (const [i, size] of [0, 1, 15, 16, 17, 1000, 16_384, 0, 5].entries()) {
      const key = keys[i % 3 === 0 ? 0 : 1]!
      const [nonce, extra, content] = [randomBytes(12), randomBytes(i % 2 === 0 ? 5 : 13), randomBytes(size)]
      const record = Buffer.concat([Buffer.alloc(7, 1), seal(cipher, key, nonce, extra, content), Buffer.alloc(3, 2)])
      const opened = opener.open(key, nonce, extra, record, 7, 7 + size, 7 + size + 16)
      assert.ok(opened?.equals(content), `${cipher}, ${size}`)
    }
  }
})

test('what was changed does not open, and what comes next does', () => {
  for (const [cipher, keyBytes] of CIPHERS) {
    const opener = aeadOpener(cipher)!
    const [key, nonce, extra, content] = [randomBytes(keyBytes), randomBytes(12), randomBytes(5), randomBytes(40)]
    const record = seal(cipher, key, nonce, extra, content)
    const open = (bytes: Uint8Array, withKey = key, withNonce = nonce, withExtra = extra): Buffer | undefined => opener.open(withKey, withNonce, withExtra, bytes, 0, 40, 56)
    for (const at of [0, 39, 40, 55]) {
      const changed = Buffer.from(record)
      changed[at]! ^= 1
      assert.equal(open(changed), undefined)
      assert.ok(open(record)?.equals(content))
    }
    assert.equal(open(record, randomBytes(keyBytes)), undefined)
    assert.equal(open(record, key, randomBytes(12)), undefined)
    assert.equal(open(record, key, nonce, randomBytes(5)), undefined)
    assert.equal(opener.open(key, nonce, extra, record, 0, 41, 56), undefined)
    assert.ok(open(record)?.equals(content))
  }
})

test('other ciphers are left to node:crypto', () => {
  for (const cipher of ['aes-128-ccm', 'aes-128-cbc', 'no such']) assert.equal(aeadOpener(cipher), undefined)
})

test('records of many connections in turn, some of them damaged, and nothing of one shows in another', () => {
  const change = fc.constantFrom('nothing', 'content', 'tag', 'shorter tag', 'nonce', 'key', 'extra', 'cut', 'no content')
  const record = fc.record({ connection: fc.nat(4), size: fc.constantFrom(0, 1, 15, 16, 17, 255, 1400, 16_383, 16_384, 16_640), change, at: fc.nat(0xffff), isNewKey: fc.nat(5).map((n) => n === 0) })
  fc.assert(fc.property(fc.constantFrom(...CIPHERS), fc.array(record, { maxLength: 12 }), ([cipher, keyBytes], records) => {
    const opener = aeadOpener(cipher)!
    const keys = Array.from({ length: 5 }, () => randomBytes(keyBytes))
    for (const { connection, size, change, at, isNewKey } of records) {
      if (isNewKey) keys[connection] = randomBytes(keyBytes)
      const key = keys[connection]!
      const [nonce, extra, content] = [randomBytes(12), randomBytes(at % 2 === 0 ? 5 : 13), randomBytes(size)]
      const bytes = seal(cipher, key, nonce, extra, content)
      const isOff = change !== 'nothing' && !(change === 'content' && size === 0) && !(change === 'no content' && size === 0)
      if (change === 'content' && size > 0) bytes[at % size]! ^= 1 << at % 8
      if (change === 'tag') bytes[size + at % 16]! ^= 1 << at % 8
      if (change === 'nonce') nonce[at % 12]! ^= 1 << at % 8
      if (change === 'extra') extra[at % extra.length]! ^= 1 << at % 8
      const end = change === 'no content' ? 0 : size
      const to = change === 'shorter tag' ? size + at % 16 : end + 16
      const opened = opener.open(change === 'key' ? randomBytes(keyBytes) : key, nonce, extra, change === 'cut' ? bytes.subarray(1) : bytes, 0, change === 'cut' ? size - 1 : end, change === 'cut' ? size + 15 : to)
      assert.equal(opened === undefined, isOff, `${cipher}, ${size} bytes, ${change}`)
      if (opened !== undefined) assert.ok(opened.equals(content))
    }
  }), { numRuns: 150 })
})

test('what does not lie within the bytes, or has no tag, nonce or key of the right size, is not even looked at', () => {
  for (const [cipher, keyBytes] of CIPHERS) {
    const opener = aeadOpener(cipher)!
    const [key, nonce, extra] = [randomBytes(keyBytes), randomBytes(12), randomBytes(5)]
    const record = seal(cipher, key, nonce, extra, randomBytes(40))
    const open = (start: number, end: number, to: number, withKey = key, withNonce = nonce): Buffer | undefined => opener.open(withKey, withNonce, extra, record, start, end, to)
    assert.ok(open(0, 40, 56) !== undefined)
    for (const [start, end, to] of [[0, 1000, 1016], [0, 41, 57], [41, 40, 56], [-1, 40, 56], [0, 40, 55], [0, 40, 41], [0, 40, 40]] as const) assert.equal(open(start, end, to), undefined)
    assert.equal(open(0, 40, 56, key.subarray(1)), undefined)
    assert.equal(open(0, 40, 56, key, nonce.subarray(1)), undefined)
    assert.ok(open(0, 40, 56) !== undefined)
  }
})

test('keys of a hundred thousand connections leave nothing behind', () => {
  const opener = aeadOpener('aes-128-gcm')!
  const [nonce, extra, record] = [randomBytes(12), randomBytes(5), randomBytes(20)]
  const keys = [randomBytes(16), randomBytes(16)]
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) assert.equal(opener.open(keys[i & 1]!, nonce, extra, record, 0, 4, 20), undefined)
  }
  rounds(10_000)
  const before = process.memoryUsage().rss
  rounds(90_000)
  // A context is 700 bytes and more, an entry in the queue of errors about as many.
  assert.ok(process.memoryUsage().rss - before < 40 * 1024 * 1024)
})
