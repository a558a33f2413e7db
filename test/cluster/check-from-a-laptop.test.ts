import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { injectManifest } from '../../src/kube/inject/inject-manifest.ts'
import { run } from '../../src/sys/exec.ts'
import { AGENTS, Laptop, untilNoSession } from './laptop.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, MAIN, busyboxPod, useCluster } from './test-cluster.ts'

/** Again and again. */
const TALKER = 'while :; do busybox wget -qO- http://$SERVER_SERVICE_HOST:8080/ ; busybox sleep 1; done'
/** Once, when it was entered: sessions that are resumed show no certificate. */
const CALLER = 'busybox sleep 5; busybox wget -qO- http://$SERVER_SERVICE_HOST:8080/ ; while :; do busybox sleep 60; done'

interface Report { edges: { client: string, server: string, port: number, verdict: string, evidence: { what: string }[], why: { kind: string }[] }[], outcome?: unknown }

/** A certificate as the secret that injected pods of the default account mount. */
async function makeIdentity(t: TestContext, cluster: TestCluster, namespace: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mtlscope-cluster-ca-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const ca = join(folder, 'ca')
  for (const args of [['init', '--dir', ca], ['issue', '--dir', ca, '--spiffe', `spiffe://cluster.local/ns/${namespace}/sa/default`, '--out', folder]]) {
    const { code, stderr } = await run(process.execPath, [MAIN, 'ca', ...args], { timeoutMs: 60_000 })
    assert.equal(code, 0, stderr)
  }
  await cluster.kubectl('create', 'secret', 'generic', 'default-mtlscope', '-n', namespace, ...['key.pem', 'certChain.pem', 'mesh-ca.pem'].map((file) => `--from-file=${join(folder, file)}`))
}

/** A server and a client that calls it. */
async function deploy(t: TestContext, cluster: TestCluster, namespace: string, isInjected: boolean, script = CALLER): Promise<void> {
  await cluster.kubectl('create', 'namespace', namespace)
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', namespace, '--wait=false'))
  const inIt = { namespace }
  const plain = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'server', ...inIt }, spec: { selector: { app: 'server' }, ports: [{ port: 8080 }] } },
    busyboxPod('server', HTTP_SERVER, inIt), busyboxPod('client', script, inIt),
  ] })
  if (isInjected) await makeIdentity(t, cluster, namespace)
  const { code, stderr } = await cluster.kubectlInput(isInjected ? injectManifest(plain, { image: IMAGE_NAME, pullPolicy: 'Never' }).text : plain, 'apply', '-f', '-')
  assert.equal(code, 0, stderr)
  for (const pod of ['server', 'client']) await cluster.untilPodRuns(pod, namespace)
  await cluster.until(`the call in ${namespace} is answered`, async () => (await cluster.kubectl('logs', 'client', '-n', namespace, '-c', 'app')).includes('hello'))
}

test('one command from a laptop: mtls with evidence where there are sidecars, plaintext where there are none', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await deploy(t, cluster, 'encrypted', true)
  await deploy(t, cluster, 'unencrypted', false)

  const callAgain = async (namespace: string, isInjected: boolean): Promise<void> => {
    await cluster.kubectl('delete', 'pod', 'client', '-n', namespace, '--grace-period=1')
    const plain = JSON.stringify(busyboxPod('client', CALLER, { namespace }))
    const { code, stderr } = await cluster.kubectlInput(isInjected ? injectManifest(plain, { image: IMAGE_NAME, pullPolicy: 'Never' }).text : plain, 'apply', '-f', '-')
    assert.equal(code, 0, stderr)
  }
  const check = new Laptop(t, cluster, 'check', '-n', 'encrypted', '-n', 'unencrypted', '--probe', '--expect', 'mtls', '-o', 'json', ...AGENTS)
  await cluster.until('the servers are watched', async () => check.stderr.includes('entered pod server.encrypted') && check.stderr.includes('entered pod server.unencrypted'))
  await Promise.all([callAgain('encrypted', true), callAgain('unencrypted', false)])
  for (const namespace of ['encrypted', 'unencrypted']) {
    await cluster.until(`the call in ${namespace} is answered`, async () => (await cluster.kubectlInput('', 'logs', 'client', '-n', namespace, '-c', 'app')).stdout.includes('hello'))
  }
  const code = await check.signal('SIGINT')
  const { stdout, stderr } = check
  assert.equal(code, 1, stderr)
  const { edges } = JSON.parse(stdout) as Report
  const edgeOf = (namespace: string): Report['edges'][number] | undefined => edges.find(({ client, server }) => client === `client.${namespace}` && server.startsWith('server.'))
  const told = `${edges.map(({ client, server, verdict }) => `${client} → ${server}: ${verdict}`).join('\n')}\n${stderr}`
  assert.equal(edgeOf('encrypted')?.verdict, 'mtls', told)
  assert.ok(edgeOf('encrypted')!.evidence.length > 0)
  assert.equal(edgeOf('unencrypted')?.verdict, 'plaintext', told)
  assert.ok(edgeOf('unencrypted')!.why.some(({ kind }) => kind === 'not-injected'))
  await untilNoSession(cluster)
})

test('the report as a page, exit code 0 where nothing is expected, and the same on the node itself', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await deploy(t, cluster, 'plain', false, TALKER)
  const { code, stdout, stderr } = await cluster.outside('check', '-n', 'plain', '--for', '10s', '-o', 'html', ...AGENTS)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /<!doctype html>/i)
  assert.ok(stdout.includes('client.plain') && stdout.includes('plaintext'))

  const onNode = await cluster.mtlscope('check', '-n', 'plain', '--for', '10s', '-o', 'json')
  assert.equal(onNode.code, 0, onNode.stderr)
  const edge = (JSON.parse(onNode.stdout) as Report).edges.find(({ client }) => client === 'client.plain')
  assert.equal(edge?.verdict, 'plaintext')
  assert.ok(edge!.why.some(({ kind }) => kind === 'not-injected'))
})
