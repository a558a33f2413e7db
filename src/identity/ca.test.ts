import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { CertificateAuthority } from './ca.ts'

const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2026-01-02T00:00:00Z') }

test('the root is a CA of its trust domain and signs itself', async () => {
  const root = new X509Certificate((await CertificateAuthority.create('shop.test', validity)).certificatePem)
  assert.equal(root.ca, true)
  assert.ok(root.verify(root.publicKey))
  assert.equal(root.subjectAltName, 'URI:spiffe://shop.test')
  assert.deepEqual([root.validFromDate, root.validToDate], [validity.notBefore, validity.notAfter])
})

test('a leaf carries one URI, its DNS names, and no CA rights', async () => {
  const ca = await CertificateAuthority.create('shop.test', validity)
  const svid = await ca.issue({ spiffeId: 'spiffe://shop.test/cart', dnsNames: ['cart', 'cart.shop.test'], ...validity })
  const leaf = new X509Certificate(svid.certificatePem)
  const root = new X509Certificate(ca.certificatePem)
  assert.equal(leaf.ca, false)
  assert.ok(leaf.verify(root.publicKey))
  assert.ok(leaf.checkIssued(root))
  assert.equal(leaf.subjectAltName, 'URI:spiffe://shop.test/cart, DNS:cart, DNS:cart.shop.test')
  assert.ok(leaf.checkPrivateKey(createPrivateKey(svid.privateKeyPem)))
  assert.equal(leaf.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
})

test('two leaves share neither serial number nor key', async () => {
  const ca = await CertificateAuthority.create('shop.test', validity)
  const request = { spiffeId: 'spiffe://shop.test/cart', dnsNames: ['cart'], ...validity }
  const [a, b] = await Promise.all([ca.issue(request), ca.issue(request)])
  assert.notEqual(new X509Certificate(a.certificatePem).serialNumber, new X509Certificate(b.certificatePem).serialNumber)
  assert.notEqual(a.privateKeyPem, b.privateKeyPem)
})

test('an identity of another trust domain is not issued', async () => {
  const ca = await CertificateAuthority.create('shop.test', validity)
  await assert.rejects(ca.issue({ spiffeId: 'spiffe://other.test/cart', dnsNames: [], ...validity }), /not in trust domain shop\.test/)
  await assert.rejects(ca.issue({ spiffeId: 'cart', dnsNames: [], ...validity }), /not a SPIFFE ID/)
  await assert.rejects(CertificateAuthority.create('Not A Domain', validity), /not a SPIFFE ID/)
})
