import assert from 'node:assert/strict'
import { createCipheriv, createHmac } from 'node:crypto'
import type { CipherGCMTypes } from 'node:crypto'
import test from 'node:test'
import type { Opened } from '../../base/record-crypto.ts'
import { CbcCipher } from './cbc-cipher.ts'
import { CIPHER_SUITES } from './cipher-suites.ts'
import { nextTrafficSecret, trafficKeys } from './key-schedule.ts'
import { MAX_TRIED_NUMBERS } from './limits.ts'
import { AeadCipher } from './record-cipher.ts'
import type { Keys } from './record-opener.ts'
import { RecordOpener } from './record-opener.ts'
import { suiteCipher } from './suite-cipher.ts'
import { unpackCertificate } from './compressed-certificate.ts'
import { deflateSync } from 'node:zlib'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')
const suiteNamed = (name: string): number => [...CIPHER_SUITES.entries()].find(([, known]) => known === name)![0]

test('the keys of a traffic secret are those of RFC 8448 §3', () => {
  const secret = hex('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38')
  const { key, iv } = trafficKeys(suiteCipher(0x1301)!, secret)
  assert.deepEqual([Buffer.from(key), Buffer.from(iv)], [hex('3fce516009c21727d0f2e4e86ee403bc'), hex('5d313eb2671276ee13000b30')])
})

test('suites that are decrypted, and those that are not', () => {
  assert.equal(suiteCipher(suiteNamed('TLS_AES_128_CCM_8_SHA256'))?.tagBytes, 8)
  assert.equal(suiteCipher(suiteNamed('TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'))?.macBytes, 48)
  assert.equal(suiteCipher(suiteNamed('TLS_RSA_WITH_AES_128_CBC_SHA'))?.hash, 'sha256')
  for (const name of ['TLS_RSA_WITH_RC4_128_SHA', 'TLS_RSA_WITH_NULL_SHA', 'TLS_AEGIS_128L_SHA256', 'TLS_RSA_WITH_DES_CBC_SHA']) {
    assert.equal(suiteCipher(suiteNamed(name)), undefined, name)
  }
})

const aes = suiteCipher(0x1301)!
const SECRET = Buffer.alloc(32, 5)

function sealed(number: number, text: string, secret: Uint8Array = SECRET): Buffer {
  const { key, iv } = trafficKeys(aes, secret)
  const nonce = Buffer.from(iv)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8)
  const plain = Buffer.concat([Buffer.from(text), Buffer.from([23])])
  const cipher = createCipheriv(aes.cipher as CipherGCMTypes, key, nonce)
  cipher.setAAD(Buffer.from([23, 3, 3, 0, plain.length + 16]))
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

function opener(): RecordOpener {
  const keys = (secret: Uint8Array): Keys => {
    const { key, iv } = trafficKeys(aes, secret)
    return { cipher: new AeadCipher(aes, key, iv, true), next: () => keys(nextTrafficSecret(aes, secret)) }
  }
  return new RecordOpener(keys(SECRET))
}

const text = (content: Opened | undefined): string | undefined => content && Buffer.from(content.bytes.subarray(content.from, content.to)).toString()
const open = (o: RecordOpener, record: Uint8Array): string | undefined => text(o.open(23, 0x0303, record, 0, record.length))?.slice(0, -1)

test('records open in turn, and a wrong bit, number or length opens nothing', () => {
  const o = opener()
  assert.equal(open(o, sealed(0, 'one')), 'one')
  const broken = sealed(1, 'two')
  broken[2]! ^= 1
  assert.equal(open(o, broken), undefined)
  assert.equal(open(o, sealed(2, 'three')), 'three')
  assert.equal(open(o, sealed(9, 'ten')), undefined)
  assert.equal(open(o, new Uint8Array(3)), undefined)
})

test('after a loss the number is found again, within bounds, also behind a key update', () => {
  const o = opener()
  o.lost(2000)
  assert.equal(open(o, sealed(100, 'late')), 'late')
  assert.equal(open(o, sealed(101, 'next')), 'next')
  o.lost(1e9)
  assert.equal(open(o, sealed(103 + MAX_TRIED_NUMBERS, 'too far')), undefined)
  const updated = opener()
  updated.lost(500)
  const next = nextTrafficSecret(aes, SECRET)
  assert.equal(open(updated, sealed(3, 'new key', next)), 'new key')
  assert.equal(open(updated, sealed(4, 'and on', next)), 'and on')
})

test('CBC: a wrong MAC or padding opens nothing', () => {
  const suite = suiteCipher(0x002f)!
  const block = { mac: Buffer.alloc(20, 1), key: Buffer.alloc(16, 2), iv: Buffer.alloc(16, 3) }
  const seal = (text: string, flip: 'mac' | 'padding' | 'nothing'): Buffer => {
    const plain = Buffer.from(text)
    const header = Buffer.concat([Buffer.alloc(8), Buffer.from([23, 3, 3, 0, plain.length])])
    const mac = createHmac('sha1', block.mac).update(header).update(plain).digest()
    if (flip === 'mac') mac[3]! ^= 0x80
    const padding = 15 - (plain.length + mac.length) % 16
    const pad = Buffer.alloc(padding + 1, padding)
    if (flip === 'padding') pad[0]! ^= 1
    const iv = Buffer.alloc(16, 9)
    const cipher = createCipheriv('aes-128-cbc', block.key, iv).setAutoPadding(false)
    return Buffer.concat([iv, cipher.update(Buffer.concat([plain, mac, pad])), cipher.final()])
  }
  const read = (record: Buffer): string | undefined => text(new CbcCipher(suite, block, 0x0303, false).open(0, 23, 0x0303, record, 0, record.length))
  assert.equal(read(seal('hello', 'nothing')), 'hello')
  assert.equal(read(seal('', 'nothing')), '')
  for (const flip of ['mac', 'padding'] as const) assert.equal(read(seal('hello', flip)), undefined, flip)
  assert.equal(read(seal('hello', 'nothing').subarray(0, 40)), undefined)
})

test('a compressed certificate message is unpacked, in bounds', () => {
  const message = Buffer.alloc(900, 7)
  const packed = (claims: number): Buffer => {
    const body = deflateSync(message)
    return Buffer.concat([Buffer.from([0, 1, 0, claims >> 8, claims & 0xff, 0, body.length >> 8, body.length & 0xff]), body])
  }
  const whole = packed(900)
  assert.deepEqual(Buffer.from(unpackCertificate(whole, 0, whole.length)!), message)
  const lying = packed(100)
  assert.equal(unpackCertificate(lying, 0, lying.length), undefined)
  assert.equal(unpackCertificate(whole, 0, 20), undefined)
})
