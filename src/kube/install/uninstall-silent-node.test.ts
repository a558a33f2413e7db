import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { openApiServer } from '../authority/api-server.fixture.ts'
import type { ApiServer } from '../authority/api-server.fixture.ts'
import { silentNodes } from './silent-nodes.ts'
import type { Uninstalled, UninstallOptions } from './uninstall.ts'
import { uninstall } from './uninstall.ts'

const REVIEWS = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
const SINCE = '2026-11-21T12:00:00Z'
const PODS = '/api/v1/namespaces/m/pods'
const HOME = '/api/v1/namespaces/m'

function node(name: string, ready: string): { kind: string, metadata: { name: string }, status: Record<string, unknown> } {
  return { kind: 'Node', metadata: { name }, status: { conditions: [{ type: 'DiskPressure', status: 'Unknown' }, { type: 'Ready', status: ready, lastTransitionTime: SINCE }] } }
}

/** An installation on a node that answers and one that does not: pods on the one end when their owners are deleted, on the other they stay until they are taken out. */
async function halfDead(t: TestContext, isReady: string): Promise<{ api: ApiServer, said: string[], run: (own?: Partial<UninstallOptions>) => Promise<Uninstalled> }> {
  const api = await openApiServer(t)
  const labels = { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'agent', 'app.kubernetes.io/managed-by': 'mtlscope' }
  const agents = { metadata: { name: 'mtlscope-agent', namespace: 'm', labels }, spec: { template: { spec: { containers: [{ image: 'i:1' }] } } } }
  const live = new Set(['/apis/apps/v1/namespaces/m/daemonsets/mtlscope-agent', `${PODS}/agent-a`, `${PODS}/agent-b`, HOME])
  let isEnding = false
  const pod = (name: string, nodeName: string): object[] => live.has(`${PODS}/${name}`) ? [{ metadata: { name, namespace: 'm', labels, ...(isEnding && { deletionTimestamp: SINCE }) }, spec: { nodeName } }] : []
  const lists: Record<string, () => object[]> = {
    '/api/v1/nodes': () => [node('a', 'True'), node('b', isReady)],
    '/apis/apps/v1/namespaces/m/daemonsets': () => live.has('/apis/apps/v1/namespaces/m/daemonsets/mtlscope-agent') ? [agents] : [],
    '/api/v1/namespaces': () => live.has(HOME) ? [{ metadata: { name: 'm', labels } }] : [],
    [PODS]: () => [...pod('agent-a', 'a'), ...pod('agent-b', 'b')],
  }
  const remove = (path: string): void => {
    if (path.includes('daemonsets')) {
      isEnding = true
      live.delete(`${PODS}/agent-a`)
    }
    if (path !== HOME) live.delete(path)
  }
  api.route = (method, path) => {
    if (path === REVIEWS) return { status: 201, body: { status: { allowed: true } } }
    if (method === 'DELETE') remove(path)
    if (method !== 'GET') return { status: 200, body: {} }
    // A namespace ends with the last of its pods.
    if (isEnding && lists[PODS]!().length === 0) live.delete(HOME)
    if (lists[path] !== undefined) return { status: 200, body: { items: lists[path]() } }
    if (path.startsWith(`${PODS}/mtlscope-cleanup`)) return { status: 200, body: { status: { phase: 'Succeeded' } } }
    return live.has(path) ? { status: 200, body: {} } : path.endsWith('s') ? { status: 200, body: { items: [] } } : { status: 404, body: {} }
  }
  const said: string[] = []
  const run = (own: Partial<UninstallOptions> = {}): Promise<Uninstalled> => uninstall(api.client, { namespace: 'm', keepData: false, image: undefined, pullSecrets: [], namespaceOnly: false, force: false, wait: true, say: (text) => said.push(text), ...own })
  return { api, said, run }
}

test('a node that does not answer is told at once and not waited for; what stays there is named', async (t) => {
  const { api, said, run } = await halfDead(t, 'Unknown')
  await assert.rejects(run(), (error: Error & { code?: string, hint?: string }) => {
    assert.deepEqual([error.code, error.message], ['uninstall-incomplete', 'not everything could be removed: /var/lib/mtlscope on node b, which does not answer; pod agent-b on node b, which does not answer; namespace m, which ends with them'])
    assert.equal(error.hint, 'pods on a node that does not answer go when it is back, or with kubectl delete node; --force takes them out of Kubernetes now; its folder goes when it is back, with mtlscope uninstall --image NAME; --keep-data leaves it without a complaint')
    return true
  })
  assert.equal(said[0], `warning: node b does not answer since ${SINCE}: nothing can be removed there, nor /var/lib/mtlscope, and it is not waited for`)
  assert.ok(api.asked.includes('DELETE /api/v1/namespaces/m') && !api.asked.includes(`DELETE ${PODS}/agent-b`), api.asked.join('\n'))
  assert.deepEqual(api.asked.filter((line) => line === `POST ${PODS}`).length, 1, 'only the node that answers is cleaned')
})

test('--force takes its pods out of Kubernetes, and the namespace ends; its folder is told all the same, but for --keep-data', async (t) => {
  const forced = await halfDead(t, 'Unknown')
  await assert.rejects(forced.run({ force: true }), { code: 'uninstall-incomplete', message: 'not everything could be removed: /var/lib/mtlscope on node b, which does not answer' })
  assert.ok(forced.api.asked.includes(`DELETE ${PODS}/agent-b`))
  const kept = await halfDead(t, 'Unknown')
  assert.deepEqual(await kept.run({ force: true, keepData: true }), { found: true, unseen: undefined })
})

test('run again when the agents are gone, it says that it did not look at their folders, and which nodes do not answer', async (t) => {
  const { run } = await halfDead(t, 'Unknown')
  await assert.rejects(run(), { code: 'uninstall-incomplete' })
  const unseen = '/var/lib/mtlscope on the nodes, of which b does not answer; with --image NAME it is, on those that do'
  assert.deepEqual(await run({ force: true }), { found: true, unseen })
  assert.deepEqual(await run({ force: true }), { found: false, unseen })
  assert.deepEqual(await run({ force: true, keepData: true }), { found: false, unseen: undefined })
  await assert.rejects(run({ force: true, image: 'i:1' }), { code: 'uninstall-incomplete', message: 'not everything could be removed: /var/lib/mtlscope on node b, which does not answer' })
})

test('where nothing is found nothing is known of the nodes either', async (t) => {
  const { api, run } = await halfDead(t, 'True')
  const none = { status: 200, body: { items: [] } }
  api.route = (_, path) => path === REVIEWS ? { status: 201, body: { status: { allowed: true } } } : path === '/api/v1/nodes' ? { status: 200, body: { items: [node('a', 'True')] } } : none
  assert.deepEqual(await run(), { found: false, unseen: '/var/lib/mtlscope on the nodes; with --image NAME it is' })
  assert.deepEqual(await run({ keepData: true }), { found: false, unseen: undefined })
})

test('a node that says itself that it is not ready is there', () => {
  assert.deepEqual([...silentNodes([node('a', 'True'), node('b', 'False'), node('c', 'Unknown'), { kind: 'Node', metadata: { name: 'd' } }])], [['c', SINCE]])
})
