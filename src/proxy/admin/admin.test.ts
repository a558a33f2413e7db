import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { freePorts } from '../../../test/free-ports.ts'
import { openAdmin } from './admin-server.ts'
import type { AdminTarget } from './admin-server.ts'
import { MetricsPage } from '../../base/metrics-page.ts'
import { parseMetrics } from '../../base/metrics.fixture.ts'
import { addRelayMetrics } from './relay-metrics.ts'
import type { RelayMetrics } from '../relay/metrics.ts'

test('metrics are what a strict reader of the format reads, whatever the labels hold', () => {
  const page = new MetricsPage()
  page.gauge('mtlscope_build_info', 'Help with \\ and\nbreak.', 1, { workload: 'a"b\\c\nd' })
  page.counter('mtlscope_x_total', 'X.', 12)
  const counters = new Proxy({}, { get: (_, name) => String(name).length }) as RelayMetrics
  addRelayMetrics(page, counters)
  const samples = parseMetrics(page.text())
  assert.equal(samples[0]?.labels.workload, 'a"b\\c\nd')
  const find = (name: string, labels: Record<string, string>): number | undefined =>
    samples.find((sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value
  assert.equal(find('mtlscope_connections_total', { direction: 'inbound', security: 'tls' }), 'inboundTls'.length)
  assert.equal(find('mtlscope_failures_total', { reason: 'descriptors' }), 'refusedForDescriptors'.length)
  assert.equal(new Set(samples.map(({ name, labels }) => name + JSON.stringify(labels))).size, samples.length)
})

async function open(t: TestContext, target: Partial<AdminTarget>): Promise<(path: string, options?: { method?: string, headers?: Record<string, string> }) => Promise<{ status: number, body: string, response: IncomingMessage }>> {
  const [port] = await freePorts(1)
  const admin = await openAdmin({ host: '127.0.0.1', port }, { notReady: () => undefined, metrics: async () => '', config: () => ({}), connections: async () => undefined, quit: () => {}, tap: () => 'turned-off', untap: () => {}, ...target })
  t.after(() => admin.close())
  return (path, options = {}) => new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', port, path, agent: false, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => { body += text })
      response.on('end', () => resolve({ status: response.statusCode!, body, response }))
    })
    req.on('error', reject)
    req.end()
  })
}

test('health, readiness with its reason, configuration, connections', async (t) => {
  let why: string | undefined = 'waiting for an identity'
  const ask = await open(t, { notReady: () => why, config: () => ({ a: 1 }), metrics: async () => 'm 1\n' })
  assert.equal((await ask('/healthz')).body, 'ok\n')
  assert.deepEqual([(await ask('/readyz')).status, (await ask('/readyz')).body], [503, 'waiting for an identity\n'])
  why = undefined
  assert.equal((await ask('/readyz?verbose')).status, 200)
  assert.deepEqual(JSON.parse((await ask('/config')).body), { a: 1 })
  assert.equal((await ask('/metrics')).response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal((await ask('/connections')).status, 501)
  const head = await ask('/config', { method: 'HEAD' })
  assert.deepEqual([head.body, head.response.headers['content-length']], ['', '8'])
})

test('only POST ends it, not a page in a browser, and no other name leads here', async (t) => {
  let quits = 0
  const ask = await open(t, { quit: () => { quits++ } })
  assert.equal((await ask('/quitquitquit')).status, 405)
  assert.equal((await ask('/quitquitquit', { method: 'POST', headers: { origin: 'http://evil.test' } })).status, 403)
  assert.equal((await ask('/quitquitquit', { method: 'POST', headers: { host: 'evil.test' } })).status, 403)
  assert.equal((await ask('/config', { headers: { host: '127.0.0.1.evil.test:15000' } })).status, 403)
  assert.equal((await ask('/config', { headers: { host: 'localhost:15000' } })).status, 200)
  assert.equal((await ask('/healthz', { method: 'DELETE' })).status, 405)
  assert.equal((await ask('/nothing')).status, 404)
  assert.equal(quits, 0)
  assert.equal((await ask('/quitquitquit', { method: 'POST' })).status, 200)
  assert.equal(quits, 1)
})

test('an error of the sidecar is a 500, not the end of it', async (t) => {
  const ask = await open(t, { metrics: async () => { throw new Error('no metrics') } })
  assert.deepEqual([(await ask('/metrics')).status, (await ask('/metrics')).body], [500, 'no metrics\n'])
})

test('a port that is taken is told with a hint', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.after(() => taken.close())
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  await assert.rejects(openAdmin({ host: '127.0.0.1', port }, {} as AdminTarget), { code: 'cannot-listen', hint: 'another process has that port; give it another one with admin' })
})
