import assert from 'node:assert/strict'
import test from 'node:test'
import { HTTP_SERVER, busyboxPod, useCluster } from './test-cluster.ts'

test('the node is Ready, and of the version that it says', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const node = JSON.parse(await cluster.kubectl('get', 'node', 'node', '-o', 'json')) as { status: { nodeInfo: { kubeletVersion: string }, conditions: { type: string, status: string }[] } }
  assert.equal(node.status.conditions.find(({ type }) => type === 'Ready')?.status, 'True')
  assert.equal(node.status.nodeInfo.kubeletVersion, 'v1.34.4')
})

test('a pod answers another through the address of its service', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hello' }, spec: { selector: { app: 'hello' }, ports: [{ port: 80, targetPort: 8080 }] } },
    busyboxPod('hello', HTTP_SERVER),
    busyboxPod('caller', 'while :; do busybox sleep 60; done'),
  ] })
  await cluster.untilPodRuns('hello')
  await cluster.untilPodRuns('caller')
  const address = await cluster.kubectl('get', 'service', 'hello', '-o', 'jsonpath={.spec.clusterIP}')
  await cluster.until('kube-proxy leads to the pod', async () => {
    return (await cluster.kubectlInput('', 'exec', 'caller', '--', 'busybox', 'wget', '-qO-', `http://${address}/`)).stdout === 'hello\n'
  })
})
