import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { insideCommand, readNodeProcess } from '../../scripts/cluster/node-process.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, MAIN, busyboxPod, useCluster } from './test-cluster.ts'

interface Line { request?: { path?: string }, namespace?: string, client: { name?: string }, server: { name?: string } }

/** A tap on the node as it writes JSON, ended with the test. */
function startTap(t: TestContext, cluster: TestCluster, ...args: string[]): Line[] {
  const lines: Line[] = []
  const [program, argv] = insideCommand(readNodeProcess(cluster.place)!, ['env', `KUBECONFIG=${cluster.place.kubeconfig}`, process.execPath, MAIN, 'tap', ...args, '-o', 'json', '--for', '10m'])
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  createInterface(child.stdout).on('line', (line) => {
    const parsed = JSON.parse(line) as Line
    if (parsed.client !== undefined) lines.push(parsed)
  })
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    // nsenter forks into the process namespace and waits: its end must take the tap along.
    process.kill(child.pid!, 'SIGKILL')
    child.stdout.destroy()
    await closed
  })
  return lines
}

const CALLER = 'while :; do busybox wget -qO- http://$HELLO_SERVICE_HOST/ ; busybox sleep 1; done'

test('requests are named by pod and service on both ends, and a pod that comes later is followed', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.kubectl('create', 'namespace', 'shop')
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', 'shop', '--wait=false'))
  const inShop = { namespace: 'shop' }
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'hello', ...inShop }, spec: { selector: { app: 'hello' }, ports: [{ port: 80, targetPort: 8080 }] } },
    busyboxPod('hello', HTTP_SERVER, inShop),
  ] })
  await cluster.untilPodRuns('hello', 'shop')
  const lines = startTap(t, cluster, '-n', 'shop')
  await cluster.apply(t, busyboxPod('caller', CALLER, inShop))
  await cluster.until('the server\'s side is shown', () => Promise.resolve(lines.some(({ namespace, client, server }) => {
    return namespace === 'hello.shop' && client.name === 'caller.shop' && server.name === 'hello.shop'
  })))
  await cluster.until('the side of the caller that came later is shown', () => Promise.resolve(lines.some(({ namespace, client, server }) => {
    return namespace === 'caller.shop' && client.name === 'caller.shop' && server.name === 'hello.shop.svc'
  })))
})

test('a user without the right to list pods is told which one is missing', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await cluster.apply(t, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'default' } })
  const token = (await cluster.kubectl('create', 'token', 'nobody')).trim()
  const { clusters } = JSON.parse(await cluster.kubectl('config', 'view', '--raw', '-o', 'json')) as { clusters: unknown[] }
  const file = `${cluster.place.folder}/nobody.json`
  writeFileSync(file, JSON.stringify({ 'current-context': 'x', clusters, users: [{ name: 'u', user: { token } }], contexts: [{ name: 'x', context: { cluster: 'mtlscope-cluster', user: 'u' } }] }))
  const { code, stderr } = await cluster.mtlscope('tap', '-A', '--kubeconfig', file)
  assert.equal(code, 3)
  assert.match(stderr, /error: the API server refused: (pods|services) is forbidden: .*cannot list resource/)
})
