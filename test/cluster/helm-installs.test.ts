import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { ROOT } from '../../scripts/checkout.ts'
import { helmPath } from '../../scripts/cluster/helm.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { need } from '../require.ts'
import { clusterObjects, nodeFolderExists, untilSame } from './cluster-objects.ts'
import { useCluster } from './test-cluster.ts'

const CHART = `${ROOT}charts/mtlscope`

test('Helm installs the chart, upgrades it with the same CA, and what mtlscope does not manage it leaves alone', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined || !need(t, 'cluster', existsSync(helmPath()), 'Helm (npm run test:cluster builds it)')) return
  const helm = (...args: string[]): Promise<string> => cluster.inside(helmPath(), '--kubeconfig', cluster.place.kubeconfig, '--namespace', 'mtlscope', ...args)
  const root = (): Promise<string> => cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', 'mtlscope', '-o', 'jsonpath={.data.mesh-ca\\.pem}')
  const before = await clusterObjects(cluster)
  t.after(async () => { await cluster.kubectlInput('', 'delete', 'namespace', 'mtlscope', '--ignore-not-found', '--wait=false') })
  const values = ['--set', `image=${IMAGE_NAME},imagePullPolicy=Never`]
  await helm('install', 'scope', CHART, '--create-namespace', '--wait', '--timeout', '300s', ...values)
  const made = await root()
  assert.match(made, /BEGIN CERTIFICATE/)

  const ours = await cluster.mtlscope('upgrade')
  assert.deepEqual([ours.code, /is managed by Helm/.test(ours.stderr)], [1, true], ours.stderr)
  const removal = await cluster.mtlscope('uninstall')
  assert.deepEqual([removal.code, /installed by Helm; nothing was changed/.test(removal.stderr), /helm uninstall -n mtlscope scope/.test(removal.stderr)], [1, true, true], removal.stderr)

  const bundle = (): Promise<string> => cluster.kubectl('get', 'mutatingwebhookconfiguration', 'mtlscope-injector', '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}')
  assert.notEqual(await bundle(), '')
  await helm('upgrade', 'scope', CHART, '--wait', '--timeout', '300s', ...values, '--set', 'agent.keep=2GiB\\,1h')
  assert.equal(await root(), made)
  assert.notEqual(await bundle(), '')

  await helm('uninstall', 'scope', '--wait')
  const rest = await cluster.mtlscope('uninstall', '--image', IMAGE_NAME)
  assert.equal(rest.code, 0, rest.stderr)
  assert.equal(nodeFolderExists(cluster), false)
  await cluster.kubectl('delete', 'namespace', 'mtlscope')
  await untilSame(cluster, before)
})
