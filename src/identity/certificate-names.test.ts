import assert from 'node:assert/strict'
import { test } from 'node:test'
import { authoritySpiffeId, isDnsName, MAX_NAMES, objectionToNames } from './certificate-names.ts'

const limits = { trustDomain: 'shop.test', dnsDomains: ['shop.test'] }
const names = { spiffeId: 'spiffe://shop.test/cart', dnsNames: ['cart.shop.test'], ipAddresses: ['10.0.0.7', 'fd00::7'] }

test('a workload of the trust domain with names of its DNS domains is fine', () => {
  assert.equal(objectionToNames(names, limits), undefined)
  assert.equal(objectionToNames({ ...names, dnsNames: ['cart'] }, { ...limits, dnsDomains: [] }), undefined)
})

for (const [spiffeId, why] of [
  ['cart', /not a SPIFFE ID/], ['spiffe://other.test/cart', /not in trust domain shop\.test/], ['spiffe://sub.shop.test/cart', /not in trust domain/],
  ['spiffe://shop.test', /names a trust domain/], [authoritySpiffeId('shop.test'), /reserved/], ['spiffe://shop.test/mtlscope/x', /reserved/],
] as const) {
  test(`nobody is called ${spiffeId}`, () => assert.match(objectionToNames({ ...names, spiffeId }, limits) ?? '', why))
}

test('host names outside the limits, wildcards and things that are none are refused', () => {
  for (const dns of ['shop.test.evil', 'myshop.test', 'cart', '*.shop.test', 'Cart.shop.test', 'cart.shop.test.', '', 'a b.shop.test', '10.0.0.1', `${'a'.repeat(64)}.shop.test`]) {
    assert.notEqual(objectionToNames({ ...names, dnsNames: [dns] }, limits), undefined, dns)
  }
  for (const ip of ['10.0.0', '10.0.0.0/8', 'fe80::1%eth0', 'cart', '']) assert.match(objectionToNames({ ...names, ipAddresses: [ip] }, limits) ?? '', /IP address/)
  assert.match(objectionToNames({ ...names, dnsNames: Array.from({ length: MAX_NAMES + 1 }, (_, i) => `a${i}.shop.test`) }, limits) ?? '', /more than/)
})

test('labels may begin with an underscore', () => {
  assert.ok(isDnsName('_grpc._tcp.shop.test'))
  assert.ok(!isDnsName('-a.test'))
})
