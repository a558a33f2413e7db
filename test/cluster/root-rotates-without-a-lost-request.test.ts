import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import test from 'node:test'
import type { TestCluster } from './test-cluster.ts'
import { CA_STATE, auditOf, deployment, service, useMeshNamespace, useSecurePlane } from './secure-plane.ts'
import { HTTP_SERVER, useCluster } from './test-cluster.ts'

const NAMESPACE = 'rotating'
const CALLER = 'n=0; while :; do n=$((n+1)); busybox timeout 5 busybox wget -qO- http://hello:8080/ > /dev/null && echo "answered $n" || echo "LOST $n"; busybox sleep 0.2; done'
const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

async function roots(cluster: TestCluster): Promise<string[]> {
  const text = await cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', NAMESPACE, '-o', 'jsonpath={.data.mesh-ca\\.pem}')
  return (text.match(PEM) ?? []).map((pem) => new X509Certificate(pem).fingerprint256)
}

/** Certificates that each sidecar has got so far, by its account. */
async function issued(cluster: TestCluster): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const { event, spiffeId } of await auditOf(cluster)) if (event === 'issued') counts.set(spiffeId!, (counts.get(spiffeId!) ?? 0) + 1)
  return counts
}

test('the root of a mesh is replaced while requests go on', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useSecurePlane(t, cluster)
  await useMeshNamespace(t, cluster, NAMESPACE)
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [...deployment('hello', NAMESPACE, HTTP_SERVER), service('hello', NAMESPACE)] })
  await cluster.untilDeployed('hello', NAMESPACE)
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: deployment('caller', NAMESPACE, CALLER) })
  await cluster.untilDeployed('caller', NAMESPACE)
  const log = (): Promise<string> => cluster.kubectl('logs', 'deploy/caller', '-n', NAMESPACE, '-c', 'app', '--tail=-1')
  const answered = async (): Promise<number> => (await log()).split('\n').filter((line) => line.startsWith('answered')).length
  const ids = ['hello', 'caller'].map((account) => `spiffe://cluster.local/ns/${NAMESPACE}/sa/${account}`)
  await cluster.until('requests are answered', async () => await answered() > 3)

  const [first] = await roots(cluster)
  const step = async (what: string, args: readonly string[], holds: (present: readonly string[]) => boolean): Promise<void> => {
    const before = await issued(cluster)
    const { code, stderr } = await cluster.mtlscope('ca', 'rotate-root', '--kube-secret', CA_STATE, ...args)
    assert.equal(code, 0, stderr)
    await cluster.until(`${what}: the bundle is published`, async () => holds(await roots(cluster)))
    await cluster.until(`${what}: both sidecars have another certificate`, async () => {
      const now = await issued(cluster)
      return ids.every((id) => (now.get(id) ?? 0) > (before.get(id) ?? 0))
    })
    const sofar = await answered()
    await cluster.until(`${what}: requests go on`, async () => await answered() > sofar + 3)
  }
  await step('the next root', [], (present) => present.length === 2 && present[0] === first)
  await step('the switch', ['--finish', '--force'], (present) => present.length === 2 && present[1] === first)
  await step('without the old one', ['--finish', '--force'], (present) => present.length === 1 && present[0] !== first)
  const lost = (await log()).split('\n').filter((line) => line.startsWith('LOST'))
  assert.deepEqual(lost, [])
  // A pod that starts now trusts the new root only, and is trusted by those that were there.
  await cluster.kubectl('rollout', 'restart', 'deployment/caller', '-n', NAMESPACE)
  await cluster.untilDeployed('caller', NAMESPACE)
  await cluster.until('the new pod is answered', async () => (await answered()) > 3)
})
