import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { bundleOf, newCa } from './authority/ca.fixture.ts'
import { parseTokenClaims } from './token-claims.ts'
import { spiffeIdOfToken } from './token-identity.ts'

function tokenOf(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2ln`
}

test('the account of the token in the trust domain of the bundle', async (t) => {
  const bundle = await bundleOf(await newCa(t))
  assert.equal(spiffeIdOfToken(tokenOf({ sub: 'system:serviceaccount:shop:web' }), bundle), 'spiffe://shop.test/ns/shop/sa/web')
  assert.throws(() => spiffeIdOfToken(tokenOf({ sub: 'admin' }), bundle), { code: 'bad-identity', message: 'the token names no service account' })
  assert.throws(() => spiffeIdOfToken('mtlsca_1f00ba44_x', bundle), { code: 'bad-identity' })
  const other = await bundleOf(await newCa(t, { trustDomain: 'other.test' }))
  assert.throws(() => spiffeIdOfToken(tokenOf({ sub: 'system:serviceaccount:shop:web' }), bundle + other), { message: 'the roots of the trust bundle name 2 trust domains' })
})

test('whatever a token is, reading it throws nothing', () => {
  fc.assert(fc.property(fc.string(), fc.anything(), (text, value) => {
    parseTokenClaims(text)
    const claims = parseTokenClaims(tokenOf(value ?? null))
    assert.ok(claims === undefined || Array.isArray(claims.audiences))
  }))
})
