import assert from 'node:assert/strict'
import test from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { HealthAnswer } from '../../src/model/api.ts'
import { askHub, hubRows, killOnNode } from './own-mesh.ts'
import { deployment, service, useMeshNamespace } from './secure-plane.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'policed-shop'
const CALLER = 'n=0; while :; do n=$((n+1)); busybox timeout 5 busybox wget -qO- http://hello:8080/?policed-$n; busybox sleep 1; done'

interface Labelled { readonly metadata: { readonly uid: string, readonly labels: Record<string, string> }, readonly status: { readonly podIP: string }, readonly spec: { readonly containers: readonly Record<string, { httpGet?: { port: number }, tcpSocket?: { port: number } } | undefined>[] } }
interface Policy { readonly spec: { readonly podSelector: { readonly matchLabels: Record<string, string> }, readonly ingress?: readonly { readonly from?: readonly { readonly podSelector: { readonly matchLabels: Record<string, string> } }[], readonly ports: readonly { readonly port: number }[] }[] } }

function selects({ matchLabels }: { readonly matchLabels: Record<string, string> }, { metadata }: Labelled): boolean {
  return Object.entries(matchLabels).every(([key, value]) => metadata.labels[key] === value)
}

/** Ports that the kubelet asks at: a node reaches its own pods whatever policies say. */
function probedPorts({ spec }: Labelled): number[] {
  return spec.containers.flatMap(({ startupProbe, readinessProbe, livenessProbe }) => [startupProbe, readinessProbe, livenessProbe].flatMap((probe) => probe?.httpGet?.port ?? probe?.tcpSocket?.port ?? []))
}

/** What a network plug-in that enforces policies would set in the namespace of a pod; the network of the test node has none. */
function rulesOf(pod: Labelled, policies: readonly Policy[], pods: readonly Labelled[], node: string): string {
  const rules = policies.filter(({ spec }) => selects(spec.podSelector, pod)).flatMap(({ spec }) => spec.ingress ?? []).flatMap(({ from, ports }) => ports.map(({ port }) => {
    const peers = from?.flatMap(({ podSelector }) => pods.filter((one) => selects(podSelector, one)).map(({ status }) => status.podIP))
    return `${peers === undefined ? '' : `ip saddr { ${peers.join(', ')} } `}tcp dport ${port} accept`
  }))
  const probes = [...new Set(probedPorts(pod))].map((port) => `ip saddr ${node} tcp dport ${port} accept`)
  const chain = ['type filter hook input priority -100; policy drop;', 'iifname lo accept', 'ct state established,related accept', ...probes, ...rules, 'counter drop']
  return `table inet policies {\nchain input {\n${chain.join('\n')}\n}\n}\n`
}

/** In the network namespace of the pod with that UID. */
async function inPod(cluster: TestCluster, uid: string, ...command: string[]): Promise<string> {
  const script = 'for d in /proc/[0-9]*; do if grep -q "$0" $d/cgroup 2>/dev/null; then exec nsenter --target ${d#/proc/} --net -- "$@"; fi; done; exit 1'
  return await cluster.inside('sh', '-c', script, `pod${uid}`, ...command)
}

test('with the policies in force all of it works, and a stranger reaches neither agents nor hub', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  t.after(async () => { await cluster.mtlscope('uninstall') })
  const { code, stderr } = await cluster.mtlscope('install', '--image', IMAGE_NAME, '--image-pull-policy', 'Never', '--network-policy')
  assert.equal(code, 0, stderr)
  const list = async <T>(kind: string): Promise<T[]> => (JSON.parse(await cluster.kubectl('get', kind, '-n', 'mtlscope', '-o', 'json')) as { items: T[] }).items
  const [pods, policies] = [await list<Labelled>('pods'), await list<Policy>('networkpolicies')]
  assert.deepEqual([pods.length, policies.length], [5, 4])
  for (const pod of pods) await inPod(cluster, pod.metadata.uid, 'nft', rulesOf(pod, policies, pods, cluster.place.address))

  // Connections from before are let go on: all begin anew, in the same namespaces.
  for (const part of ['ca serve', 'injector', 'agent -A', 'hub']) assert.ok(await killOnNode(cluster, `main.js ${part}`) > 0, part)
  for (const part of ['ca', 'injector', 'hub']) await cluster.untilDeployed(`mtlscope-${part}`, 'mtlscope')

  await useMeshNamespace(t, cluster, NAMESPACE)
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [...deployment('hello', NAMESPACE, HTTP_SERVER), service('hello', NAMESPACE), ...deployment('caller', NAMESPACE, CALLER)] })
  await cluster.untilDeployed('hello', NAMESPACE)
  await cluster.untilDeployed('caller', NAMESPACE)
  await cluster.until('the hub has what was called after that', async () => (await hubRows(cluster)).some(({ what }) => what.includes('policed-')))
  // On a busy machine a node is taken for lost for a moment.
  await cluster.until('the one agent answers the hub', async () => isDeepStrictEqual((await askHub<HealthAnswer>(cluster, '/health'))?.nodes?.map(({ state }) => state), ['answers']))

  await cluster.apply(t, busyboxPod('stranger', 'exec busybox sleep 1000'))
  await cluster.untilPodRuns('stranger')
  const reaches = async (part: string, port: number): Promise<boolean> => {
    const { podIP } = pods.find(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === part)!.status
    return (await cluster.kubectlInput('', 'exec', 'stranger', '--', 'busybox', 'nc', '-w', '3', podIP, String(port), '-e', '/bin/busybox', 'true')).code === 0
  }
  assert.deepEqual([await reaches('ca', 8443), await reaches('injector', 9443), await reaches('agent', 8900), await reaches('hub', 8901), await reaches('ca', 22)], [true, true, false, false, false])
  const now = await list<Labelled>('pods')
  assert.deepEqual(now.map(({ metadata }) => metadata.uid).sort(), pods.map(({ metadata }) => metadata.uid).sort())
  for (const pod of pods) assert.match(await inPod(cluster, pod.metadata.uid, 'nft', 'list', 'table', 'inet', 'policies'), /policy drop/)
})
