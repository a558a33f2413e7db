import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { FakeProcfs } from '../mesh/procfs.fixture.ts'
import { bodyOf, openKubeServer } from '../kube/kube-server.fixture.ts'
import type { OutsideFlags } from './outside.ts'
import { isFromOutside, openOutside } from './outside.ts'
import { hubFilter } from './remote-hub.ts'

const uid = (n: number): string => `00000000-0000-4000-8000-00000000000${n}`
const pod = (n: number, name: string, spec: object = {}, namespace = 'shop'): object => ({ metadata: { uid: uid(n), name, namespace }, spec: { nodeName: 'n1', ...spec }, status: { phase: 'Running', podIP: `10.0.0.${n}` } })

interface Setup { pods?: object[], agents?: object[], namespaces?: Record<string, object>, allowed?: boolean }

/** An API server with these pods in the namespace shop; `asked`: what it was asked, watches aside. */
async function start(t: TestContext, { pods = [], agents = [], namespaces = {}, allowed = true }: Setup): Promise<{ flags: OutsideFlags, asked: string[] }> {
  const asked: string[] = []
  const { kubeconfig } = await openKubeServer(t, { answer: (request, response) => {
    const url = decodeURIComponent(request.url!)
    const end = (status: number, value: object): void => void response.writeHead(status).end(JSON.stringify(value))
    if (url.includes('watch=1')) return void response.writeHead(200).flushHeaders()
    asked.push(`${request.method} ${url}`)
    if (url.includes('selfsubjectaccessreviews')) return void bodyOf(request).then(() => end(201, { status: { allowed } }))
    if (url.includes('component=agent')) return end(200, { items: agents })
    if (url.endsWith('/services')) return end(200, { metadata: { resourceVersion: '1' }, items: [] })
    const named = /^\/api\/v1\/namespaces\/([^/]+)$/.exec(url)?.[1]
    if (named !== undefined) return named in namespaces ? end(200, namespaces[named]!) : end(404, {})
    end(200, { metadata: { resourceVersion: '1' }, items: url.startsWith('/api/v1/namespaces/shop/') || url.startsWith('/api/v1/pods') ? pods : [] })
  } })
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-outside-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'config'), kubeconfig)
  return { asked, flags: { kubeconfig: join(folder, 'config'), procfs: folder, pods: '^web' } }
}

test('outside is where no process belongs to a pod that is meant, and where it is said', async (t) => {
  const fake = new FakeProcfs()
  t.after(() => fake.close())
  const { flags } = await start(t, { pods: [pod(1, 'web-1')] })
  fake.add(100, { netns: 1 })
  assert.equal(await isFromOutside({ ...flags, procfs: fake.folder }), true)
  fake.write('100/cgroup', `0::/kubepods/pod${uid(2)}/${'a'.repeat(64)}\n`)
  assert.equal(await isFromOutside({ ...flags, procfs: fake.folder }), true, 'a node of another cluster')
  fake.write('100/cgroup', `0::/kubepods/pod${uid(1)}/${'a'.repeat(64)}\n`)
  assert.equal(await isFromOutside({ ...flags, procfs: fake.folder }), false)
  assert.equal(await isFromOutside({ ...flags, procfs: fake.folder, remote: true }), true)
  assert.equal(await isFromOutside({ procfs: fake.folder, podsFrom: '-' }), false)
  assert.equal(await isFromOutside({ procfs: fake.folder }), false, 'no pods are meant')
})

