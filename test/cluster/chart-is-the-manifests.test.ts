import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { parseAllDocuments } from 'yaml'
import { ROOT } from '../../scripts/checkout.ts'
import { helmPath } from '../../scripts/cluster/helm.ts'
import { PARTS } from '../../src/kube/install/install-options.ts'
import type { InstallOptions } from '../../src/kube/install/install-options.ts'
import type { Manifest } from '../../src/kube/install/object-names.ts'
import { objectPath } from '../../src/kube/install/object-paths.ts'
import { planManifests } from '../../src/kube/install/plan-manifests.ts'
import { run } from '../../src/sys/exec.ts'
import { need } from '../require.ts'

const CHART = `${ROOT}charts/mtlscope`
const TIMEOUT_MS = 120_000
const DEFAULTS: InstallOptions = {
  namespace: 'mtlscope', image: 'mtlscope:latest', pullPolicy: undefined, trustDomain: 'cluster.local', keep: '1GiB,24h', parts: PARTS, namespaceOnly: false, networkPolicy: false, nodeRules: false, managedBy: 'Helm', pullSecrets: [], disruptionBudget: true,
}

function hasHelm(t: TestContext): boolean {
  return need(t, 'cluster', existsSync(helmPath()), 'Helm (npm run test:cluster builds it)')
}

async function helm(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(helmPath(), args, { timeoutMs: TIMEOUT_MS })
  assert.equal(code, 0, stdout + stderr)
  return stdout
}

async function rendered(...args: string[]): Promise<Record<string, Manifest>> {
  const text = await helm('template', 'any', CHART, ...args)
  return byPath(parseAllDocuments(text).map((document) => document.toJS() as Manifest | null).filter((object) => object !== null))
}

function byPath(manifests: readonly Manifest[]): Record<string, Manifest> {
  return Object.fromEntries(manifests.map((manifest) => [objectPath(manifest), JSON.parse(JSON.stringify(manifest)) as Manifest]))
}

/** Helm makes the namespace by a flag of its own. */
function installed(changes: Partial<InstallOptions> = {}): Record<string, Manifest> {
  return byPath(planManifests({ ...DEFAULTS, ...changes }).filter(({ kind }) => kind !== 'Namespace'))
}

test('what Helm renders by default is what install applies, object by object', async (t) => {
  if (!hasHelm(t)) return
  assert.deepEqual(await rendered('-n', 'mtlscope'), installed())
})

test('and with everything set', async (t) => {
  if (!hasHelm(t)) return
  const values = { image: 'r.example:5000/m:2', imagePullPolicy: 'Never', trustDomain: 'example.org', networkPolicy: 'true', nodeRules: 'true', 'agent.keep': '5GiB\\,1h', 'imagePullSecrets[0].name': 'registry', 'imagePullSecrets[1].name': '123', 'injector.disruptionBudget': 'false' }
  const set = Object.entries(values).flatMap(([key, value]) => ['--set' + (/^\d+$/.test(value) ? '-string' : ''), `${key}=${value}`])
  assert.deepEqual(await rendered('-n', '123', ...set), installed({ namespace: '123', image: values.image, pullPolicy: 'Never', trustDomain: 'example.org', networkPolicy: true, nodeRules: true, keep: '5GiB,1h', pullSecrets: ['registry', '123'], disruptionBudget: false }))
})

test('parts can be left out, and pods be led to nodes and registries', async (t) => {
  if (!hasHelm(t)) return
  assert.deepEqual(await rendered('-n', 'mtlscope', '--set', 'agent.enabled=false,hub.enabled=false'), installed({ parts: ['ca', 'injector'] }))
  const objects = await rendered('-n', 'mtlscope', '--set', 'hub.nodeSelector.disk=ssd,imagePullSecrets[0].name=registry,ca.resources.limits.memory=1Gi')
  const spec = (kind: string, part: string): { nodeSelector?: unknown, imagePullSecrets?: unknown, containers: { resources: { limits: unknown } }[] } => {
    return (objects[`/apis/apps/v1/namespaces/mtlscope/${kind}/mtlscope-${part}`] as unknown as { spec: { template: { spec: ReturnType<typeof spec> } } }).spec.template.spec
  }
  assert.deepEqual([spec('deployments', 'hub').nodeSelector, spec('daemonsets', 'agent').nodeSelector], [{ disk: 'ssd' }, undefined])
  assert.deepEqual([spec('deployments', 'hub'), spec('daemonsets', 'agent')].map(({ imagePullSecrets }) => imagePullSecrets), [[{ name: 'registry' }], [{ name: 'registry' }]])
  assert.deepEqual(spec('deployments', 'ca').containers[0]!.resources.limits, { memory: '1Gi' })
})

test('helm lint finds nothing, and values that are none are refused', async (t) => {
  if (!hasHelm(t)) return
  assert.match(await helm('lint', '--strict', CHART), /0 chart\(s\) failed/)
  for (const set of ['imagePullPolicy=Sometimes', 'image=', 'agents.enabled=false', 'networkPolicy=perhaps']) {
    const { code, stderr } = await run(helmPath(), ['template', 'any', CHART, '--set', set], { timeoutMs: TIMEOUT_MS })
    assert.ok(code !== 0 && /schema/.test(stderr), `${set}: ${stderr}`)
  }
})
