import assert from 'node:assert/strict'
import { test } from 'node:test'
import { x509 } from './x509.ts'
import fc from '#property'
import { CART, csrFor, csrWith } from './authority/ca.fixture.ts'
import { generateKeys } from './certificate-profile.ts'
import { createCsr, MAX_CSR_BYTES, objectionToCsr, verifyCsr } from './csr.ts'
import { formatPem, parsePem } from './pem.ts'

const cart = { ...CART, ipAddresses: ['10.0.0.7', 'fd00::7'] }

async function whyNot(pem: string): Promise<string> {
  const reading = await verifyCsr(pem)
  return reading.ok ? '' : reading.why
}

async function objection(pem: string): Promise<string | undefined> {
  const reading = await verifyCsr(pem)
  assert.ok(reading.ok, reading.ok ? '' : reading.why)
  return objectionToCsr(reading.csr, cart)
}

test('a request for its own identity, for part of it or for nothing is fine', async () => {
  assert.equal(await objection(await createCsr(await generateKeys(true), cart.spiffeId)), undefined)
  assert.equal(await objection(await csrWith([])), undefined)
  assert.equal(await objection(await csrFor([{ type: 'dns', value: 'Cart' }, { type: 'ip', value: 'fd00:0:0::7' }, { type: 'ip', value: '10.0.0.7' }])), undefined)
})

test('a request for anything else is told from it', async () => {
  assert.match(await objection(await csrFor([{ type: 'url', value: 'spiffe://shop.test/admin' }])) ?? '', /asks for spiffe:\/\/shop\.test\/admin/)
  assert.match(await objection(await csrFor([{ type: 'url', value: cart.spiffeId }, { type: 'url', value: 'spiffe://shop.test/admin' }])) ?? '', /admin/)
  assert.match(await objection(await csrFor([{ type: 'dns', value: 'bank.test' }])) ?? '', /bank\.test/)
  assert.match(await objection(await csrFor([{ type: 'ip', value: '10.0.0.8' }])) ?? '', /10\.0\.0\.8/)
  assert.match(await objection(await csrFor([{ type: 'email', value: 'root@shop.test' }])) ?? '', /email:root@shop\.test/)
})

test('a request for the rights of a CA or for other purposes is refused', async () => {
  for (const extension of [
    new x509.BasicConstraintsExtension(true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign),
    new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.3']),
  ]) assert.match(await objection(await csrWith([extension])) ?? '', /more than the rights/)
})

test('keys that are weak, too costly or of an unwanted kind are refused', async () => {
  const rsa = async (modulusLength: number, exponent: number[]): Promise<string> => {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array(exponent) }
    return await csrWith([], await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']), algorithm)
  }
  assert.match(await whyNot(await rsa(1024, [1, 0, 1])), /RSA key of 1024 bits/)
  assert.match(await whyNot(await rsa(2048, [3])), /exponent 3/)
  assert.equal(await whyNot(await rsa(2048, [1, 0, 1])), '')
  const p521 = { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }
  assert.match(await whyNot(await csrWith([], await crypto.subtle.generateKey(p521, true, ['sign', 'verify']), p521)), /secp521r1, wanted: P-256/)
  const sha1 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-1' }
  assert.match(await whyNot(await csrWith([], await generateKeys(true), sha1)), /hash other than/)
})

test('a request signed by another key is refused', async () => {
  const [der] = parsePem(await csrFor([{ type: 'url', value: cart.spiffeId }]), 'CERTIFICATE REQUEST')
  der![der!.length - 1]! ^= 1
  assert.match(await whyNot(formatPem('CERTIFICATE REQUEST', der!)), /signature|not a certificate request/)
})

test('garbage is refused and never throws', async () => {
  for (const text of ['', 'hello', '-----BEGIN CERTIFICATE REQUEST-----', formatPem('CERTIFICATE REQUEST', Buffer.from('hello')), formatPem('PRIVATE KEY', Buffer.alloc(90))]) {
    assert.notEqual(await whyNot(text), '', text)
  }
  assert.match(await whyNot(formatPem('CERTIFICATE REQUEST', Buffer.alloc(MAX_CSR_BYTES + 1, 0x30))), /more than/)
  const good = await csrFor([{ type: 'url', value: cart.spiffeId }])
  assert.match(await whyNot(good + good), /2 PEM blocks/)
})

test('no flipped byte of a request makes it good, and none throws', async () => {
  const [good] = parsePem(await csrFor([{ type: 'url', value: cart.spiffeId }]), 'CERTIFICATE REQUEST')
  await fc.assert(fc.asyncProperty(fc.nat({ max: good!.length - 1 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
    const der = Buffer.from(good!)
    der[at]! ^= mask
    const reading = await verifyCsr(formatPem('CERTIFICATE REQUEST', der))
    // A different encoding of the same thing may pass (BER lengths); what it says may not change.
    if (reading.ok) assert.deepEqual(reading.csr.uris, [cart.spiffeId])
  }), { numRuns: 60 })
  await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (junk) => {
    assert.equal((await verifyCsr(formatPem('CERTIFICATE REQUEST', junk))).ok, false)
  }), { numRuns: 60 })
})

test('deep nesting is refused quickly', async () => {
  let der = Buffer.from([5, 0])
  for (let i = 0; i < 1500; i++) {
    const length = der.length < 128 ? [der.length] : [0x82, der.length >> 8, der.length & 255]
    der = Buffer.concat([Buffer.from([0x30, ...length]), der])
  }
  assert.equal(await whyNot(formatPem('CERTIFICATE REQUEST', der)), 'not a certificate request')
})
