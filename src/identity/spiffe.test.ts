import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { formatSpiffeId, parseSpiffeId } from './spiffe.ts'

test('a SPIFFE ID is a trust domain and a path', () => {
  assert.deepEqual(parseSpiffeId('spiffe://shop.test/cart'), { trustDomain: 'shop.test', path: '/cart' })
  assert.deepEqual(parseSpiffeId('spiffe://shop.test/ns/a/sa/b'), { trustDomain: 'shop.test', path: '/ns/a/sa/b' })
  assert.deepEqual(parseSpiffeId('spiffe://shop.test'), { trustDomain: 'shop.test', path: '' })
})

for (const text of [
  '', 'spiffe://', 'https://shop.test/cart', 'SPIFFE://shop.test/cart', 'spiffe://Shop.test/cart', 'spiffe://shop.test/',
  'spiffe://shop.test//cart', 'spiffe://shop.test/cart/', 'spiffe://shop.test/./cart', 'spiffe://shop.test/../cart',
  'spiffe://shop.test:8443/cart', 'spiffe://user@shop.test/cart', 'spiffe://shop.test/cart?x=1', 'spiffe://shop.test/c%61rt',
  'spiffe://shop.test/cart\n', 'spiffe://shop.test/' + 'a'.repeat(2048), 'spiffe://' + 'a'.repeat(256) + '/cart',
]) {
  test(`not a SPIFFE ID: ${JSON.stringify(text.slice(0, 40))}`, () => assert.equal(parseSpiffeId(text), undefined))
}

test('what is parsed is written back unchanged', () => {
  const segment = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
  fc.assert(fc.property(fc.stringMatching(/^[a-z0-9._-]{1,30}$/), fc.array(segment, { maxLength: 5 }), (domain, segments) => {
    const text = ['spiffe://' + domain, ...segments].join('/')
    const id = parseSpiffeId(text)
    assert.ok(id)
    assert.equal(formatSpiffeId(id), text)
  }))
})
