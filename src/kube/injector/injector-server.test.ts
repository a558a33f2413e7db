import assert from 'node:assert/strict'
import { Agent, request } from 'node:https'
import { connect } from 'node:tls'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { MetricsPage } from '../../base/metrics-page.ts'
import { parseMetrics, valueOf } from '../../base/metrics.fixture.ts'
import { openAuthority, newCa } from '../../identity/authority/ca.fixture.ts'
import { exportKeyPem, generateKeys } from '../../identity/certificate-profile.ts'
import type { Admission } from './admit-pod.ts'
import type { InjectorServer, KeyAndChain } from './injector-server.ts'
import { OwnCertificate } from './own-certificate.ts'
import { MAX_REVIEW_BYTES, openInjectorServer } from './injector-server.ts'

const HOST = 'mtlscope-injector.mesh.svc'
const REVIEW = {
  apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview',
  request: { uid: 'abc', kind: { kind: 'Pod' }, operation: 'CREATE', namespace: 'shop', object: { metadata: { generateName: 'web-' }, spec: { containers: [{ name: 'app' }] } } },
}

interface Reply { readonly status: number, readonly text: string, readonly connection: string | undefined }

async function certificate(issuer: Awaited<ReturnType<ReturnType<typeof openAuthority>['current']>>): Promise<KeyAndChain> {
  const keys = await generateKeys(true)
  const names = { spiffeId: 'spiffe://shop.test/ns/mesh/sa/mtlscope-injector', dnsNames: [HOST], ipAddresses: [] }
  const leaf = await issuer.issue({ names, publicKey: keys.publicKey, ttlMillis: 3_600_000, nowMillis: Date.now() })
  return { key: await exportKeyPem(keys.privateKey), cert: leaf.chainPem }
}

async function open(t: TestContext) {
  const issuer = await openAuthority(await newCa(t)).current(Date.now())
  const decided: string[] = []
  const state: { problem?: string } = {}
  const server: InjectorServer = await openInjectorServer({
    host: '127.0.0.1', port: 0, inject: { image: 'i:1', pullPolicy: undefined, ca: { address: 'ca:8443', audience: 'a' }, mark: 'webhook' },
    notReady: () => state.problem, addMetrics: (page) => page.gauge('mtlscope_more', 'More.', 1),
    decided: ({ outcome }: Admission, namespace, isDryRun) => { decided.push(`${outcome} ${namespace}${isDryRun ? ' dry' : ''}`) },
  }, await certificate(issuer))
  t.after(() => server.close())
  const agent = new Agent({ keepAlive: true, ca: issuer.bundlePem, servername: HOST, checkServerIdentity: () => undefined })
  t.after(() => agent.destroy())
  const ask = (method: string, path: string, body?: string | Buffer): Promise<Reply> => new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: server.port, method, path, agent, servername: HOST }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => resolve({ status: incoming.statusCode ?? 0, text, connection: incoming.headers.connection })).on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
  return { ask, server, state, decided, issuer }
}

test('a review is answered with a patch, and what was decided is told', async (t) => {
  const { ask, decided } = await open(t)
  const { status, text } = await ask('POST', '/inject?timeout=10s', JSON.stringify(REVIEW))
  const { response } = JSON.parse(text) as { response: { uid: string, allowed: boolean, patchType: string, patch: string } }
  assert.deepEqual([status, response.uid, response.allowed, response.patchType], [200, 'abc', true, 'JSONPatch'])
  assert.ok(Array.isArray(JSON.parse(Buffer.from(response.patch, 'base64').toString())))
  await ask('POST', '/inject', JSON.stringify({ ...REVIEW, request: { ...REVIEW.request, dryRun: true } }))
  assert.deepEqual(decided, ['injected shop', 'injected shop dry'])
})

test('healthy is who lives, ready is whom the API server would believe', async (t) => {
  const { ask, state } = await open(t)
  state.problem = 'there is no webhook'
  assert.equal((await ask('GET', '/healthz')).status, 200)
  const { status, text } = await ask('GET', '/readyz')
  assert.deepEqual([status, text], [503, 'there is no webhook\n'])
  state.problem = undefined
  assert.equal((await ask('GET', '/readyz')).status, 200)
})

