import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { manifestText, planManifests } from '../../src/kube/install/plan-manifests.ts'
import { Laptop } from './laptop.ts'
import type { TestCluster } from './test-cluster.ts'
import { busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'mtlscope'
const TALKER = 'busybox mkdir /www; echo hi > /www/index.html; busybox httpd -p 8080 -h /www; while :; do busybox wget -qO- http://127.0.0.1:8080/; busybox sleep 1; done'

interface Rows { rows: { namespace?: string, what: string }[] }

/** CA, agents and hub as `mtlscope install --only tap` makes them, Ready, and gone with the test. */
async function useTapPlane(t: TestContext, cluster: TestCluster): Promise<void> {
  const text = manifestText(planManifests({
    namespace: NAMESPACE, image: IMAGE_NAME, pullPolicy: 'Never', trustDomain: 'cluster.local', parts: ['ca', 'agent', 'hub'], keep: '64MiB,1h', namespaceOnly: false, networkPolicy: false, nodeRules: false, managedBy: 'mtlscope', pullSecrets: [], disruptionBudget: true,
  }))
  t.after(async () => { await cluster.kubectlInput(text, 'delete', '--ignore-not-found', '--grace-period=1', '-f', '-') })
  const { code, stderr } = await cluster.kubectlInput(text, 'apply', '-f', '-')
  assert.equal(code, 0, stderr)
  await cluster.until('the agents are ready', async () => (await cluster.kubectlInput('', 'rollout', 'status', 'daemonset/mtlscope-agent', '-n', NAMESPACE, '--watch=false')).stdout.includes('successfully rolled out'))
  await cluster.untilDeployed('mtlscope-hub', NAMESPACE)
}

test('tap leads to the viewer of the hub, also after the hub was replaced; lines and rules come from the agents that are there', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useTapPlane(t, cluster)
  await cluster.apply(t, busyboxPod('shown', TALKER))
  await cluster.untilPodRuns('shown')
  const tap = new Laptop(t, cluster, 'tap', '^shown$', '--ui', '0')
  await cluster.until('the viewer is told', () => Promise.resolve(/viewer http:\/\/127\.0\.0\.1:\d+\/\?q=/.test(tap.stderr)))
  const { port, searchParams } = new URL(/viewer (http\S+)/.exec(tap.stderr)![1]!)
  // The laptop is in the node's network here.
  const ask = async (): Promise<string> => (await cluster.insideAnyway('curl', '-sS', '-m', '10', '-G', `http://127.0.0.1:${port}/api/v1/messages`, '--data-urlencode', `q=${searchParams.get('q')}`)).output
  const shows = async (): Promise<boolean> => {
    const text = await ask()
    return text.startsWith('{') && (JSON.parse(text) as Rows).rows?.some(({ namespace, what }) => namespace === 'shown.default' && what === 'GET /')
  }
  await cluster.until('the hub shows the pod', shows)
  await cluster.kubectl('delete', 'pod', '-n', NAMESPACE, '-l', 'app.kubernetes.io/component=hub', '--grace-period=1')
  await cluster.until('the new hub shows it by the same way', shows)
  assert.equal(await tap.signal('SIGINT'), 0, tap.stderr)

  const lines = await cluster.outside('tap', '^shown$', '-o', 'json', '-c', '1', '--for', '60s')
  assert.match(lines.stdout, /"namespace":"shown\.default"/, lines.stderr)
  assert.doesNotMatch(lines.stderr, /starting an agent/)
  const rules = await cluster.outside('explain', 'shown', '-o', 'json')
  assert.equal(rules.code, 0, rules.stderr)
  assert.equal((JSON.parse(rules.stdout) as { place: string }).place, 'shown.default')
})
