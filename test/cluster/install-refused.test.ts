import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { clusterObjects, nodeFolderExists, untilSame } from './cluster-objects.ts'
import { useCluster } from './test-cluster.ts'
import { writeKubeconfigOf } from './user-kubeconfig.ts'

test('an image that is not there: the pod and the reason are told, and everything is as before', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '--image', 'local/absent:9', '--image-pull-policy', 'Never')
  assert.equal(code, 1, stderr)
  assert.match(stderr, /error: ca did not become ready: pod mtlscope-ca-\S+: its image local\/absent:9 is not on the node, and may not be pulled/)
  await untilSame(cluster, before)
})

test('a secret to pull the image with that is not there: told with how to make it, and everything is as before', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME, '--image-pull-secret', 'registry')
  assert.equal(code, 1, stderr)
  assert.match(stderr, /error: there is no secret registry in namespace mtlscope to pull the image with; nothing was changed/)
  assert.match(stderr, /hint: kubectl create namespace mtlscope, then kubectl create secret docker-registry registry -n mtlscope/)
  assert.deepEqual(await clusterObjects(cluster), before)
})

test('an uninstall by a user without rights: every right that is missing is named, and nothing is deleted', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const kubeconfig = await writeKubeconfigOf(t, cluster, 'default', 'looker', [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }])
  t.after(async () => { await cluster.mtlscope('uninstall') })
  const { code: installed, stderr: said } = await cluster.mtlscope('install', '--only', 'ca', '--image', IMAGE_NAME, '--image-pull-policy', 'Never')
  assert.equal(installed, 0, said)
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('uninstall', '--kubeconfig', kubeconfig)
  assert.equal(code, 3, stderr)
  for (const right of ['delete deployments.apps in namespace mtlscope', 'delete secrets in namespace mtlscope', 'delete clusterroles.rbac.authorization.k8s.io in every namespace', 'delete namespaces in every namespace']) assert.ok(stderr.includes(right), stderr)
  assert.deepEqual(await clusterObjects(cluster), before)
})

test('a context that is none, and an API server that is not there: told before anything', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  for (const command of ['install', 'upgrade', 'uninstall']) {
    const none = await cluster.mtlscope(command, '--context', 'nowhere')
    assert.deepEqual([none.code, /has no context nowhere\n.*hint: there are: mtlscope-cluster/.test(none.stderr)], [2, true], none.stderr)
  }
  const config = readFileSync(cluster.place.kubeconfig, 'utf8').replace(/"https:\/\/[^"]+"/, '"https://127.0.0.1:1"')
  const file = join(cluster.place.folder, 'tmp', `unreachable-${process.pid}.json`)
  t.after(() => rmSync(file, { force: true }))
  writeFileSync(file, config, { mode: 0o600 })
  const { code, stderr } = await cluster.mtlscope('install', '--kubeconfig', file)
  assert.deepEqual([code, /cannot reach the API server 127\.0\.0\.1:1: ECONNREFUSED/.test(stderr)], [1, true], stderr)
})

test('a user without rights: every right that is missing is named, and nothing was changed', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const kubeconfig = await writeKubeconfigOf(t, cluster, 'default', 'nobody', [])
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME, '--kubeconfig', kubeconfig)
  assert.equal(code, 3, stderr)
  for (const right of ['create clusterroles.rbac.authorization.k8s.io in every namespace', 'create daemonsets.apps in namespace mtlscope', 'patch mutatingwebhookconfigurations.admissionregistration.k8s.io in every namespace']) assert.ok(stderr.includes(right), stderr)
  assert.match(stderr, /hint: who has just a namespace: mtlscope install --namespace-only/)
  assert.deepEqual(await clusterObjects(cluster), before)
})

test('who may make roles, but has not what the roles give, is told so before anything is changed', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const verbs = ['get', 'list', 'create', 'patch', 'delete']
  const kubeconfig = await writeKubeconfigOf(t, cluster, 'default', 'half', [
    { apiGroups: ['', 'apps', 'rbac.authorization.k8s.io', 'policy', 'admissionregistration.k8s.io'], verbs, resources: ['namespaces', 'serviceaccounts', 'secrets', 'services', 'deployments', 'daemonsets', 'roles', 'rolebindings', 'clusterroles', 'clusterrolebindings', 'poddisruptionbudgets', 'mutatingwebhookconfigurations'] },
  ])
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME, '--kubeconfig', kubeconfig)
  assert.equal(code, 3, stderr)
  assert.match(stderr, /attempting to grant RBAC permissions not currently held/)
  assert.deepEqual(await clusterObjects(cluster), before)
})

test('objects of others are left alone', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.apply(t, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'mtlscope-agent' }, rules: [] })
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME)
  assert.equal(code, 1, stderr)
  assert.match(stderr, /error: ClusterRole mtlscope-agent is there already, and not of mtlscope; nothing was changed/)
  assert.deepEqual(await clusterObjects(cluster), before)
})

test('a namespace that forbids what agents need is named before anything is changed, and no uninstall takes it away', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.apply(t, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } })
  const before = await clusterObjects(cluster)
  const { code, stderr } = await cluster.mtlscope('install', '-n', 'strict', '--image', IMAGE_NAME)
  assert.equal(code, 1, stderr)
  assert.match(stderr, /namespace strict enforces the Pod Security level restricted, under which agents cannot run/)
  const removed = await cluster.mtlscope('uninstall', '-n', 'strict')
  assert.deepEqual([removed.code, /nothing is installed in namespace strict/.test(removed.stderr)], [0, true], removed.stderr)
  assert.deepEqual(await clusterObjects(cluster), before)
  assert.equal(nodeFolderExists(cluster), false)
})
