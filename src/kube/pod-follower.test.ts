import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FakeProcfs } from '../mesh/procfs.fixture.ts'
import { KubeClient } from './client.ts'
import { parseKubeconfig } from './kubeconfig.ts'
import type { PodChoice } from './pod-choice.ts'
import { planPodChoice } from './pod-choice.ts'
import { PodFollower } from './pod-follower.ts'

const uid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`

function pod(n: number, name: string, { namespace = 'shop', ip = `10.0.0.${n}`, hostNetwork = false, phase = 'Running' } = {}): object {
  return { metadata: { uid: uid(n), name, namespace }, spec: { nodeName: 'n1', hostNetwork }, status: { phase, podIP: ip, podIPs: [{ ip }] } }
}

/** An API server of these lists, by path; `asked` has what it was asked. */
async function start(t: TestContext, lists: Record<string, object[]>, watch?: (response: ServerResponse) => void): Promise<{ client: KubeClient, asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url!)
    if (!request.url!.includes('watch=1')) response.end(JSON.stringify({ metadata: { resourceVersion: '7' }, items: lists[request.url!.split('?')[0]!] ?? [] }))
    else if (watch === undefined) response.writeHead(403).end()
    else watch(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = new KubeClient(parseKubeconfig(JSON.stringify({
    'current-context': 'x', clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  }), 'config'))
  t.after(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return { client, asked }
}

function follow(t: TestContext, client: KubeClient, fake: FakeProcfs, choice: PodChoice): PodFollower {
  const follower = new PodFollower(client, fake.folder, choice)
  t.after(() => follower.close())
  return follower
}

function procfs(t: TestContext): FakeProcfs {
  const fake = new FakeProcfs()
  t.after(() => fake.close())
  fake.add(1, { netns: 1 })
  return fake
}

function addInPod(fake: FakeProcfs, pid: number, n: number, netns: number, environ = ''): void {
  fake.add(pid, { netns, environ })
  fake.write(`${pid}/cgroup`, `0::/kubepods/besteffort/pod${uid(n)}/${'a'.repeat(64)}\n`)
}

test('pods of this node by the cgroups of their processes, whatever their environment says', async (t) => {
  const fake = procfs(t)
  addInPod(fake, 1000, 1, 11, 'POD_NAME=forged\0')
  addInPod(fake, 99, 1, 11)
  addInPod(fake, 200, 2, 12)
  addInPod(fake, 300, 4, 1)
  fake.add(400, { netns: 13, environ: 'POD_NAME=web-3\0INSTANCE_IP=10.0.0.3\0' })
  const { client } = await start(t, { '/api/v1/namespaces/shop/pods': [pod(1, 'web-1'), pod(2, 'cart-1'), pod(3, 'web-3'), pod(4, 'web-host', { hostNetwork: true })] })
  const follower = follow(t, client, fake, planPodChoice('^web', undefined, false, 'shop'))
  const { local, leftAlone } = await follower.poll(0)
  assert.deepEqual(local.map(({ pod: { name }, inode, pids, path }) => ({ name, inode, pids, path })), [{ name: 'web-1', inode: 11, pids: [99, 1000], path: `${fake.folder}/99/ns/net` }])
  assert.deepEqual([...leftAlone.keys()].map(({ name }) => name), ['web-host'])
  assert.equal(follower.node, 'n1')
})

test('names for the addresses of pods and services; an address of two is nobody\'s, and a pod that has ended has none', async (t) => {
  const { client } = await start(t, {
    '/api/v1/pods': [pod(1, 'web-1'), pod(2, 'a', { ip: '10.0.0.9' }), pod(3, 'b', { ip: '10.0.0.9' }), pod(4, 'job', { phase: 'Succeeded', ip: '10.0.0.1' })],
    '/api/v1/services': [{ metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.96.0.1' } }],
  })
  const { names } = await follow(t, client, procfs(t), planPodChoice(undefined, undefined, true, 'x')).poll(0)
  assert.deepEqual(names, { '10.0.0.1': 'web-1.shop', '10.0.0.9': '', '10.96.0.1': 'web.shop.svc' })
})

test('without a watch a pod that comes is seen with the next poll after a second, and only its node is asked for', async (t) => {
  const fake = procfs(t)
  addInPod(fake, 100, 1, 11)
  const list = [pod(1, 'web-1')]
  const { client, asked } = await start(t, { '/api/v1/namespaces/shop/pods': list })
  const follower = follow(t, client, fake, planPodChoice(undefined, ['shop'], false, 'x'))
  assert.equal((await follower.poll(0)).local.length, 1)
  list.push(pod(2, 'web-2'))
  addInPod(fake, 101, 2, 12)
  assert.equal((await follower.poll(500)).local.length, 1)
  assert.equal((await follower.poll(1000)).local.length, 2)
  assert.ok(asked.filter((url) => !url.includes('watch=1')).at(-1)!.includes('fieldSelector=spec.nodeName%3Dn1'))
  fake.remove(100)
  assert.deepEqual((await follower.poll(1500)).local.map(({ pod: { name } }) => name), ['web-2'])
})

test('with a watch a pod that comes is told, and the server is not asked again', async (t) => {
  const fake = procfs(t)
  addInPod(fake, 100, 1, 11)
  addInPod(fake, 101, 2, 12)
  const watches = new Map<string, ServerResponse>()
  const { client, asked } = await start(t, { '/api/v1/namespaces/shop/pods': [pod(1, 'web-1')] }, (response) => {
    watches.set(/\/(\w+)\?/.exec(response.req.url!)![1]!, response)
    response.writeHead(200).flushHeaders()
  })
  const follower = follow(t, client, fake, planPodChoice(undefined, ['shop'], false, 'x'))
  const seen = async (): Promise<string[]> => (await follower.poll(0)).local.map(({ pod: { name } }) => name)
  assert.deepEqual(await seen(), ['web-1'])
  while (watches.size < 2) {
    await seen()
    await sleep(5)
  }
  const before = asked.length
  watches.get('pods')!.write(`${JSON.stringify({ type: 'ADDED', object: pod(2, 'web-2') })}\n`)
  while ((await seen()).length < 2) await sleep(5)
  watches.get('pods')!.write(`${JSON.stringify({ type: 'DELETED', object: pod(1, 'web-1') })}\n`)
  while ((await seen()).length > 1) await sleep(5)
  assert.deepEqual(await seen(), ['web-2'])
  // After a second it would have been asked.
  await follower.poll(5000)
  assert.equal(asked.length, before)
})

test('-n and -A, and what is no name or pattern', () => {
  assert.deepEqual(planPodChoice('a', undefined, false, 'shop'), { pattern: /a/, namespaces: ['shop'] })
  assert.deepEqual(planPodChoice(undefined, undefined, true, 'shop'), { pattern: undefined, namespaces: undefined })
  assert.throws(() => planPodChoice(undefined, ['a'], true, 'x'), { code: 'usage' })
  assert.throws(() => planPodChoice(undefined, ['a/b'], false, 'x'), /not the name of a namespace: a\/b/)
  assert.throws(() => planPodChoice('(', undefined, false, 'x'), /not a regular expression: \(/)
})

test('names are made anew only when a pod or service has changed, and stay the same object till then', async (t) => {
  const watches = new Map<string, ServerResponse>()
  const { client } = await start(t, { '/api/v1/pods': [pod(1, 'web-1')], '/api/v1/services': [] }, (response) => {
    watches.set(/\/(\w+)\?/.exec(response.req.url!)![1]!, response)
    response.writeHead(200).flushHeaders()
  })
  const follower = follow(t, client, procfs(t), planPodChoice(undefined, undefined, true, 'x'))
  const names = async (): Promise<Readonly<Record<string, string>>> => (await follower.poll(0)).names
  while (watches.size < 2) {
    await names()
    await sleep(5)
  }
  const before = await names()
  assert.deepEqual(before, { '10.0.0.1': 'web-1.shop' })
  watches.get('pods')!.write(`${JSON.stringify({ type: 'MODIFIED', object: pod(1, 'web-1', { phase: 'Pending' }) })}\n`)
  watches.get('services')!.write(`${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'web', namespace: 'shop' }, spec: { clusterIP: '10.96.0.1' } } })}\n`)
  let now = await names()
  while (now === before) {
    await sleep(5)
    now = await names()
  }
  assert.deepEqual(now, { '10.0.0.1': 'web-1.shop', '10.96.0.1': 'web.shop.svc' })
  assert.equal(await names(), now)
})
