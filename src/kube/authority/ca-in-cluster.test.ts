import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { AuditStream } from '../../identity/authority/audit-stream.ts'
import { Authority } from '../../identity/authority/authority.ts'
import { finishRotation, initCa, startRotation } from '../../identity/authority/changes.ts'
import { openCaServer } from '../../identity/authority/server.ts'
import { openCaIdentity } from '../../identity/ca-identity.ts'
import type { Identity } from '../../identity/material.ts'
import { openApiServer } from './api-server.fixture.ts'
import { SecretStore } from './secret-store.ts'
import { TokenReviews } from './token-reviews.ts'

const occasion = { by: 'test', nowMillis: Date.now() }

function tokenOf(n: number): string {
  return `e30.${Buffer.from(JSON.stringify({ aud: ['mtlscope-ca'], sub: 'system:serviceaccount:shop:web', n })).toString('base64url')}.c2ln`
}

/** The CA of a cluster whose API server knows every token of shop/web but those that `refused` names. */
async function openCluster(t: TestContext) {
  const api = await openApiServer(t)
  const lines: string[] = []
  const refused = new Set<string>()
  const seen: string[] = []
  api.route = (_, path, body) => {
    if (!path.endsWith('/tokenreviews')) return undefined
    const { token } = (body as { spec: { token: string } }).spec
    seen.push(token)
    const user = { username: 'system:serviceaccount:shop:web', extra: { 'authentication.kubernetes.io/pod-name': ['web-1'] } }
    return { status: 201, body: { status: refused.has(token) ? { authenticated: false } : { authenticated: true, audiences: ['mtlscope-ca'], user } } }
  }
  const audit = new AuditStream(new Writable({ write: (chunk: Buffer, _, done) => { lines.push(chunk.toString()); done() } }))
  let now = 0
  const store = new SecretStore(api.client, { namespace: 'mesh', name: 'state' }, audit, () => now++ * 3000)
  await initCa(store, { trustDomain: 'shop.test', name: 'test', dnsDomains: [], maxTtlMillis: 86_400_000 }, occasion)
  const authority = new Authority({ store, by: 'serve', warn: assert.fail })
  const callers = new TokenReviews({ client: api.client, audience: 'mtlscope-ca', naming: { trustDomain: 'shop.test', home: 'mesh', reserved: [] } })
  const server = await openCaServer({ authority, callers, audit, host: '127.0.0.1', port: 0, names: [], requestsPerMinute: 600, now: Date.now, warn: assert.fail })
  t.after(() => server.close())
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-in-cluster-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, `.${name}`), text)
    renameSync(join(folder, `.${name}`), join(folder, name))
  }
  write('token', tokenOf(1))
  write('bundle', (await authority.current(Date.now())).bundlePem)
  return { store, authority, lines, refused, seen, write, place: { address: `127.0.0.1:${server.port}`, bundleFile: join(folder, 'bundle'), tokenFile: join(folder, 'token'), spreadMs: 1 } }
}

test('a pod gets the identity of its account by its token, which is read anew each time, and the log names the pod', async (t) => {
  const { place, lines, seen, write } = await openCluster(t)
  let settle: [resolve: (identity: Identity) => void, reject: (error: Error) => void] = [() => {}, () => {}]
  const changed = new Promise<Identity>((resolve, reject) => { settle = [resolve, reject] })
  const source = openCaIdentity(place, { changed: settle[0], kept: settle[1] })
  t.after(() => source.close())
  assert.equal((await source.first).name, 'spiffe://shop.test/ns/shop/sa/web')
  write('token', tokenOf(2))
  source.refresh()
  await changed
  assert.deepEqual(seen, [tokenOf(1), tokenOf(2)])
  const issued = lines.map((line) => JSON.parse(line) as { event: string, tokenId?: string, spiffeId?: string }).filter(({ tokenId }) => tokenId !== undefined)
  assert.deepEqual(issued.map(({ event, tokenId, spiffeId }) => [event, tokenId, spiffeId]), Array.from({ length: 2 }, () => ['issued', 'shop/web-1', 'spiffe://shop.test/ns/shop/sa/web']))
  assert.ok(lines.every((line) => !line.includes(tokenOf(1))))
})

test('a token that the API server does not know gets nothing', async (t) => {
  const { place, refused, lines } = await openCluster(t)
  refused.add(tokenOf(1))
  const source = openCaIdentity(place, { changed: () => {}, kept: () => {} })
  t.after(() => source.close())
  await assert.rejects(source.first, { code: 'ca-refused', message: /does not know the token/ })
  assert.ok(lines.some((line) => line.includes('"refused"')))
})

test('a bundle file with another root has the next certificate asked for at once', async (t) => {
  const { place, store, authority, write } = await openCluster(t)
  const changes: Identity[] = []
  let wake = (): void => {}
  const source = openCaIdentity(place, { changed: (identity) => { changes.push(identity); wake() }, kept: assert.fail })
  t.after(() => source.close())
  await source.first
  await startRotation(store, occasion)
  await finishRotation(store, occasion, true)
  const next = new Promise<void>((resolve) => { wake = resolve })
  const { bundlePem } = await authority.current(Date.now())
  write('bundle', bundlePem)
  await next
  assert.equal(changes[0]!.material.bundlePem, bundlePem)
  assert.equal(changes[0]!.trustAnchors, 2)
})
