import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { MetricsPage } from '../../base/metrics-page.ts'
import { parseMetrics, valueOf } from '../../base/metrics.fixture.ts'
import { namesOfAccount } from './account-names.ts'
import type { ApiServer } from './api-server.fixture.ts'
import { openApiServer } from './api-server.fixture.ts'
import { parseReview } from './review-answer.ts'
import { TokenReviews } from './token-reviews.ts'

const AUDIENCE = 'mtlscope-ca'
const NAMING = { trustDomain: 'shop.test', home: 'mesh', reserved: ['mtlscope-ca.mesh.svc'] }
const NOW = 1_800_000_000_000

function tokenOf(claims: object): string {
  return ['{"alg":"RS256"}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.')
}

const TOKEN = tokenOf({ aud: [AUDIENCE], sub: 'system:serviceaccount:shop:web', exp: NOW / 1000 + 600 })

function yes(username = 'system:serviceaccount:shop:web', audiences: unknown = [AUDIENCE], extra: object = { 'authentication.kubernetes.io/pod-name': ['web-1'] }): object {
  return { kind: 'TokenReview', status: { authenticated: true, audiences, user: { username, extra } } }
}

function reviews(api: ApiServer): TokenReviews {
  return new TokenReviews({ client: api.client, audience: AUDIENCE, naming: NAMING })
}

test('the account of a token decides who it is, and the question names the audience', async (t) => {
  const api = await openApiServer(t)
  const bodies: unknown[] = []
  api.route = (_, __, body) => { bodies.push(body); return { status: 201, body: yes() } }
  assert.deepEqual(await reviews(api).find(TOKEN, NOW), { id: 'shop/web-1', spiffeId: 'spiffe://shop.test/ns/shop/sa/web', dnsNames: [], ipAddresses: [] })
  assert.deepEqual(api.asked, ['POST /apis/authentication.k8s.io/v1/tokenreviews'])
  assert.deepEqual((bodies[0] as { spec: object }).spec, { token: TOKEN, audiences: [AUDIENCE] })
})

test('only a yes for this audience, of a service account, is one', () => {
  const review = (answer: unknown): string => {
    const found = parseReview(answer, AUDIENCE)
    return typeof found === 'string' ? found : `${found.account.namespace}/${found.account.name}`
  }
  assert.equal(review(yes()), 'shop/web')
  assert.match(review({ status: { authenticated: false, error: 'invalid' } }), /does not know the token/)
  assert.match(review({ status: { ...(yes() as { status: object }).status, authenticated: 'true' } }), /does not know/)
  // An API server that knows no audiences names none.
  assert.match(review(yes('system:serviceaccount:shop:web', null)), /not for the audience/)
  assert.match(review(yes('system:serviceaccount:shop:web', ['https://kubernetes.default.svc'])), /not for the audience/)
  for (const user of ['admin', 'system:node:n1', 'system:serviceaccount:shop', 'system:serviceaccount:a:b:c', 'system:serviceaccount:..:web', 'system:serviceaccount:shop:we/b', 'system:serviceaccount:a.b:web']) {
    assert.match(review(yes(user)), /not that of a service account/, user)
  }
})

test('whatever the API server answers, it never throws', () => {
  fc.assert(fc.property(fc.anything(), fc.anything(), (status, user) => {
    parseReview(status, AUDIENCE)
    parseReview({ status }, AUDIENCE)
    parseReview({ status: { authenticated: true, audiences: [AUDIENCE], user } }, AUDIENCE)
  }))
})

test('what cannot be such a token is not asked about', async (t) => {
  const api = await openApiServer(t)
  const found = reviews(api)
  assert.match(String(await found.find('mtlsca_1f00ba44_secret', NOW)), /not a token of a service account/)
  assert.match(String(await found.find(tokenOf({ aud: ['other'], exp: NOW }), NOW)), /audience mtlscope-ca/)
  assert.match(String(await found.find(tokenOf({ aud: AUDIENCE, exp: NOW / 1000 }), NOW)), /has expired/)
  assert.match(String(await found.find(`${'a'.repeat(9000)}.b.c`, NOW)), /not a token/)
  assert.deepEqual(api.asked, [])
})

test('a good token is good for ten seconds, a bad one is asked about again, and at the same time only once', async (t) => {
  const api = await openApiServer(t)
  const found = reviews(api)
  api.route = () => ({ status: 201, body: { status: { authenticated: false } } })
  assert.match(String(await found.find(TOKEN, NOW)), /does not know/)
  api.route = () => ({ status: 201, body: yes() })
  await Promise.all([found.find(TOKEN, NOW), found.find(TOKEN, NOW), found.find(TOKEN, NOW)])
  await found.find(TOKEN, NOW + 9_999)
  assert.equal(api.asked.length, 2)
  await found.find(TOKEN, NOW + 10_000)
  assert.equal(api.asked.length, 3)
  api.route = () => ({ status: 500, body: {} })
  await assert.rejects(found.find(TOKEN, NOW + 30_000))
  const page = new MetricsPage()
  found.addMetrics(page)
  const samples = parseMetrics(page.text())
  assert.deepEqual(['good', 'refused', 'failed', 'remembered'].map((outcome) => valueOf(samples, 'mtlscope_ca_token_reviews_total', { outcome })), [2, 1, 1, 1])
})

test('an API server that fails is no answer, and a flood is turned away', async (t) => {
  const api = await openApiServer(t)
  const found = reviews(api)
  api.route = () => ({ status: 500, body: {} })
  await assert.rejects(found.find(TOKEN, NOW), { code: 'kube-failed' })
  api.route = () => ({ status: 403, body: { message: 'cannot create resource "tokenreviews"' } })
  await assert.rejects(found.find(TOKEN, NOW), { code: 'kube-refused' })
  api.route = () => ({ status: 201, body: yes() })
  const flood = await Promise.allSettled(Array.from({ length: 100 }, (_, n) => found.find(tokenOf({ aud: AUDIENCE, n }), NOW)))
  const busy = flood.filter((one) => one.status === 'rejected' && (one.reason as { code?: string }).code === 'ca-busy').length
  assert.equal(busy, 36)
})

test('DNS names are for the accounts of the control plane, and never that of the CA', () => {
  const names = (namespace: string, name: string): readonly string[] => namesOfAccount({ namespace, name }, NAMING).dnsNames
  assert.deepEqual(names('mesh', 'mtlscope-injector'), ['mtlscope-injector.mesh.svc'])
  assert.deepEqual(names('shop', 'mtlscope-injector'), [])
  assert.deepEqual(names('mesh', 'mtlscope-ca'), [])
  assert.deepEqual(names('mesh', 'a.b'), [])
})
