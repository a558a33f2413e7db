import assert from 'node:assert/strict'
import test from 'node:test'
import { removeNode } from '../../scripts/cluster/down.ts'
import { nodePlace } from '../../scripts/cluster/place.ts'
import { addNode, importInto } from '../../scripts/cluster/up.ts'
import { useInstallation } from './own-mesh.ts'
import type { TestCluster } from './test-cluster.ts'
import { useCluster } from './test-cluster.ts'

const MOVED = ['ca', 'hub', 'injector'] as const

async function readyOn(cluster: TestCluster, part: string, node: string): Promise<boolean> {
  const { stdout } = await cluster.kubectlInput('', 'get', 'pods', '-n', 'mtlscope', '-l', `app.kubernetes.io/component=${part}`, '--field-selector', `spec.nodeName=${node}`, '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')
  return stdout.includes('True')
}

async function bundle(cluster: TestCluster): Promise<string> {
  return await cluster.kubectl('get', 'configmap', 'mtlscope-ca', '-n', 'mtlscope', '-o', 'jsonpath={.data.mesh-ca\\.pem}')
}

test('CA, hub and injectors of a node that dies are made elsewhere soon after Kubernetes has noticed, and the CA has the same root', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const second = nodePlace(cluster.place, 2)
  t.after(async () => {
    await cluster.kubectlInput('', 'uncordon', 'node')
    await removeNode(second)
    await cluster.kubectlInput('', 'delete', 'node', second.node, '--ignore-not-found')
  })
  await addNode(cluster.place, 2, () => {})
  await importInto(second)
  await cluster.kubectl('cordon', 'node')
  await useInstallation(t, cluster)
  for (const part of MOVED) assert.ok(await readyOn(cluster, part, second.node), part)
  const before = await bundle(cluster)
  assert.match(before, /BEGIN CERTIFICATE/)
  await cluster.kubectl('uncordon', 'node')
  await removeNode(second)
  await cluster.until('the node is said not to answer', async () => {
    return (await cluster.kubectl('get', 'node', second.node, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')) === 'Unknown'
  })
  // What tolerates for 300 seconds, as all do that say nothing, would not be there within this wait.
  for (const part of MOVED) await cluster.until(`${part} is on the other node`, () => readyOn(cluster, part, 'node'))
  assert.equal(await bundle(cluster), before)
})
