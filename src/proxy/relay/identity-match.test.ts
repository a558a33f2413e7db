import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityOf, isIdentityAllowed } from './identity-match.ts'

const web = { uris: ['spiffe://shop/ns/a/sa/web'], dnsNames: ['web.a.svc', '*.b.svc'] }

for (const [patterns, allowed] of [
  [[], true], [['spiffe://shop/ns/a/sa/web'], true], [['spiffe://shop/ns/a/*'], true], [['spiffe://shop/ns/a/sa/we'], false],
  [['spiffe://shop/ns/a/sa/webx'], false], [['spiffe://other/*'], false], [['spiffe://other/*', 'web.a.svc'], true], [['WEB.a.svc'], true],
  [['x.b.svc'], true], [['x.y.b.svc'], false], [['b.svc'], false], [['web.*'], true], [['spiffe://Shop/ns/a/sa/web'], false],
] as const) {
  test(`${JSON.stringify(patterns)} ${allowed ? 'lets' : 'does not let'} web in`, () => assert.equal(isIdentityAllowed(patterns, web), allowed))
}

test('a certificate of two URIs has no SPIFFE id', () => {
  const two = { uris: [...web.uris, 'spiffe://shop/admin'], dnsNames: [] }
  assert.equal(isIdentityAllowed(['spiffe://*'], two), false)
  assert.equal(isIdentityAllowed([], two), true)
})

test('a NUL ends no name', () => {
  assert.equal(isIdentityAllowed(['web'], { uris: [], dnsNames: ['web\0.evil.example'] }), false)
})

test('the SPIFFE id names a peer, else its first DNS name', () => {
  assert.equal(identityOf(web), 'spiffe://shop/ns/a/sa/web')
  assert.equal(identityOf({ uris: [], dnsNames: ['web'] }), 'web')
  assert.equal(identityOf({ uris: ['https://x'], dnsNames: [] }), 'https://x')
  assert.equal(identityOf({ uris: ['spiffe://a/b', 'spiffe://a/c'], dnsNames: [] }), 'spiffe://a/b,spiffe://a/c')
  assert.equal(identityOf({ uris: [], dnsNames: [] }), '')
})
