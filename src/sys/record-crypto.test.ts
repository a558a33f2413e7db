import assert from 'node:assert/strict'
import { createCipheriv, randomBytes } from 'node:crypto'
import type { CipherGCMTypes } from 'node:crypto'
import { test } from 'node:test'
import fc from '#property'
import type { AeadOpener } from '../base/record-crypto.ts'
import { recordCrypto } from './record-crypto.ts'

const CIPHERS = [['aes-128-gcm', 16], ['aes-256-gcm', 32], ['chacha20-poly1305', 32]] as const

/** Openers of many keys, as connections have them. */
class Openers {
  readonly #cipher: string
  readonly #known = new Map<Uint8Array, AeadOpener>()

  constructor(cipher: string) {
    this.#cipher = cipher
  }

  /** A copy of what is inside. */
  open(key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, bytes: Uint8Array, start: number, end: number, to: number): Buffer | undefined {
    const opener = this.#known.get(key) ?? recordCrypto.aead(this.#cipher, key)
    if (opener === undefined) return undefined
    this.#known.set(key, opener)
    const opened = opener.open(nonce, extra, bytes, start, end, to)
    if (opened === undefined) return undefined
    const content = Buffer.from(opened.bytes.subarray(opened.from, opened.to))
    opened.release()
    return content
  }
}

function seal(cipher: string, key: Uint8Array, nonce: Uint8Array, extra: Uint8Array, content: Uint8Array): Buffer {
  const sealer = createCipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: 16 })
  sealer.setAAD(extra)
  return Buffer.concat([sealer.update(content), sealer.final(), sealer.getAuthTag()])
}

test('what node:crypto sealed opens, with keys in turn, and in the middle of other bytes', () => {
  for (const [cipher, keyBytes] of CIPHERS) {
    const opener = new Openers(cipher)
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
    const opener = new Openers(cipher)
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
  for (const cipher of ['aes-128-ccm', 'aes-128-cbc', 'no such']) assert.equal(recordCrypto.aead(cipher, randomBytes(16)), undefined)
  for (const [cipher, hash] of [['aes-128-gcm', 'sha1'], ['aes-128-cbc', 'sha3-256'], ['no such', 'sha1']] as const) assert.equal(recordCrypto.cbc(cipher, randomBytes(16), hash, randomBytes(20)), undefined)
  assert.equal(recordCrypto.cbc('aes-128-cbc', randomBytes(32), 'sha1', randomBytes(20)), undefined)
})

test('records of many connections in turn, some of them damaged, and nothing of one shows in another', () => {
  const change = fc.constantFrom('nothing', 'content', 'tag', 'shorter tag', 'nonce', 'key', 'extra', 'cut', 'no content')
  const record = fc.record({ connection: fc.nat(4), size: fc.constantFrom(0, 1, 15, 16, 17, 255, 1400, 16_383, 16_384, 16_640), change, at: fc.nat(0xffff), isNewKey: fc.nat(5).map((n) => n === 0) })
  fc.assert(fc.property(fc.constantFrom(...CIPHERS), fc.array(record, { maxLength: 12 }), ([cipher, keyBytes], records) => {
    const opener = new Openers(cipher)
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
    const opener = new Openers(cipher)
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

test('keys of forty thousand connections leave nothing behind', () => {
  const [nonce, extra, header, record] = [randomBytes(12), randomBytes(5), randomBytes(13), randomBytes(64)]
  const random = randomBytes(64 * 1024)
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const key = random.subarray(i, i + 16)
      const aead = recordCrypto.aead('aes-128-gcm', key)!
      const taken = recordCrypto.cbc('aes-128-cbc', key, 'sha1', random.subarray(i, i + 20))!.take(record, 0, 64)!
      assert.equal(aead.open(nonce, extra, record, 0, 4, 20), undefined)
      assert.ok(taken.decrypt(undefined, taken.from + 16, taken.to))
      assert.equal(taken.isMac(header, taken.from + 16, taken.from + 32, taken.from + 32), false)
      taken.release()
    }
  }
  rounds(4000)
  const before = process.memoryUsage().rss
  rounds(40_000)
  // The contexts of a connection are 2 KiB and more, an entry in the queue of errors 700 bytes, a room 19 KiB.
  assert.ok(process.memoryUsage().rss - before < 50 * 1024 * 1024)
})

test('what is inside stays while others are opened, and is not told apart from the record by a wrong size', () => {
  const key = randomBytes(16)
  const opener = recordCrypto.aead('aes-128-gcm', key)!
  const [nonce, extra] = [randomBytes(12), randomBytes(5)]
  const contents = [randomBytes(100), randomBytes(200), randomBytes(16_384)]
  const opened = contents.map((content) => opener.open(nonce, extra, seal('aes-128-gcm', key, nonce, extra, content), 0, content.length, content.length + 16)!)
  for (const [i, each] of opened.entries()) assert.ok(contents[i]!.equals(each.bytes.subarray(each.from, each.to)))
  for (const each of opened) each.release()
  const large = seal('aes-128-gcm', key, nonce, extra, randomBytes(20_000))
  assert.equal(opener.open(nonce, extra, large, 0, 20_000, 20_016), undefined)
  assert.equal(recordCrypto.cbc('aes-128-cbc', key, 'sha1', randomBytes(20))!.take(large, 0, 20_000), undefined)
})
