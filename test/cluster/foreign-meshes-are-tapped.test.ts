import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { insideCommand, readNodeProcess } from '../../scripts/cluster/node-process.ts'
import { ISTIO_LIKE, LINKERD_LIKE, foreignPod, forgedPod, loadProxyImage, useForeignNamespace } from './foreign-proxy.ts'
import type { TestCluster } from './test-cluster.ts'
import { HTTP_SERVER, MAIN, useCluster } from './test-cluster.ts'

interface Line { request?: { path?: string }, namespace?: string, hop?: string, client: { name?: string }, server: { name?: string } }

const CALLER = 'while :; do busybox timeout 5 busybox wget -qO- http://web:8080/; busybox sleep 1; done'
const FORGER = 'busybox mkdir -p /www; echo x > /www/forged; busybox httpd -p 8080 -h /www; while :; do busybox wget -qO- http://127.0.0.1:8080/forged; busybox sleep 1; done'

/** A tap on the node as it writes JSON, ended with the test. */
function startTap(t: TestContext, cluster: TestCluster, ...args: string[]): Line[] {
  const lines: Line[] = []
  const [program, argv] = insideCommand(readNodeProcess(cluster.place)!, ['env', `KUBECONFIG=${cluster.place.kubeconfig}`, process.execPath, MAIN, 'tap', ...args, '-o', 'json', '--for', '10m'])
  const child = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  createInterface(child.stdout).on('line', (line) => {
    const parsed = JSON.parse(line) as Line
    if (parsed.client !== undefined) lines.push(parsed)
  })
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const closed = once(child, 'close')
    process.kill(-child.pid!, 'SIGKILL')
    child.stdout.destroy()
    await closed
  })
  return lines
}

/** Real Envoys stand in for both proxies: theirs are not to be had from any registry of packages. */
for (const mesh of [ISTIO_LIKE, LINKERD_LIKE]) {
  test(`pods of a mesh like ${mesh.container}'s: mutual TLS on the wire, and their requests in the clear on both sides`, async (t) => {
    const cluster = useCluster(t)
    if (cluster === undefined) return
    await loadProxyImage(cluster)
    await useForeignNamespace(t, cluster, mesh)
    await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: mesh.name }, spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] } },
      foreignPod(mesh, 'web', HTTP_SERVER), foreignPod(mesh, 'caller', CALLER),
    ] })
    await cluster.untilPodRuns('web', mesh.name)
    await cluster.untilPodRuns('caller', mesh.name)
    await cluster.until('the call is answered', async () => (await cluster.kubectl('logs', 'caller', '-n', mesh.name, '-c', 'app')).includes('hello'))
    const instanceIp = await cluster.kubectl('get', 'pod', 'web', '-n', mesh.name, '-o', 'jsonpath={.status.podIP}')
    await cluster.apply(t, forgedPod('default', { podName: 'web', podNamespace: mesh.name, instanceIp }, FORGER))
    await cluster.untilPodRuns('forger')

    const own = startTap(t, cluster, '-n', mesh.name)
    const all = startTap(t, cluster, '-A')
    const ends = (lines: readonly Line[], namespace: string): boolean => lines.some((line) => line.hop === 'clear' && line.namespace === `${namespace}.${mesh.name}` && line.request?.path === '/')
    await cluster.until('both sides are shown in the clear', () => Promise.resolve(ends(own, 'web') && ends(own, 'caller')))
    await cluster.until('the forger is shown as what it is', () => Promise.resolve(all.some(({ namespace, request }) => request?.path === '/forged' && namespace === 'forger.default')))
    const forged = [...own, ...all].filter(({ request }) => request?.path === '/forged')
    assert.deepEqual(forged.filter(({ namespace, client, server }) => namespace !== 'forger.default' || [client.name, server.name].some((name) => name?.startsWith('web.'))), [])
    assert.deepEqual(own.filter(({ request }) => request?.path === '/forged'), [])
    // In the clear on no wire: what is read between the pods is TLS.
    assert.deepEqual(own.filter(({ hop, request }) => hop === 'wire' && request?.path !== undefined), [])
  })
}
