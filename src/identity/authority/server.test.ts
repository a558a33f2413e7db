import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync, symlinkSync } from 'node:fs'
import { request } from 'node:https'
import type { Socket } from 'node:net'
import { connect as dial } from 'node:net'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { withFileLock } from '../../sys/file-lock.ts'
import { createCsr } from '../csr.ts'
import { generateKeys } from '../certificate-profile.ts'
import { parseMetrics, valueOf } from '../../base/metrics.fixture.ts'
import { auditOf, bundleOf, CART, csrFor, DAY_MILLIS, newCa, newToken, serveCa } from './ca.fixture.ts'
import { finishRotation, startRotation } from './changes.ts'
import { planServerNames } from './server-certificate.ts'
import { MAX_BODY_BYTES } from './sign-body.ts'
import { activeRoot } from './state.ts'
import { revokeToken } from './token-file.ts'

interface Got { status: number, body: string, headers: Record<string, string | string[] | undefined> }

/** Checks the server's certificate against the bundle and the name it was dialled by, as any HTTP client does. */
async function ask(port: number, ca: string, path: string, options: { method?: string, token?: string, body?: string } = {}): Promise<Got> {
  const { method = options.body === undefined ? 'GET' : 'POST', token, body } = options
  return await new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, ca, agent: false, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } }, (incoming) => {
      let text = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => { text += chunk }).on('end', () => resolve({ status: incoming.statusCode!, body: text, headers: incoming.headers }))
      incoming.on('error', reject)
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

const csr = await createCsr(await generateKeys(true), CART.spiffeId)
const signBody = JSON.stringify({ csr })

test('the bundle and the health are there for everybody, other paths and methods are not', async (t) => {
  const folder = await newCa(t)
  const { port } = await serveCa(t, folder)
  const ca = await bundleOf(folder)
  assert.equal((await ask(port, ca, '/v1/bundle')).body, ca)
  assert.equal((JSON.parse((await ask(port, ca, '/healthz')).body) as { status: string }).status, 'ok')
  assert.equal((await ask(port, ca, '/healthz', { method: 'HEAD' })).body, '')
  for (const path of ['/', '/v1/sign/', '/v1/../healthz', '/__proto__', '/constructor']) assert.equal((await ask(port, ca, path)).status, 404, path)
  const wrong = await ask(port, ca, '/v1/sign')
  assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'POST'])
})

test('a token gets its own identity, and the audit log says who, what, until when and from where, never the token', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const { port } = await serveCa(t, folder)
  const { status, body } = await ask(port, await bundleOf(folder), '/v1/sign', { token, body: JSON.stringify({ csr, ttlSeconds: 600 }) })
  const answer = JSON.parse(body) as Record<string, string>
  assert.deepEqual([status, answer.spiffeId], [200, CART.spiffeId])
  const line = auditOf(folder).at(-1)!
  assert.deepEqual([line.event, line.by, line.spiffeId, line.serial, line.tokenId], ['issued', 'serve', CART.spiffeId, answer.serial, token.slice(7, 15)])
  assert.match(line.remote!, /^127\.0\.0\.1 \d+$/)
  assert.ok(!JSON.stringify(auditOf(folder)).includes(token))
})

test('metrics: what was issued and refused, by reason, how long it took, and when certificates expire', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  // Its clock stands still: no token comes back meanwhile.
  const nowMillis = Date.now()
  const { port } = await serveCa(t, folder, { requestsPerMinute: 6, now: () => nowMillis, addMetrics: (page) => page.gauge('mtlscope_ca_more', 'More.', 7) })
  const ca = await bundleOf(folder)
  await ask(port, ca, '/v1/sign', { token, body: signBody })
  await ask(port, ca, '/v1/sign', { token: 'x', body: signBody })
  await ask(port, ca, '/v1/sign', { token, body: 'x' })
  await ask(port, ca, '/v1/sign', { token, body: JSON.stringify({ csr: await createCsr(await generateKeys(true), 'spiffe://shop.test/other') }) })
  await ask(port, ca, '/v1/sign', { token, body: signBody })
  const { status, body, headers } = await ask(port, ca, '/metrics')
  assert.deepEqual([status, headers['content-type']], [200, 'text/plain; version=0.0.4; charset=utf-8'])
  const samples = parseMetrics(body)
  const refused = ['token', 'rate', 'request', 'names'].map((reason) => valueOf(samples, 'mtlscope_ca_refused_total', { reason }))
  assert.deepEqual([valueOf(samples, 'mtlscope_ca_issued_total'), ...refused, valueOf(samples, 'mtlscope_ca_failed_total')], [1, 1, 1, 1, 1, 0])
  assert.equal(valueOf(samples, 'mtlscope_ca_sign_duration_seconds_count'), 5)
  const days = ['root', 'intermediate', 'server'].map((certificate) => Math.round((valueOf(samples, 'mtlscope_ca_certificate_expiry_timestamp_seconds', { certificate })! * 1000 - nowMillis) / DAY_MILLIS))
  assert.deepEqual(days, [3650, 365, 1])
  assert.equal(valueOf(samples, 'mtlscope_ca_more'), 7)
  assert.ok(!body.includes('cart'), 'nobody is named')
})

