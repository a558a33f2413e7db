import assert from 'node:assert/strict'
import test from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { agentManifestText } from '../../src/kube/install/agent-manifests.ts'
import { busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'mtlscope'
const TALKER = 'busybox mkdir /www; echo hi > /www/index.html; busybox httpd -p 8080 -h /www; while :; do busybox wget -qO- http://127.0.0.1:8080/said; busybox sleep 1; done'

test('the API server takes each manifest, and the agents see what a pod says, with the rights that they have', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  const text = agentManifestText({ namespace: NAMESPACE, image: IMAGE_NAME, pullPolicy: 'Never' })
  t.after(() => cluster.kubectlInput(text, 'delete', '--ignore-not-found', '--wait=false', '-f', '-'))
  await cluster.kubectl('create', 'namespace', NAMESPACE)
  const dry = await cluster.kubectlInput(text, 'apply', '--dry-run=server', '--validate=strict', '-f', '-')
  assert.equal(dry.code, 0, dry.stderr)
  assert.equal(dry.stdout.trim().split('\n').length, 5)

  const applied = await cluster.kubectlInput(text, 'apply', '-f', '-')
  assert.equal(applied.code, 0, applied.stderr)
  await cluster.apply(t, busyboxPod('talker', TALKER))
  await cluster.untilPodRuns('talker')
  await cluster.until('the agent tells of the pod', async () => {
    const { stdout } = await cluster.kubectlInput('', 'logs', '-n', NAMESPACE, 'daemonset/mtlscope-agent')
    return stdout.split('\n').some((line) => line.includes('"namespace":"talker.default"') && line.includes('/said'))
  })
})
