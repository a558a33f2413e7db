import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test from 'node:test'
import fc from '#property'
import { splitAlternativeNames } from './alternative-names.ts'
import { describeCertificate } from './certificate.ts'
import { parseCertificateList } from './certificate-list.ts'
import { parseCertificateRequest } from './certificate-request.ts'
import { nameText } from './distinguished-name.ts'
import { MAX_AUTHORITIES, MAX_CERTIFICATES, MAX_CERTIFICATE_BYTES } from './limits.ts'
import { makePki } from './pki.fixture.ts'
import { parseServerKeyExchange } from './server-key-exchange.ts'
import { u16, u8, vector } from './wire.fixture.ts'

const pki = await makePki()
const der = new X509Certificate(pki.server.cert).raw

function der1(tag: number, ...parts: Uint8Array[]): Buffer {
  return Buffer.concat([u8(tag), vector(1, ...parts)])
}
const attribute = (oid: string, tag: number, value: Uint8Array): Buffer => der1(0x31, der1(0x30, der1(0x06, Buffer.from(oid, 'hex')), der1(tag, value)))
const name = der1(0x30,
  attribute('550406', 0x13, Buffer.from('SE')), attribute('55040a', 0x0c, Buffer.from('Å, Söner')),
  attribute('0992268993f22c640119', 0x16, Buffer.from('example')), attribute('550403', 0x1e, Buffer.from('00e500e4', 'hex')))

test('distinguished names: order, short names, strings of all kinds, escapes', () => {
  assert.equal(nameText(name, 0, name.length), 'C=SE, O=Å\\, Söner, DC=example, CN=åä')
  const unknown = der1(0x30, attribute('2a864886f70d01', 0x0c, Buffer.from('x')))
  assert.equal(nameText(unknown, 0, unknown.length), '1.2.840.113549.1=x')
  assert.equal(nameText(der1(0x30), 0, 2), '')
  assert.equal(nameText(name, 0, name.length - 1), undefined)
  assert.equal(nameText(der1(0x31), 0, 2), undefined)
})

test('alternative names cannot smuggle in others', () => {
  assert.deepEqual(splitAlternativeNames(''), [])
  assert.deepEqual(splitAlternativeNames('DNS:a.example, IP Address:10.0.0.1, URI:spiffe://x/y'), ['DNS:a.example', 'IP Address:10.0.0.1', 'URI:spiffe://x/y'])
  assert.deepEqual(splitAlternativeNames(String.raw`URI:"spiffe://x/a, DNS:evil\"", DNS:b`), ['URI:spiffe://x/a, DNS:evil"', 'DNS:b'])
})

test('a certificate that is none has a fingerprint still', () => {
  const facts = describeCertificate(Buffer.from('no certificate'))
  assert.deepEqual([facts.malformed, facts.bytes, facts.subject, facts.sha256.length], [true, 14, undefined, 64])
})

test('the same certificate is taken apart once, and however many there are, each has its own facts', () => {
  assert.equal(describeCertificate(der), describeCertificate(Uint8Array.from(der)))
  const sizes = Array.from({ length: 600 }, (_, size) => describeCertificate(Buffer.alloc(size)).bytes)
  assert.deepEqual(sizes, sizes.map((_, size) => size))
  assert.equal(describeCertificate(der).bytes, der.length)
})

test('two SPIFFE ids are none', async () => {
  assert.equal(describeCertificate(der).spiffeId, 'spiffe://shop.example/ns/default/sa/cart')
  const twice = Buffer.from(der.toString('latin1').replace('cart.shop.example', 'x'.repeat(17)), 'latin1')
  assert.deepEqual(describeCertificate(twice).alternativeNames![0], `DNS:${'x'.repeat(17)}`)
})

test('mutated certificates never throw', () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: der.length }), (changes, end) => {
    const bytes = Buffer.from(der)
    for (const [at, value] of changes) bytes[at] = value
    assert.equal(describeCertificate(bytes.subarray(0, end)).bytes, end)
  }), { numRuns: 300 })
})

test('certificate lists: empty, long, with a certificate that is too large, cut', () => {
  const parse = (...certificates: Uint8Array[]) => {
    const body = vector(3, ...certificates.map((certificate) => vector(3, certificate)))
    return parseCertificateList(body, 0, body.length)
  }
  assert.deepEqual([parse().chainLength, parse().malformed], [0, undefined])
  const many = parse(...Array.from({ length: MAX_CERTIFICATES + 2 }, () => Buffer.alloc(3)))
  assert.deepEqual([many.chainLength, many.ders.length, many.cut], [MAX_CERTIFICATES + 2, MAX_CERTIFICATES, true])
  const large = parse(Buffer.alloc(3), Buffer.alloc(MAX_CERTIFICATE_BYTES + 1), Buffer.alloc(4))
  assert.deepEqual([large.chainLength, large.ders.map((bytes) => bytes.length), large.cut], [3, [3, 4], true])
  const body = vector(3, vector(3, Buffer.alloc(10)))
  const cut = parseCertificateList(body, 0, body.length - 1)
  assert.deepEqual([cut.chainLength, cut.malformed === undefined], [0, false])
})

test('certificate requests: authorities are counted beyond what is kept', () => {
  const names = Array.from({ length: MAX_AUTHORITIES + 1 }, () => vector(2, name))
  const body = Buffer.concat([vector(1, u8(64)), vector(2, u16(0x0403)), vector(2, ...names)])
  const request = parseCertificateRequest(0x0303, body, 0, body.length)
  assert.deepEqual([request.authorities.length, request.authoritiesCount, request.types, request.signatureSchemes], [MAX_AUTHORITIES, MAX_AUTHORITIES + 1, [64], [0x0403]])
  const old = Buffer.concat([vector(1, u8(1)), vector(2)])
  assert.deepEqual(parseCertificateRequest(0x0301, old, 0, old.length).signatureSchemes, undefined)
  assert.notEqual(parseCertificateRequest(0x0303, body, 0, 30).malformed, undefined)
})

test('server key exchange of all kinds', () => {
  const parse = (suite: number, version: number, body: Buffer) => parseServerKeyExchange(suite, version, body, 0, body.length)
  const curve = Buffer.concat([u8(3), u16(29), vector(1, Buffer.alloc(32))])
  const signature = Buffer.concat([u16(0x0804), vector(2, Buffer.alloc(64))])
  assert.deepEqual(parse(0xc02f, 0x0303, Buffer.concat([curve, signature])), { group: 29, signatureScheme: 0x0804, paramsBytes: 36 })
  assert.deepEqual(parse(0xc014, 0x0301, curve), { group: 29, paramsBytes: 36 })
  assert.deepEqual(parse(0xc018, 0x0303, curve), { group: 29 }, 'anonymous')
  assert.deepEqual(parse(0xc035, 0x0303, Buffer.concat([vector(2, Buffer.from('hint')), curve])), { group: 29 }, 'PSK')
  const prime = Buffer.concat([vector(2, Buffer.from('007fff', 'hex')), vector(2, u8(2)), vector(2, Buffer.alloc(2))])
  assert.deepEqual(parse(0x0033, 0x0301, prime), { primeBits: 15, paramsBytes: 12 })
  assert.equal(parse(0x002f, 0x0303, curve), undefined, 'RSA has none')
  assert.equal(parse(0xc02f, 0x0303, curve.subarray(0, 5)), undefined)
  assert.equal(parse(0xc02f, 0x0303, Buffer.from([1, 2, 3, 4])), undefined, 'explicit curves')
})