test('wrong, missing, expired and revoked tokens get 401', async (t) => {
  const folder = await newCa(t)
  const [expired, revoked] = [await newToken(folder, CART, Date.now() - 1), await newToken(folder)]
  const { port } = await serveCa(t, folder)
  const ca = await bundleOf(folder)
  assert.equal((await ask(port, ca, '/v1/sign', { token: revoked, body: signBody })).status, 200)
  await revokeToken(folder.tokensPath, withFileLock, revoked.slice(7, 15))
  for (const token of [undefined, 'x', expired, revoked, `${revoked}x`]) {
    const { status, headers } = await ask(port, ca, '/v1/sign', { token, body: signBody })
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer'])
  }
  assert.deepEqual(auditOf(folder).filter(({ event }) => event === 'refused').map(({ reason }) => reason), ['no bearer token', 'unknown token', 'the token has expired', 'unknown token', 'unknown token'])
})

test('a request for another identity is refused and audited', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const { port } = await serveCa(t, folder)
  const other = await csrFor([{ type: 'url', value: 'spiffe://shop.test/admin' }])
  const { status, body } = await ask(port, await bundleOf(folder), '/v1/sign', { token, body: JSON.stringify({ csr: other }) })
  assert.equal(status, 403)
  assert.match(body, /it asks for spiffe:\/\/shop\.test\/admin/)
  const line = auditOf(folder).at(-1)!
  assert.deepEqual([line.event, line.spiffeId, line.reason], ['refused', CART.spiffeId, 'it asks for spiffe://shop.test/admin'])
})

test('garbage is answered with 400, a life that is too long with 403, a huge body with 413', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const { port } = await serveCa(t, folder)
  const ca = await bundleOf(folder)
  for (const body of ['', 'x', '[]', 'null', '{}', '{"csr": 7}', '{"csr": "x"}', JSON.stringify({ csr, ttlSeconds: 'x' }), JSON.stringify({ csr, ttlSeconds: -1 }), JSON.stringify({ csr, spiffeId: 'spiffe://shop.test/admin' })]) {
    assert.equal((await ask(port, ca, '/v1/sign', { token, body })).status, 400, body.slice(0, 60))
  }
  assert.equal((await ask(port, ca, '/v1/sign', { token, body: JSON.stringify({ csr, ttlSeconds: 8 * 86_400 }) })).status, 403)
  assert.equal((await ask(port, ca, '/v1/sign', { token, body: 'x'.repeat(MAX_BODY_BYTES + 1) })).status, 413)
  assert.equal((await ask(port, ca, '/v1/sign', { token, body: signBody })).status, 200)
})

test('one token cannot keep the CA busy, another one is not held up', async (t) => {
  const folder = await newCa(t)
  const [a, b] = [await newToken(folder), await newToken(folder)]
  const nowMillis = Date.now()
  const { port } = await serveCa(t, folder, { requestsPerMinute: 4, now: () => nowMillis })
  const ca = await bundleOf(folder)
  const statuses: number[] = []
  for (let i = 0; i < 3; i++) statuses.push((await ask(port, ca, '/v1/sign', { token: a, body: signBody })).status)
  assert.deepEqual(statuses, [200, 200, 429])
  const limited = await ask(port, ca, '/v1/sign', { token: a, body: signBody })
  assert.ok(Number(limited.headers['retry-after']) >= 1)
  assert.equal((await ask(port, ca, '/v1/sign', { token: b, body: signBody })).status, 200)
})

