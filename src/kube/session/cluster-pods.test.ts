import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import test from 'node:test'
import { deferred, openKubeServer } from '../kube-server.fixture.ts'
import { ClusterPods } from './cluster-pods.ts'

const pod = (name: string, node: string, ip: string, hostNetwork = false): object => ({ metadata: { uid: `uid-${name}`, name, namespace: 'shop' }, spec: { nodeName: node, hostNetwork }, status: { phase: 'Running', podIP: ip } })

test('pods by node, names of pods and services, and what changes, told together', async (t) => {
  const watches = new Map<string, ServerResponse>()
  const both = deferred<void>()
  const { client } = await openKubeServer(t, { answer: (request, response) => {
    const [path = '', query = ''] = request.url!.split('?')
    if (query.includes('watch=1')) {
      response.writeHead(200).flushHeaders()
      watches.set(path, response)
      if (watches.size === 2) both.resolve()
      return
    }
    const items = path.endsWith('/services') ? [{ metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.96.0.1' } }] : [pod('web-1', 'n1', '10.0.0.1'), pod('cart-1', 'n1', '10.0.0.2'), pod('web-2', 'n2', '10.0.0.3'), pod('web-host', 'n2', '10.9.9.9', true)]
    response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items }))
  } })
  const pods = await ClusterPods.open(client, { pattern: /^web/, namespaces: ['shop'] }, (error) => assert.fail(error))
  t.after(() => pods.close())
  const byNode = (): unknown => Object.fromEntries([...pods.byNode()].map(([node, list]) => [node, list.map(({ name }) => name)]))
  assert.deepEqual(byNode(), { n1: ['web-1'], n2: ['web-2'] })
  assert.deepEqual(pods.names(), { '10.0.0.1': 'web-1.shop', '10.0.0.2': 'cart-1.shop', '10.0.0.3': 'web-2.shop', '10.96.0.1': 'web.shop.svc' })

  await both.promise
  const changed = deferred<void>()
  let told = 0
  pods.onChange(() => {
    told++
    changed.resolve()
  })
  const watch = watches.get('/api/v1/namespaces/shop/pods')!
  watch.write([{ type: 'DELETED', object: pod('web-2', 'n2', '10.0.0.3') }, { type: 'ADDED', object: pod('web-3', 'n3', '10.0.0.4') }].map((event) => `${JSON.stringify(event)}\n`).join(''))
  await changed.promise
  assert.deepEqual(byNode(), { n1: ['web-1'], n3: ['web-3'] })
  assert.equal(told, 1)
})

test('where a list is refused there are no pods, and nothing is followed', async (t) => {
  const { client } = await openKubeServer(t, { answer: (request, response) => {
    if (request.url!.includes('/services')) response.writeHead(403).end(JSON.stringify({ message: 'services is forbidden' }))
    else response.end(JSON.stringify({ metadata: {}, items: [] }))
  } })
  await assert.rejects(ClusterPods.open(client, { pattern: undefined, namespaces: undefined }, () => {}), { code: 'kube-refused' })
})
