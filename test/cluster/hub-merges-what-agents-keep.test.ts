import assert from 'node:assert/strict'
import test from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { HealthAnswer, MessageRow } from '../../src/model/api.ts'
import { askHub, hubRows, killOnNode } from './own-mesh.ts'
import type { TestCluster } from './test-cluster.ts'
import { busyboxPod, useCluster } from './test-cluster.ts'

const TALKER = 'busybox mkdir /www; echo hi > /www/index.html; busybox httpd -p 8080 -h /www; n=0; while :; do n=$((n+1)); busybox wget -qO- http://127.0.0.1:8080/said-$n; busybox sleep 1; done'

async function rowsOf(cluster: TestCluster): Promise<readonly MessageRow[]> {
  return await hubRows(cluster, 'path.startsWith("/said-")')
}

async function nodeState(cluster: TestCluster): Promise<string | undefined> {
  return (await askHub<HealthAnswer>(cluster, '/health'))?.nodes?.[0]?.state
}

/** The rows that are there once they are more than that: asked for again they might be gone, when a busy node is taken for lost for a moment. */
async function rowsBeyond(cluster: TestCluster, what: string, count: number): Promise<readonly MessageRow[]> {
  let rows: readonly MessageRow[] = []
  await cluster.until(what, async () => {
    rows = await rowsOf(cluster)
    return rows.length > count
  })
  return rows
}

test('the hub shows what the agent of each node keeps; killed and started again, neither of the two loses or renumbers anything', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  t.after(async () => { await cluster.mtlscope('uninstall') })
  const installed = await cluster.mtlscope('install', '--only', 'tap', '--image', IMAGE_NAME, '--image-pull-policy', 'Never')
  assert.equal(installed.code, 0, installed.stderr)
  await cluster.apply(t, busyboxPod('talker', TALKER))
  await cluster.untilPodRuns('talker')
  const before = await rowsBeyond(cluster, 'what the pod says is in the hub', 2)
  assert.ok(before.every(({ node, namespace }) => node === 'node' && namespace === 'talker.default'), JSON.stringify(before[0]))

  assert.ok(await killOnNode(cluster, 'main.js agent') > 0)
  const after = await rowsBeyond(cluster, 'more comes after the agent was killed', before.length + 3)
  assert.deepEqual(after.slice(0, before.length).map(({ id, what }) => [id, what]), before.map(({ id, what }) => [id, what]))

  assert.ok(await killOnNode(cluster, 'main.js hub') > 0)
  const again = await rowsBeyond(cluster, 'the hub is back', after.length)
  assert.deepEqual(again.slice(0, after.length).map(({ id, what }) => [id, what]), after.map(({ id, what }) => [id, what]))

  // Nobody starts it again now: the node is named.
  await cluster.kubectl('patch', 'daemonset', 'mtlscope-agent', '-n', 'mtlscope', '-p', JSON.stringify({ spec: { template: { spec: { nodeSelector: { nowhere: 'yes' } } } } }))
  await cluster.until('the node is missing', async () => await nodeState(cluster) === 'missing')
  assert.deepEqual(await rowsOf(cluster), [])
  const { advice } = (await askHub<HealthAnswer>(cluster, '/health'))!
  assert.match(advice[0]!.text, /^node node: no answer since /)
  await cluster.kubectl('patch', 'daemonset', 'mtlscope-agent', '-n', 'mtlscope', '--type=json', '-p', '[{"op":"remove","path":"/spec/template/spec/nodeSelector"}]')
  await cluster.until('the node is back', async () => await nodeState(cluster) === 'answers')
  const whole = await rowsBeyond(cluster, 'all that it had is there', again.length - 1)
  assert.deepEqual(whole.slice(0, again.length).map(({ id }) => id), again.map(({ id }) => id))
})
