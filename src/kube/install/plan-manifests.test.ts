import assert from 'node:assert/strict'
import test from 'node:test'
import { parseAllDocuments } from 'yaml'
import { fields, list } from '../fields.ts'
import type { Fields } from '../fields.ts'
import { ACCOUNT_RIGHTS, AGENT_CAPABILITIES } from './account-rights.ts'
import type { InstallOptions } from './install-options.ts'
import { PARTS, checkInstallOptions, parseParts } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { KINDS, objectPath } from './object-paths.ts'
import { manifestText, planManifests } from './plan-manifests.ts'

const OPTIONS: InstallOptions = {
  namespace: 'm', image: 'i:1', pullPolicy: 'Never', trustDomain: 'example.org', keep: '1GiB,24h', parts: PARTS, namespaceOnly: false, networkPolicy: true, nodeRules: false, managedBy: 'mtlscope', pullSecrets: [], disruptionBudget: true,
}

function podSpecs(manifests: readonly Manifest[]): { part: string, spec: Fields }[] {
  return manifests.filter(({ kind }) => kind === 'Deployment' || kind === 'DaemonSet')
    .map(({ metadata, spec }) => ({ part: metadata.labels['app.kubernetes.io/component']!, spec: fields(fields(fields(spec).template).spec) }))
}

test('no account has a wildcard, and only the CA reads a secret: its own', () => {
  for (const [part, rights] of Object.entries(ACCOUNT_RIGHTS)) {
    for (const { apiGroup, resources, verbs, resourceNames, why } of rights) {
      assert.ok(![apiGroup, ...resources, ...verbs].includes('*') && why !== '')
      if (resources.includes('secrets')) assert.deepEqual([part, resourceNames], ['ca', ['mtlscope-ca-state']])
      // What changes something is bound to a name, but creating, which cannot be.
      if (verbs.some((verb) => ['update', 'patch', 'delete'].includes(verb))) assert.ok(resourceNames !== undefined, `${part}: ${verbs.join()} ${resources.join()}`)
    }
  }
})

test('nothing is privileged; all but the agents are an ordinary user without capabilities; every root is read-only', () => {
  const pods = podSpecs(planManifests(OPTIONS))
  assert.deepEqual(pods.map(({ part }) => part), PARTS)
  for (const { part, spec } of pods) {
    const [container] = list(spec.containers)
    const context = fields(container!.securityContext)
    assert.deepEqual([container!.image, container!.imagePullPolicy], ['i:1', 'Never'])
    assert.deepEqual([context.readOnlyRootFilesystem, context.allowPrivilegeEscalation, context.seccompProfile], [true, false, { type: 'RuntimeDefault' }])
    assert.deepEqual(context.capabilities, part === 'agent' ? { drop: ['ALL'], add: Object.keys(AGENT_CAPABILITIES) } : { drop: ['ALL'] })
    assert.equal(context.runAsUser, part === 'agent' ? 0 : 1337)
    assert.equal(spec.hostPID, part === 'agent' ? true : undefined)
    assert.ok(fields(container!.resources).limits !== undefined && container!.readinessProbe !== undefined)
  }
})

test('secrets that the image is pulled with are those of all parts, and of the pods that the injector makes', () => {
  const pods = podSpecs(planManifests({ ...OPTIONS, pullSecrets: ['registry', 'mirror'] }))
  assert.deepEqual(pods.map(({ spec }) => spec.imagePullSecrets), PARTS.map(() => [{ name: 'registry' }, { name: 'mirror' }]))
  const args = list(pods.find(({ part }) => part === 'injector')!.spec.containers)[0]!.args as string[]
  assert.deepEqual(args.filter((_, index) => args[index - 1] === '--image-pull-secret'), ['registry', 'mirror'])
  assert.deepEqual(podSpecs(planManifests(OPTIONS)).map(({ spec }) => 'imagePullSecrets' in spec), PARTS.map(() => false))
  for (const name of ['', 'A', 'a b', '../x']) assert.throws(() => checkInstallOptions({ ...OPTIONS, pullSecrets: [name] }), { code: 'usage' })
})

