import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { AuditEntry } from '../../identity/authority/audit.ts'
import { Authority } from '../../identity/authority/authority.ts'
import { finishRotation, initCa, startRotation } from '../../identity/authority/changes.ts'
import { describeCa } from '../../identity/authority/description.ts'
import type { ApiServer } from './api-server.fixture.ts'
import { openApiServer } from './api-server.fixture.ts'
import { SecretStore, parseSecretPlace } from './secret-store.ts'

const PATH = '/api/v1/namespaces/mesh/secrets/state'
const SETTINGS = { trustDomain: 'shop.test', name: 'test', dnsDomains: [], maxTtlMillis: 24 * 3_600_000 }

interface Opened { readonly api: ApiServer, readonly store: SecretStore, readonly audited: AuditEntry[], at: number }

async function open(t: TestContext, api?: ApiServer): Promise<Opened> {
  const audited: AuditEntry[] = []
  const opened = { api: api ?? await openApiServer(t), audited, at: Date.now() }
  const audit = { append: (entry: AuditEntry) => { audited.push(entry); return Promise.resolve() } }
  const store = new SecretStore(opened.api.client, { namespace: 'mesh', name: 'state' }, audit, () => opened.at)
  return Object.assign(opened, { store })
}

const occasion = { by: 'test', nowMillis: Date.now() }

function keysOf(api: ApiServer): string[] {
  return Object.keys((api.objects.get(PATH) as unknown as { data: object }).data).sort()
}

test('the first CA is made in one request, and the second finds it', async (t) => {
  const { api, store, audited } = await open(t)
  assert.equal(await store.hasState(), false)
  await initCa(store, SETTINGS, occasion)
  assert.deepEqual(api.asked.filter((line) => !line.startsWith('GET')), ['POST /api/v1/namespaces/mesh/secrets'])
  assert.deepEqual(keysOf(api).map((key) => key.replace(/-[0-9a-f]{8}/, '')), ['ca.json', 'intermediate.key', 'intermediate.pem', 'root.key', 'root.pem'])
  assert.deepEqual(audited.map(({ event }) => event), ['ca-created'])
  const other = await open(t, api)
  assert.equal(await other.store.hasState(), true)
  await assert.rejects(initCa(other.store, SETTINGS, occasion), { code: 'ca-exists' })
})

test('of two that are made in the same moment one is there, whole', async (t) => {
  const first = await open(t)
  const second = await open(t, first.api)
  const results = await Promise.allSettled([initCa(first.store, SETTINGS, occasion), initCa(second.store, SETTINGS, occasion)])
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(keysOf(first.api).length, 5)
  const bundles = await Promise.all([first, second].map(async ({ store, at }) => (await new Authority({ store, by: 'test', warn: assert.fail }).current(at)).bundlePem))
  assert.equal(bundles[0], bundles[1])
})

test('a Secret that is there empty is filled, its labels and foreign keys stay', async (t) => {
  const { api, store } = await open(t)
  api.objects.set(PATH, { kind: 'Secret', metadata: { name: 'state', resourceVersion: '7', labels: { owner: 'install' } }, data: { note: 'AP8=' } })
  await initCa(store, SETTINGS, occasion)
  const secret = api.objects.get(PATH) as unknown as { metadata: { labels: object }, data: Record<string, string> }
  assert.deepEqual(secret.metadata.labels, { owner: 'install' })
  assert.equal(secret.data.note, 'AP8=')
  assert.ok('ca.json' in secret.data)
})

test('keys without a state are a damaged CA, and no place for a new one', async (t) => {
  const { api, store } = await open(t)
  await initCa(store, SETTINGS, occasion)
  const secret = api.objects.get(PATH) as unknown as { data: Record<string, string> }
  delete secret.data['ca.json']
  const other = await open(t, api)
  await assert.rejects(initCa(other.store, SETTINGS, occasion), { code: 'ca-state', message: /has keys of a CA and no ca\.json/ })
  await assert.rejects(other.store.readState(), { code: 'ca-state' })
})

test('a rotation is three writes, is followed by who serves, and leaves nothing of the old root', async (t) => {
  const { api, store } = await open(t)
  await initCa(store, SETTINGS, occasion)
  const serving = await open(t, api)
  const authority = new Authority({ store: serving.store, by: 'serve', warn: assert.fail })
  const certificates = async (): Promise<number> => {
    serving.at += 2001
    return (await authority.current(occasion.nowMillis)).bundlePem.split('BEGIN CERTIFICATE').length - 1
  }
  const first = (await authority.current(occasion.nowMillis)).state.roots[0]!.id
  await startRotation(store, occasion)
  assert.equal(await certificates(), 2)
  await finishRotation(store, occasion, true)
  assert.equal(await certificates(), 2)
  assert.notEqual((await authority.current(occasion.nowMillis)).state.roots[0]!.id, first)
  await finishRotation(store, occasion, true)
  assert.equal(await certificates(), 1)
  assert.ok(keysOf(api).every((key) => !key.includes(first)))
  assert.equal(keysOf(api).length, 5)
  assert.equal(api.asked.filter((line) => line.startsWith('PUT')).length, 3)
})

test('a change that another one was faster with is made again on what is there then', async (t) => {
  const { api, store, audited } = await open(t)
  await initCa(store, SETTINGS, occasion)
  let conflicts = 2
  api.route = (method) => {
    if (method !== 'PUT' || conflicts === 0) return undefined
    conflicts--
    return { status: 409, body: { message: 'the object has been modified' } }
  }
  const state = await startRotation(store, occasion)
  assert.deepEqual(state.roots.map(({ role }) => role), ['active', 'next'])
  assert.equal(audited.filter(({ event }) => event === 'root-published').length, 3)
  api.route = (method) => method === 'PUT' ? { status: 409, body: {} } : undefined
  await assert.rejects(finishRotation(store, occasion, true), { code: 'ca-busy' })
})

test('an API server that does not answer leaves what is known in force', async (t) => {
  const opened = await open(t)
  await initCa(opened.store, SETTINGS, occasion)
  const stamp = await opened.store.stamp()
  opened.api.route = () => ({ status: 500, body: {} })
  opened.at += 10_000
  assert.equal(await opened.store.stamp(), stamp)
  assert.equal((await opened.store.readState()).trustDomain, 'shop.test')
})

test('many requests in two seconds are one question', async (t) => {
  const opened = await open(t)
  await initCa(opened.store, SETTINGS, occasion)
  opened.at += 2001
  const before = opened.api.asked.length
  await Promise.all(Array.from({ length: 50 }, () => opened.store.stamp()))
  assert.equal(opened.api.asked.length - before, 1)
})

test('what is shown of it', async (t) => {
  const { store } = await open(t)
  const state = await initCa(store, SETTINGS, occasion)
  const description = await describeCa(store, state, occasion.nowMillis)
  assert.deepEqual([description.trustDomain, description.roots.length, description.issued, description.warnings], ['shop.test', 1, undefined, []])
})

test('the place of a Secret', () => {
  assert.deepEqual(parseSecretPlace('mesh/state'), { namespace: 'mesh', name: 'state' })
  for (const text of ['', 'mesh', 'mesh/', '/state', 'mesh/state/x', '../etc/x', 'Mesh/state', 'mesh/a b']) assert.throws(() => parseSecretPlace(text), { code: 'usage' })
})