const refusals: readonly { what: string, pods: object[], pattern?: string, message: string, hint: string }[] = [
  { what: 'a name that is nearly one', pods: [pod(1, 'website-7c9d8f6b5-x2x4z')], pattern: 'webiste', message: 'no pod matches webiste in namespace shop', hint: 'did you mean website-7c9d8f6b5-x2x4z?' },
  { what: 'a name that is like none', pods: [pod(1, 'cart-1')], message: 'no pod matches ^web in namespace shop', hint: 'there are: cart-1' },
  { what: 'a namespace without pods', pods: [], message: 'no pod matches ^web in namespace shop', hint: 'there are none; another namespace: -n NAME, all: -A, another cluster: --context NAME' },
  { what: 'a pod on the network of its node', pods: [pod(1, 'web-1', { hostNetwork: true })], message: 'web-1 is on the network of the node, where packets of one pod cannot be told from others', hint: 'on the node itself: sudo mtlscope tap -i any' },
  { what: 'a pod that no node has taken', pods: [pod(1, 'web-1', { nodeName: undefined })], message: 'no pod that matches runs in namespace shop', hint: 'see: kubectl get pods -o wide' },
]
for (const { what, pods, pattern, message, hint } of refusals) {
  test(`${what}: told, with what to try, before anything is made`, async (t) => {
    const { flags, asked } = await start(t, { pods })
    await assert.rejects(openOutside({ ...flags, ...pattern !== undefined && { pods: pattern } }), { code: 'no-such-pod', message, hint })
    assert.ok(asked.every((line) => line.startsWith('GET ')), asked.join('\n'))
  })
}

test('who may not make agents is told the rule, and nothing is made', async (t) => {
  const { flags, asked } = await start(t, { pods: [pod(1, 'web-1')], allowed: false })
  await assert.rejects(openOutside(flags), /an agent in namespace shop needs rights that the user has not: create jobs\.batch in namespace shop; /)
  assert.ok(asked.filter((line) => line.startsWith('POST ')).every((line) => line.includes('selfsubjectaccessreviews')))
})

test('agents that are installed are used, unless an image or other rights are asked for', async (t) => {
  const agents = [{ metadata: { name: 'agent-1' }, spec: { nodeName: 'n1', containers: [{ image: 'registry/x:1' }] }, status: { phase: 'Running' } }, { metadata: { name: 'agent-2' }, spec: { nodeName: 'n2' }, status: { phase: 'Pending' } }]
  const { flags } = await start(t, { pods: [pod(1, 'web-1')], agents })
  const outside = await openOutside(flags)
  assert.equal(outside.agents.kind, 'installed')
  assert.deepEqual({ ...await outside.agents.on('n1') }, { namespace: 'mtlscope', pod: 'agent-1', node: 'n1', container: 'agent' })
  await assert.rejects(outside.agents.on('n2'), { code: 'agent-failed', message: 'no agent of mtlscope runs on node n2' })
  await outside.close()
  for (const opened of [await openOutside({ ...flags, image: 'other:1' }), await openOutside(flags, ['SETUID'])]) {
    assert.equal(opened.agents.kind, 'session')
    await opened.close()
  }
})

for (const { what, namespaces, used } of [
  { what: 'is there', namespaces: { mtlscope: { metadata: { name: 'mtlscope' } } }, used: 'mtlscope' },
  { what: 'is there, for parts with less rights', namespaces: { mtlscope: { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } } }, used: 'shop' },
  { what: 'is on its way out', namespaces: { mtlscope: { metadata: { deletionTimestamp: 'x' } } }, used: 'shop' },
  { what: 'is not there', namespaces: {}, used: 'shop' },
] as const) {
  test(`where the namespace mtlscope ${what}, agents are made in ${used}`, async (t) => {
    const { flags } = await start(t, { pods: [pod(1, 'web-1')], namespaces, allowed: false })
    await assert.rejects(openOutside(flags), new RegExp(`^MtlscopeError: an agent in namespace ${used} needs`))
  })
}

test('the hub is asked for the pods that were named', () => {
  assert.equal(hubFilter(undefined, undefined), '')
  assert.equal(hubFilter(undefined, ['shop', 'bank']), 'netns.matches("[.](shop|bank)$")')
  assert.equal(hubFilter('^web|cart', ['shop']), 'netns.matches("(?:^web|cart)[^.]*[.](shop)$")')
  assert.equal(hubFilter('^web-\\d$', undefined), 'netns.matches("(?:^web-\\\\d)")')
})
