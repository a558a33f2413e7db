import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import type { CipherGCMTypes } from 'node:crypto'
import { test } from 'node:test'
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
