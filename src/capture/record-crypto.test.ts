import assert from 'node:assert/strict'
import { createCipheriv, createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from '#property'
import type { CbcOpener, Opened, RecordCrypto } from '../base/record-crypto.ts'
import { CbcCipher } from '../protocols/tls/cbc-cipher.ts'
import { CIPHER_SUITES } from '../protocols/tls/cipher-suites.ts'
import type { KeyBlock } from '../protocols/tls/key-schedule.ts'
import type { SuiteCipher } from '../protocols/tls/suite-cipher.ts'
import { suiteCipher } from '../protocols/tls/suite-cipher.ts'
import { TLS_1_0 } from '../protocols/tls/versions.ts'
import { recordCrypto } from '../sys/record-crypto.ts'

// The same records, read by node:crypto and by the calls that are quicker.

const TLS_1_2 = 0x0303
const APPLICATION_DATA = 23
const SUITES = [...CIPHER_SUITES.entries()].map(([id]) => suiteCipher(id)).filter((suite) => suite?.kind === 'cbc') as SuiteCipher[]
/** One of each cipher and hash. */
const KINDS = [...new Map(SUITES.map((suite) => [`${suite.cipher} ${suite.mac}`, suite])).values()]

const contentOf = (content: Opened | undefined): Buffer | undefined => {
  const copy = content && Buffer.from(content.bytes.subarray(content.from, content.to))
  content?.release()
  return copy
}

function mac(suite: SuiteCipher, block: KeyBlock, number: number, version: number, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(number, 4)
  header[8] = APPLICATION_DATA
  header.writeUInt16BE(version, 9)
  header.writeUInt16BE(bytes.length, 11)
  return createHmac(suite.mac, block.mac).update(header).update(bytes).digest()
}

/** A record as a peer makes it, `more` blocks of padding more than it must have; `iv` is sent along but for TLS 1.0. */
function seal(suite: SuiteCipher, block: KeyBlock, number: number, version: number, outside: boolean, content: Uint8Array, iv: Uint8Array, more: number): Buffer {
  const { ivBytes } = suite
  const inner = outside ? Buffer.from(content) : Buffer.concat([content, mac(suite, block, number, version, content)])
  const least = ivBytes - inner.length % ivBytes
  const padding = Math.min(255, least - 1 + more * ivBytes)
  const size = padding - (padding + 1 + inner.length) % ivBytes
  const cipher = createCipheriv(suite.cipher, block.key, iv).setAutoPadding(false)
  const body = Buffer.concat([version === TLS_1_0 ? Buffer.alloc(0) : iv, cipher.update(Buffer.concat([inner, Buffer.alloc(size + 1, size)])), cipher.final()])
  return outside ? Buffer.concat([body, mac(suite, block, number, version, body)]) : body
}

const keysOf = (suite: SuiteCipher): KeyBlock => ({ key: randomBytes(suite.keyBytes), mac: randomBytes(suite.macBytes), iv: randomBytes(suite.ivBytes) })

function cipherOf(suite: SuiteCipher, block: KeyBlock, version: number, outside: boolean, crypto?: RecordCrypto): CbcCipher {
  const opener = crypto?.cbc(suite.cipher, block.key, suite.mac, block.mac)
  assert.equal(opener === undefined, crypto === undefined, suite.cipher)
  return new CbcCipher(suite, block, version, outside, () => opener)
}

test('every suite of CBC: what peers send opens in both ways, what was changed in neither, and what follows opens again', () => {
  assert.ok(KINDS.length >= 10, `${KINDS.length} kinds`)
  const record = fc.record({ size: fc.constantFrom(0, 1, 15, 16, 17, 200, 1400, 16_384), more: fc.nat(16), change: fc.constantFrom('nothing', 'nothing', 'a bit', 'cut'), at: fc.nat(0xffff) })
  fc.assert(fc.property(fc.constantFrom(...KINDS), fc.constantFrom(TLS_1_0, TLS_1_2), fc.boolean(), fc.array(record, { minLength: 1, maxLength: 6 }), (suite, version, outside, records) => {
    const block = keysOf(suite)
    const ciphers = [cipherOf(suite, block, version, outside), cipherOf(suite, block, version, outside, recordCrypto)]
    let iv: Uint8Array = block.iv
    for (const [number, { size, more, change, at }] of records.entries()) {
      const content = randomBytes(size)
      const sealed = seal(suite, block, number, version, outside, content, iv, more)
      const sent = Buffer.concat([Buffer.alloc(5, 1), sealed, Buffer.alloc(3, 2)])
      if (change === 'a bit') sent[5 + at % sealed.length]! ^= 1 << at % 8
      const to = 5 + sealed.length - (change === 'cut' ? 1 + at % sealed.length : 0)
      const opened = ciphers.map((cipher) => contentOf(cipher.open(number, APPLICATION_DATA, version, sent, 5, to)))
      for (const cipher of ciphers) cipher.passed(sent, 5, 5 + sealed.length)
      if (change === 'nothing') for (const each of opened) assert.ok(each?.equals(content), `${suite.cipher} ${suite.mac}, ${size} bytes`)
      // A bit of the last block but one of TLS 1.0 or of the vector may only change what the padding is long: then the MAC says so.
      else assert.deepEqual(opened, [undefined, undefined], `${suite.cipher} ${suite.mac}, ${size} bytes, ${change}`)
      const end = sent.length - 3 - (outside ? suite.macBytes : 0)
      iv = version === TLS_1_0 ? Buffer.from(sent.subarray(end - suite.ivBytes, end)) : randomBytes(suite.ivBytes)
    }
  }), { numRuns: 120 })
})

test('what is quicker takes over as soon as it is there, also between two records that depend on each other', () => {
  for (const suite of KINDS) {
    const block = keysOf(suite)
    let asked = 0
    const quicker = (): CbcOpener | undefined => ++asked < 3 ? undefined : recordCrypto.cbc(suite.cipher, block.key, suite.mac, block.mac)
    const cipher = new CbcCipher(suite, block, TLS_1_0, false, quicker)
    let iv: Uint8Array = block.iv
    for (let number = 0; number < 6; number++) {
      const sealed = seal(suite, block, number, TLS_1_0, false, Buffer.from('a record'), iv, 0)
      assert.equal(contentOf(cipher.open(number, APPLICATION_DATA, TLS_1_0, sealed, 0, sealed.length))?.toString(), 'a record')
      cipher.passed(sealed, 0, sealed.length)
      iv = Buffer.from(sealed.subarray(-suite.ivBytes))
    }
    assert.equal(asked, 3)
  }
})

test('random bytes open in neither way', () => {
  fc.assert(fc.property(fc.constantFrom(...KINDS), fc.boolean(), fc.nat(700), (suite, outside, size) => {
    const block = keysOf(suite)
    const bytes = randomBytes(size)
    for (const crypto of [undefined, recordCrypto]) assert.equal(cipherOf(suite, block, TLS_1_2, outside, crypto).open(0, APPLICATION_DATA, TLS_1_2, bytes, 0, size), undefined)
  }), { numRuns: 300 })
})
