import assert from 'node:assert/strict'
import test from 'node:test'
import { MetricsPage } from '../../base/metrics-page.ts'
import { parseMetrics, valueOf } from '../../base/metrics.fixture.ts'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ApiServer } from './api-server.fixture.ts'
import { openApiServer } from './api-server.fixture.ts'
import { TrustPublisher } from './trust-publisher.ts'

const WAIT_MS = 60_000

interface Published { readonly publisher: TrustPublisher, readonly texts: string[], bundle: string }

function open(t: TestContext, api: ApiServer): Published {
  const texts: string[] = []
  const published: { bundle: string } = { bundle: 'one' }
  const say = (text: string): void => { texts.push(text) }
  const publisher = new TrustPublisher({ client: api.client, home: 'mesh', bundle: () => Promise.resolve(published.bundle), say, warn: say })
  t.after(() => publisher.close())
  return Object.assign(published, { publisher, texts })
}

function lists(api: ApiServer, namespaces: object[], pods: object[] = []): void {
  api.route = (method, path) => {
    if (method === 'GET' && path === '/api/v1/namespaces') return { status: 200, body: { items: namespaces, metadata: { resourceVersion: '1' } } }
    return method === 'GET' && path === '/api/v1/pods' ? { status: 200, body: { items: pods, metadata: { resourceVersion: '1' } } } : undefined
  }
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const endMs = performance.now() + WAIT_MS; !holds(); await sleep(10)) assert.ok(performance.now() < endMs, what)
}

function bundleIn(api: ApiServer, namespace: string): string | undefined {
  return (api.objects.get(`/api/v1/namespaces/${namespace}/configmaps/mtlscope-ca`) as { data?: Record<string, string> } | undefined)?.data?.['mesh-ca.pem']
}

test('its own namespace, labelled ones, and those of labelled pods get the bundle, later ones too', async (t) => {
  const api = await openApiServer(t)
  lists(api, [{ metadata: { name: 'shop' } }], [{ metadata: { name: 'p', namespace: 'single' } }])
  open(t, api)
  await until('the three namespaces', () => ['mesh', 'shop', 'single'].every((namespace) => bundleIn(api, namespace) === 'one'))
  await until('the watch', () => api.asked.filter((line) => line === 'GET /api/v1/namespaces').length === 2)
  api.emit('/api/v1/namespaces', { type: 'ADDED', object: { metadata: { name: 'later', resourceVersion: '2' } } })
  await until('the later one', () => bundleIn(api, 'later') === 'one')
  assert.equal(bundleIn(api, 'default'), undefined)
})

test('a new bundle goes everywhere', async (t) => {
  const api = await openApiServer(t)
  lists(api, [{ metadata: { name: 'shop' } }])
  const published = open(t, api)
  await until('the first', () => bundleIn(api, 'shop') === 'one')
  published.bundle = 'one two'
  published.publisher.publish()
  await until('the second', () => bundleIn(api, 'shop') === 'one two' && bundleIn(api, 'mesh') === 'one two')
})

test('a namespace that is going is given up, and one that refuses is told once', async (t) => {
  const api = await openApiServer(t)
  let refused = 0
  lists(api, [{ metadata: { name: 'gone' } }, { metadata: { name: 'closed' } }])
  const listed = api.route
  api.route = (method, path, body) => {
    if (method === 'PATCH' && path.includes('/gone/')) return { status: 404, body: { message: 'namespaces "gone" not found' } }
    if (method === 'PATCH' && path.includes('/closed/')) {
      refused++
      return { status: 403, body: { message: 'no' } }
    }
    return listed(method, path, body)
  }
  const { publisher, texts } = open(t, api)
  await until('it is refused', () => refused > 0)
  publisher.publish()
  await until('it is tried again', () => refused > 1)
  assert.equal(texts.filter((text) => text.includes('closed')).length, 1)
  assert.ok(texts.every((text) => !text.includes('gone')))
  const samples = (): ReturnType<typeof parseMetrics> => {
    const page = new MetricsPage()
    publisher.addMetrics(page)
    return parseMetrics(page.text())
  }
  // The server has refused before the publisher has read that.
  await until('both are counted', () => valueOf(samples(), 'mtlscope_ca_trust_failures_total')! >= 2)
  assert.deepEqual(['wanted', 'current'].map((state) => valueOf(samples(), 'mtlscope_ca_trust_namespaces', { state })), [2, 1])
})
