import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { injectManifest } from '../../src/kube/inject/inject-manifest.ts'
import { run } from '../../src/sys/exec.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, MAIN, busyboxPod, useCluster } from './test-cluster.ts'

const NAMESPACE = 'mesh'
const CALLER = 'while :; do busybox wget -qO- http://$HELLO_SERVICE_HOST:8080/ ; busybox sleep 1; done'

/** A CA of this test, and a certificate of it as the secret that injected pods of the default account mount. */
async function makeIdentity(t: TestContext, cluster: TestCluster): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-cluster-ca-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const ca = join(folder, 'ca')
  for (const args of [['init', '--dir', ca], ['issue', '--dir', ca, '--spiffe', `spiffe://cluster.local/ns/${NAMESPACE}/sa/default`, '--out', folder]]) {
    const { code, stderr } = await run(process.execPath, [MAIN, 'ca', ...args], { timeoutMs: 60_000 })
    assert.equal(code, 0, stderr)
  }
  await cluster.kubectl('create', 'secret', 'generic', 'default-mtlscope', '-n', NAMESPACE, ...['key.pem', 'certChain.pem', 'mesh-ca.pem'].map((file) => `--from-file=${join(folder, file)}`))
}

test('two injected pods talk by mutual TLS, and a pod without a sidecar is not let in', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.kubectl('create', 'namespace', NAMESPACE)
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', NAMESPACE, '--wait=false'))
  await makeIdentity(t, cluster)
  const inMesh = { namespace: NAMESPACE }
  const { text, outcomes } = injectManifest(JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hello', ...inMesh }, spec: { selector: { app: 'hello' }, ports: [{ port: 8080 }] } },
    busyboxPod('hello', HTTP_SERVER, inMesh),
    busyboxPod('caller', CALLER, inMesh),
  ] }), { image: IMAGE_NAME, pullPolicy: 'Never' })
  assert.deepEqual(outcomes.map(({ injected }) => injected), [true, true])
  const applied = await cluster.kubectlInput(text, 'apply', '-f', '-')
  assert.equal(applied.code, 0, applied.stderr)
  await cluster.untilPodRuns('hello', NAMESPACE)
  await cluster.untilPodRuns('caller', NAMESPACE)
  await cluster.until('the call is answered', async () => (await cluster.kubectl('logs', 'caller', '-n', NAMESPACE, '-c', 'app')).includes('hello'))
  await cluster.until('the sidecar tells of it', async () => {
    return (await cluster.kubectl('logs', 'hello', '-n', NAMESPACE, '-c', 'mtlscope-sidecar')).split('\n').some((line) => line.includes('"security":"mtls"') && line.includes(`spiffe://cluster.local/ns/${NAMESPACE}/sa/default`))
  })

  await cluster.apply(t, busyboxPod('bare', 'while :; do busybox sleep 60; done', inMesh))
  await cluster.untilPodRuns('bare', NAMESPACE)
  const address = await cluster.kubectl('get', 'pod', 'hello', '-n', NAMESPACE, '-o', 'jsonpath={.status.podIP}')
  const bare = await cluster.kubectlInput('', 'exec', 'bare', '-n', NAMESPACE, '--', 'busybox', 'wget', '-qO-', `http://${address}:8080/`)
  assert.notEqual(bare.code, 0)
  assert.equal(bare.stdout, '')
})
