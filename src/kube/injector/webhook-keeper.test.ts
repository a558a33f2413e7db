import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { bundleOf, newCa } from '../../identity/authority/ca.fixture.ts'
import type { ApiServer } from '../authority/api-server.fixture.ts'
import { openApiServer } from '../authority/api-server.fixture.ts'
import { InjectionEvents } from './injection-events.ts'
import { WebhookKeeper } from './webhook-keeper.ts'

const PATH = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/hook'

/** An API server with a configuration of two webhooks, which takes the patches of the keeper. */
async function open(t: TestContext, caBundles: readonly string[]) {
  const api = await openApiServer(t)
  const webhooks = ['a', 'b'].map((name, i) => ({ name, clientConfig: { ...caBundles[i] !== undefined && { caBundle: Buffer.from(caBundles[i]).toString('base64') } } as { caBundle?: string } }))
  api.objects.set(PATH, { metadata: {}, webhooks })
  const patches: object[][] = []
  api.route = (method, _, body) => {
    if (method !== 'PATCH') return undefined
    patches.push(body as object[])
    for (const { op, path, value } of body as { op: string, path: string, value: string }[]) if (op === 'add') webhooks[Number(path.split('/')[2])]!.clientConfig.caBundle = value
    return { status: 200, body: api.objects.get(PATH)! }
  }
  return { api, patches, bundles: () => webhooks.map(({ clientConfig }) => Buffer.from(clientConfig.caBundle ?? '', 'base64').toString()) }
}

function keeperOf(t: TestContext, api: ApiServer, bundle: string): { keeper: WebhookKeeper, warnings: string[], clock: { now: number } } {
  const warnings: string[] = []
  const clock = { now: 0 }
  const keeper = new WebhookKeeper({ client: api.client, name: 'hook', now: () => clock.now, say: () => {}, warn: (text) => { warnings.push(text) } }, bundle)
  t.after(() => keeper.close())
  return { keeper, warnings, clock }
}

test('a bundle that is missing is written into each webhook, guarded by its name, and then no more', async (t) => {
  const bundle = await bundleOf(await newCa(t))
  const { api, patches, bundles } = await open(t, [])
  const { keeper } = keeperOf(t, api, bundle)
  assert.notEqual(keeper.problem, undefined)
  await keeper.look()
  assert.deepEqual(bundles(), [bundle, bundle])
  assert.deepEqual(patches[0]!.map((operation) => (operation as { op: string }).op), ['test', 'add', 'test', 'add'])
  assert.equal(keeper.problem, undefined)
  await keeper.look()
  assert.equal(patches.length, 1)
})

test('one that was changed is put right, garbage too', async (t) => {
  const [bundle, other] = [await bundleOf(await newCa(t)), await bundleOf(await newCa(t))]
  const { api, bundles } = await open(t, [other, 'garbage'])
  await keeperOf(t, api, bundle).keeper.look()
  assert.deepEqual(bundles(), [bundle, bundle])
})

test('a root that another injector knows of is left for ten minutes, no longer', async (t) => {
  const [bundle, next] = [await bundleOf(await newCa(t)), await bundleOf(await newCa(t))]
  const { api, bundles, patches } = await open(t, [bundle + next, bundle + next])
  const { keeper, clock } = keeperOf(t, api, bundle)
  await keeper.look()
  clock.now = 599_999
  await keeper.look()
  assert.equal(patches.length, 0)
  clock.now = 600_000
  await keeper.look()
  assert.deepEqual(bundles(), [bundle, bundle])
})

test('without a configuration, or the right to change it, it is not ready, says so once, and tries again', async (t) => {
  const bundle = await bundleOf(await newCa(t))
  const { api, bundles } = await open(t, [])
  const present = api.objects.get(PATH)!
  api.objects.delete(PATH)
  const { keeper, warnings } = keeperOf(t, api, bundle)
  await keeper.look()
  await keeper.look()
  assert.deepEqual(warnings, ['pods cannot be injected: there is no MutatingWebhookConfiguration hook'])
  assert.match(keeper.problem!, /there is no/)
  api.objects.set(PATH, present)
  await keeper.keep(bundle)
  assert.deepEqual([keeper.problem, bundles()[0]], [undefined, bundle])
})

test('events say why in the namespace of the pod, once for an owner that tries again and again', async (t) => {
  const api = await openApiServer(t)
  const bodies: { message: string, reason: string, involvedObject: object }[] = []
  let settle: [resolve: () => void, reject: (error: Error) => void] = [() => {}, () => {}]
  const posted = new Promise<void>((resolve, reject) => { settle = [resolve, reject] })
  api.route = (_, path, body) => {
    assert.equal(path, '/api/v1/namespaces/shop/events')
    bodies.push(body as typeof bodies[number])
    if (bodies.length === 3) settle[0]()
    return { status: 201, body: {} }
  }
  const events = new InjectionEvents(api.client, (text) => settle[1](new Error(text)))
  const owner = (name: string) => ({ workload: name, label: `${name}-x`, reference: { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid: 'u' } })
  const left = (name: string) => ({ answer: { allowed: true }, outcome: 'left' as const, why: 'it is on the network of its node', owner: owner(name) })
  for (let n = 0; n < 20; n++) events.tell('shop', left('web'), 1000)
  events.tell('shop', { ...left('db'), outcome: 'injected' }, 1000)
  events.tell('../x', left('db'), 1000)
  events.tell('shop', { ...left('db'), outcome: 'refused' }, 1000)
  await posted
  assert.deepEqual(bodies.map(({ reason }) => reason).sort(), ['MtlscopeNotInjected', 'MtlscopeNotInjected', 'MtlscopeRefused'])
  assert.deepEqual(bodies.find(({ reason }) => reason === 'MtlscopeRefused')!.involvedObject, { ...owner('db').reference, namespace: 'shop' })
})
