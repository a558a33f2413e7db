import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { clusterObjects, nodeFolderExists, untilSame } from './cluster-objects.ts'
import type { TestCluster } from './test-cluster.ts'
import { useCluster } from './test-cluster.ts'
import { writeKubeconfigOf } from './user-kubeconfig.ts'

const IMAGE = ['--image', IMAGE_NAME, '--image-pull-policy', 'Never']

async function must(result: Promise<RunResult>): Promise<string> {
  const { code, stderr, stdout } = await result
  assert.equal(code, 0, stderr)
  return stdout + stderr
}

function cleanUp(t: TestContext, cluster: TestCluster): void {
  t.after(async () => { await cluster.mtlscope('uninstall') })
}

/** What callers of the CA trust, who the webhook is trusted by, and the CA's state. */
async function identities(cluster: TestCluster): Promise<string[]> {
  return await Promise.all([
    cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', 'mtlscope', '-o', 'jsonpath={.data.mesh-ca\\.pem}'),
    cluster.kubectl('get', 'mutatingwebhookconfiguration', 'mtlscope-injector', '-o', 'jsonpath={.webhooks[*].clientConfig.caBundle}'),
    cluster.kubectl('get', 'secret', 'mtlscope-ca-state', '-n', 'mtlscope', '-o', 'jsonpath={.metadata.uid}'),
  ])
}

test('everything is installed and ready; an upgrade keeps identities and data and takes what is stale; an uninstall leaves nothing', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const before = await clusterObjects(cluster)
  cleanUp(t, cluster)
  const said = await must(cluster.mtlscope('install', ...IMAGE))
  for (const part of ['ca: 1 of 1 ready', 'injector: 2 of 2 ready', 'agent: 1 of 1 ready', 'hub: 1 of 1 ready']) assert.ok(said.includes(part), said)
  await cluster.until('the bundle is in the webhook', async () => (await identities(cluster)).every((text) => text !== ''))
  const made = await identities(cluster)

  const stale = { name: 'mtlscope-old', namespace: 'mtlscope', labels: { 'app.kubernetes.io/name': 'mtlscope', 'app.kubernetes.io/component': 'hub', 'app.kubernetes.io/managed-by': 'mtlscope' } }
  await must(cluster.kubectlInput(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: stale }), 'apply', '-f', '-'))
  const upgraded = await must(cluster.mtlscope('upgrade', '--keep-traffic', '2GiB,1h', '--node-rules'))
  assert.match(upgraded, /injector: 1 changed/)
  assert.match(upgraded, /agent: 1 changed/)
  assert.match(upgraded, /deleted ConfigMap mtlscope-old/)
  assert.deepEqual(await identities(cluster), made)
  assert.match(await cluster.kubectl('get', 'daemonset', 'mtlscope-agent', '-n', 'mtlscope', '-o', 'jsonpath={.spec.template.spec.containers[0]}'), new RegExp(`"image":"${IMAGE_NAME}","imagePullPolicy":"Never"|2GiB,1h`))
  const again = await must(cluster.mtlscope('upgrade'))
  assert.doesNotMatch(again, /changed|created|deleted/)

  // As pods of the mesh have it in their own namespaces.
  await cluster.apply(t, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'meshed', labels: { 'mtlscope.io/inject': 'enabled' } } })
  await cluster.until('the bundle is in the namespace', async () => (await cluster.kubectlInput('', 'get', 'configmap', 'mtlscope-ca', '-n', 'meshed')).code === 0)
  assert.equal(nodeFolderExists(cluster), true)
  const removed = await must(cluster.mtlscope('uninstall'))
  assert.match(removed, /deleted \/var\/lib\/mtlscope on 1 node/)
  assert.match(removed, /nothing of mtlscope is left in the cluster/)
  assert.equal(nodeFolderExists(cluster), false)
  await cluster.kubectl('delete', 'namespace', 'meshed')
  await untilSame(cluster, before)
  assert.match(await must(cluster.mtlscope('uninstall')), /nothing is installed/)
  const nothing = await cluster.mtlscope('upgrade')
  assert.deepEqual([nothing.code, /nothing is installed in namespace mtlscope/.test(nothing.stderr)], [1, true])
})

test('an upgrade to an image that is not there is undone: the installation is as it was, and works on', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  cleanUp(t, cluster)
  await must(cluster.mtlscope('install', '--only', 'secure', ...IMAGE))
  const { code, stderr } = await cluster.mtlscope('upgrade', '--image', 'local/absent:9')
  assert.equal(code, 1, stderr)
  assert.match(stderr, /ca did not become ready: pod mtlscope-ca-\S+: its image local\/absent:9 is not on the node/)
  await cluster.until('all pods have the old image and are ready', async () => {
    const pods = (await cluster.kubectl('get', 'pods', '-n', 'mtlscope', '-o', 'jsonpath={range .items[*]}{.spec.containers[0].image}={.status.containerStatuses[0].ready}{"\\n"}{end}')).trim().split('\n')
    return pods.length === 3 && pods.every((line) => line === `${IMAGE_NAME}=true`)
  })
})

test('in a namespace that was there before, with rights in that namespace only', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.kubectl('create', 'namespace', 'team')
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', 'team', '--wait=false'))
  await cluster.apply(t, {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'team-ca' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:auth-delegator' }, subjects: [{ kind: 'ServiceAccount', name: 'mtlscope-ca', namespace: 'team' }],
  })
  const verbs = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete']
  const kubeconfig = await writeKubeconfigOf(t, cluster, 'team', 'owner', [
    { apiGroups: ['', 'apps', 'rbac.authorization.k8s.io', 'policy', 'networking.k8s.io'], resources: ['serviceaccounts', 'secrets', 'services', 'configmaps', 'pods', 'pods/log', 'events', 'deployments', 'daemonsets', 'roles', 'rolebindings', 'poddisruptionbudgets', 'networkpolicies'], verbs },
  ], true)
  const before = await clusterObjects(cluster)
  const said = await must(cluster.mtlscope('install', '--namespace-only', 'team', '--kubeconfig', kubeconfig, ...IMAGE))
  assert.match(said, /hub: 1 of 1 ready/)
  // The addresses of services are the API server's own objects.
  const outside = (await clusterObjects(cluster)).filter((object) => !before.includes(object) && !/^ipaddresses|^[^/]+\/team\//.test(object))
  assert.deepEqual(outside, [])
  assert.match(await must(cluster.mtlscope('upgrade', '--namespace-only', 'team', '--kubeconfig', kubeconfig)), /is up to date: ca, agent, hub/)
  await must(cluster.mtlscope('uninstall', '--namespace-only', 'team', '--kubeconfig', kubeconfig))
  await untilSame(cluster, before)
  assert.equal(nodeFolderExists(cluster), false)
})