test('strangers cannot fill the disk: refusals beyond a limit are counted, not written', async (t) => {
  const folder = await newCa(t)
  let nowMillis = Date.now()
  const { port } = await serveCa(t, folder, { now: () => nowMillis })
  const ca = await bundleOf(folder)
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 13 }, () => ask(port, ca, '/v1/sign', { token: 'x', body: '' })))
  const refused = () => auditOf(folder).filter(({ event }) => event === 'refused').length
  while (refused() < 120) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(refused(), 120)
  nowMillis += 60_000
  await ask(port, ca, '/v1/sign', { token: 'x', body: '' })
  while (auditOf(folder).at(-1)?.unwritten === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(auditOf(folder).at(-1)?.unwritten, 10)
})

test('what cannot be audited is not issued', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const { port } = await serveCa(t, folder)
  const ca = await bundleOf(folder)
  rmSync(folder.auditPath)
  symlinkSync('/dev/full', folder.auditPath)
  const { status, body } = await ask(port, ca, '/v1/sign', { token, body: signBody })
  assert.equal(status, 503)
  assert.ok(!body.includes('BEGIN CERTIFICATE'))
  assert.equal((await ask(port, ca, '/v1/bundle')).status, 200)
})

test('an expired CA is not healthy and signs nothing', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  let nowMillis = Date.now()
  const { port, warnings } = await serveCa(t, folder, { now: () => nowMillis })
  const ca = await bundleOf(folder)
  await folder.removeKey('root', activeRoot(await folder.readState()).id)
  nowMillis += 366 * 86_400_000
  assert.equal((await ask(port, ca, '/healthz')).status, 503)
  const { status, body } = await ask(port, ca, '/v1/sign', { token, body: signBody })
  assert.equal(status, 503)
  assert.match(body, /the intermediate expired at/)
  assert.match(warnings.join(), /the intermediate is not renewed/)
})

test('the certificate of the server follows the root, without a connection refused', async (t) => {
  const folder = await newCa(t)
  const { port } = await serveCa(t, folder, { upkeepIntervalMs: 5 })
  const occasion = { nowMillis: Date.now(), by: 'test' }
  await startRotation(folder, occasion)
  const both = await bundleOf(folder)
  await finishRotation(folder, occasion, true)
  await finishRotation(folder, occasion, true)
  const next = await bundleOf(folder)
  const isNew = (): Promise<boolean> => ask(port, next, '/healthz').then(() => true, () => false)
  do assert.equal((await ask(port, both, '/healthz')).status, 200)
  while (!await isNew())
})

test('junk instead of TLS, older TLS and a handshake that stops hurt nobody', async (t) => {
  const folder = await newCa(t)
  const { port } = await serveCa(t, folder)
  const ca = await bundleOf(folder)
  const old = connect({ host: '127.0.0.1', port, ca, maxVersion: 'TLSv1.2' })
  const [error] = await once(old, 'error') as [NodeJS.ErrnoException]
  assert.match(error.code ?? '', /PROTOCOL_VERSION|ECONNRESET/)
  const sockets: Socket[] = []
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x40\x00', 'x'.repeat(20_000)]) {
    const socket = dial(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(bytes)
    sockets.push(socket)
  }
  assert.equal((await ask(port, ca, '/healthz')).status, 200)
  for (const socket of sockets) socket.destroy()
})

test('a client that stops in the middle of its body is not waited for when the server closes', async (t) => {
  const folder = await newCa(t)
  const token = await newToken(folder)
  const server = await serveCa(t, folder)
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: await bundleOf(folder) })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  socket.write(`POST /v1/sign HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 100\r\n\r\n{`)
  socket.destroy()
  await server.close()
})

test('the server is called what clients dial, where its DNS domains permit', () => {
  assert.deepEqual(planServerNames('127.0.0.1', [], []), { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1'] })
  assert.deepEqual(planServerNames('127.0.0.1', ['ca.shop.test'], ['shop.test']), { dnsNames: ['ca.shop.test'], ipAddresses: ['127.0.0.1'] })
  assert.deepEqual(planServerNames('0.0.0.0', ['ca.shop.test', '10.0.0.2', '10.0.0.2'], []), { dnsNames: ['ca.shop.test'], ipAddresses: ['10.0.0.2'] })
})