test('metrics: reviews by outcome, requests that are none, how long it took, and whether it is ready', async (t) => {
  const { ask, state } = await open(t)
  await ask('POST', '/inject', JSON.stringify(REVIEW))
  const refused = { ...REVIEW.request, object: { metadata: { annotations: { 'mtlscope.io/ports': '1=x' } }, spec: { containers: [] } } }
  await ask('POST', '/inject', JSON.stringify({ ...REVIEW, request: refused }))
  await ask('POST', '/inject', 'x')
  state.problem = 'there is no webhook'
  const { status, text } = await ask('GET', '/metrics')
  assert.equal(status, 200)
  const samples = parseMetrics(text)
  assert.deepEqual(['injected', 'refused', 'left', 'other'].map((outcome) => valueOf(samples, 'mtlscope_injector_reviews_total', { outcome })), [1, 1, 0, 0])
  assert.deepEqual(['400', '413', '503'].map((code) => valueOf(samples, 'mtlscope_injector_bad_requests_total', { status: code })), [1, 0, 0])
  assert.equal(valueOf(samples, 'mtlscope_injector_review_duration_seconds_count'), 2)
  assert.equal(valueOf(samples, 'mtlscope_injector_ready'), 0)
  assert.equal(valueOf(samples, 'mtlscope_more'), 1)
})

test('a certificate that has expired is not shown as a good one: it is not ready until there is another', () => {
  const certificate = new OwnCertificate(1_000_000)
  assert.equal(certificate.problem(999_999), undefined)
  assert.equal(certificate.problem(1_000_000), 'its certificate expired at 1970-01-01T00:16:40.000Z, and the CA has given no other')
  certificate.renewed(2_000_000)
  assert.equal(certificate.problem(1_000_000), undefined)
  const page = new MetricsPage()
  certificate.addMetrics(page)
  assert.equal(valueOf(parseMetrics(page.text()), 'mtlscope_injector_certificate_expiry_timestamp_seconds'), 2000)
})

test('one that ends answers on, keeps no connection, and is not ready', async (t) => {
  const { ask, server } = await open(t)
  server.retire()
  assert.deepEqual(await ask('GET', '/readyz'), { status: 503, text: 'it ends\n', connection: 'close' })
  const { status, connection } = await ask('POST', '/inject', JSON.stringify(REVIEW))
  assert.deepEqual([status, connection], [200, 'close'])
})

test('garbage, old versions, depth, other paths and methods are refused, and the next review is answered', async (t) => {
  const { ask } = await open(t)
  assert.equal((await ask('POST', '/inject', 'x')).status, 400)
  assert.equal((await ask('POST', '/inject', Buffer.from([0xff, 0xfe, 0]))).status, 400)
  assert.match((await ask('POST', '/inject', JSON.stringify({ ...REVIEW, apiVersion: 'admission.k8s.io/v1beta1' }))).text, /v1beta1/)
  assert.match((await ask('POST', '/inject', '{"a":'.repeat(500_000))).text, /nested deeper/)
  assert.equal((await ask('GET', '/inject')).status, 405)
  assert.equal((await ask('POST', '/mutate', '{}')).status, 404)
  assert.equal((await ask('POST', '/inject', JSON.stringify(REVIEW))).status, 200)
})

test('a body that is too large is refused before it is all there', async (t) => {
  const { server, issuer, ask } = await open(t)
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: issuer.bundlePem, servername: HOST, checkServerIdentity: () => undefined })
  t.after(() => socket.destroy())
  const first = new Promise<string>((resolve, reject) => { socket.once('data', (data: Buffer) => resolve(data.toString())).once('error', reject).once('close', () => reject(new Error('no answer'))) })
  socket.write(`POST /inject HTTP/1.1\r\nHost: x\r\nContent-Length: ${10 * MAX_REVIEW_BYTES}\r\n\r\n`)
  socket.write(Buffer.alloc(MAX_REVIEW_BYTES + 1))
  assert.match(await first, /^HTTP\/1\.1 413 /)
  assert.equal((await ask('POST', '/inject', JSON.stringify(REVIEW))).status, 200)
})

test('a renewed certificate is shown to connections from then on', async (t) => {
  const { server, issuer } = await open(t)
  const serial = (): Promise<string> => new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.port, ca: issuer.bundlePem, servername: HOST, checkServerIdentity: () => undefined }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    })
    socket.on('error', reject)
  })
  const before = await serial()
  server.renew(await certificate(issuer))
  assert.notEqual(await serial(), before)
})