test('a node that is the only one has no budget of disruptions: nobody could drain it', () => {
  const budgets = (disruptionBudget: boolean): number => planManifests({ ...OPTIONS, disruptionBudget }).filter(({ kind }) => kind === 'PodDisruptionBudget').length
  assert.deepEqual([budgets(true), budgets(false)], [1, 0])
})

test('half a minute after their node is gone pods are made elsewhere; agents stay', () => {
  const moves = ['not-ready', 'unreachable'].map((state) => ({ key: `node.kubernetes.io/${state}`, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 }))
  const tolerations = Object.fromEntries(podSpecs(planManifests(OPTIONS)).map(({ part, spec }) => [part, spec.tolerations]))
  assert.deepEqual(tolerations, { ca: moves, injector: moves, agent: [{ operator: 'Exists' }], hub: moves })
})

test('every kind is one that uninstall and upgrade know, and each object is there once', () => {
  const manifests = planManifests(OPTIONS)
  for (const { kind, metadata } of manifests) assert.equal(KINDS[kind]?.namespaced, metadata.namespace !== undefined, kind)
  const paths = manifests.map(objectPath)
  assert.equal(new Set(paths).size, paths.length)
})

test('with one namespace nothing is outside of it, and there is no webhook', () => {
  const manifests = planManifests({ ...OPTIONS, namespaceOnly: true })
  assert.ok(manifests.length > 0)
  for (const { metadata: { namespace } } of manifests) assert.equal(namespace, 'm')
  assert.ok(!podSpecs(manifests).some(({ part }) => part === 'injector'))
  const agent = podSpecs(manifests).find(({ part }) => part === 'agent')!
  assert.deepEqual((list(agent.spec.containers)[0]!.args as string[]).slice(0, 3), ['agent', '-n', 'm'])
})

test('no manifest says what is in the secret of the CA, nor who vouches for the webhook: an upgrade would take it away', () => {
  const manifests = planManifests(OPTIONS)
  const secret = manifests.find(({ kind }) => kind === 'Secret')!
  assert.deepEqual([secret.data, secret.stringData], [undefined, undefined])
  const webhook = manifests.find(({ kind }) => kind === 'MutatingWebhookConfiguration')!
  for (const { clientConfig, failurePolicy, namespaceSelector } of list(webhook.webhooks)) {
    assert.equal(fields(clientConfig).caBundle, undefined)
    assert.equal(failurePolicy, 'Fail')
    assert.match(JSON.stringify(namespaceSelector), /"NotIn","values":\["m","kube-system"/)
  }
})

test('the text is the objects', () => {
  const manifests = planManifests(OPTIONS)
  assert.deepEqual(parseAllDocuments(manifestText(manifests)).map((document) => document.toJS()), JSON.parse(JSON.stringify(manifests)))
})

test('parts bring what they cannot be without', () => {
  assert.deepEqual(parseParts(undefined), PARTS)
  assert.deepEqual(parseParts('tap'), ['ca', 'agent', 'hub'])
  assert.deepEqual(parseParts('injector'), ['ca', 'injector'])
  assert.deepEqual(parseParts('hub, injector'), PARTS)
  for (const words of ['', 'tap,', 'agent;hub', 'constructor']) assert.throws(() => parseParts(words), { code: 'usage' })
})

test('names that no API server takes, and namespaces of others, are refused', () => {
  for (const namespace of ['', 'A', '-a', 'a.b', 'a'.repeat(64), 'kube-system', 'default']) assert.throws(() => checkInstallOptions({ ...OPTIONS, namespace }), { code: 'usage' })
  for (const image of ['', ' ', 'a b', 'a\nb']) assert.throws(() => checkInstallOptions({ ...OPTIONS, image }), { code: 'usage' })
  assert.throws(() => checkInstallOptions({ ...OPTIONS, namespaceOnly: true, parts: ['ca', 'injector'] }), { code: 'usage' })
  checkInstallOptions(OPTIONS)
})
