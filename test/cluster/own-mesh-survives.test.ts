import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { insideCommand, readNodeProcess } from '../../scripts/cluster/node-process.ts'
import { hubRows, killOnNode, useInstallation } from './own-mesh.ts'
import type { TestCluster } from './test-cluster.ts'
import { useCluster } from './test-cluster.ts'

const NAMESPACE = 'own-mesh'
/** In what is asked and in what is answered; on no wire of the node may it be read. */
const MARK = 'said-in-the-clear-4711'
const SERVER = `busybox mkdir -p /www; echo ${MARK} > /www/${MARK}; exec busybox httpd -f -p 8080 -h /www`
const CALLER = `while :; do busybox timeout 10 busybox wget -qO- http://web:8080/${MARK} | busybox grep -q ${MARK} && echo answered || echo lost; busybox sleep 0.3; done`

function app(name: string, replicas: number, script: string, container: object = {}): object {
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: NAMESPACE },
    spec: {
      replicas, minReadySeconds: 2, strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }, selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 20, containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', script], ...container }] },
      },
    },
  }
}

/** It goes on answering until nobody is sent to it any more, as an app that is rolled must in any mesh. */
const WEB = app('web', 2, SERVER, {
  readinessProbe: { exec: { command: ['busybox', 'wget', '-q', '-O', '/dev/null', `http://127.0.0.1:8080/${MARK}`] }, periodSeconds: 1 },
  lifecycle: { preStop: { exec: { command: ['busybox', 'sleep', '5'] } } },
})

async function calls(cluster: TestCluster): Promise<{ answered: number, lost: number }> {
  const lines = (await cluster.kubectl('logs', 'deploy/caller', '-n', NAMESPACE, '-c', 'app', '--tail=-1')).split('\n')
  return { answered: lines.filter((line) => line === 'answered').length, lost: lines.filter((line) => line === 'lost').length }
}

async function untilMoreAnswers(cluster: TestCluster, more = 5): Promise<void> {
  const { answered } = await calls(cluster)
  await cluster.until(`${more} more calls are answered`, async () => (await calls(cluster)).answered >= answered + more)
}

/** Captures on every interface of the node until `stop`, which gives the bytes. Not its loopback: there etcd and containerd hand on manifests and logs. */
async function captureNode(t: TestContext, cluster: TestCluster): Promise<{ stop(): Promise<Buffer> }> {
  const file = join(cluster.place.folder, `tmp/${NAMESPACE}-${process.pid}.pcap`)
  const [program, args] = insideCommand(readNodeProcess(cluster.place)!, ['tcpdump', '--immediate-mode', '-U', '-s', '0', '-i', 'any', '-w', file, 'tcp and not net 127.0.0.0/8'])
  // nsenter forks for the process namespace: the group ends both.
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true })
  const stop = async (): Promise<Buffer> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      process.kill(-child.pid!, 'SIGINT')
      await ended
    }
    return readFileSync(file)
  }
  t.after(() => stop().catch(() => {}))
  await Promise.race([once(child.stderr, 'data'), once(child, 'exit')])
  assert.equal(child.exitCode, null, 'tcpdump ended')
  return { stop }
}

test('a mesh of our own: rolled, killed and restarted, it answers again, loses nothing that was stored, and says nothing in the clear', async (t) => {
  const cluster = useCluster(t)
  if (cluster === undefined) return
  await useInstallation(t, cluster)
  await cluster.kubectl('create', 'namespace', NAMESPACE)
  t.after(() => cluster.kubectlInput('', 'delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false'))
  await cluster.kubectl('label', 'namespace', NAMESPACE, 'mtlscope.io/inject=enabled')
  const capture = await captureNode(t, cluster)
  await cluster.apply(t, { apiVersion: 'v1', kind: 'List', items: [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: NAMESPACE }, spec: { selector: { app: 'web' }, ports: [{ port: 8080 }] } }, WEB, app('caller', 1, CALLER),
  ] })
  await cluster.untilDeployed('web', NAMESPACE)
  await cluster.untilDeployed('caller', NAMESPACE)
  await untilMoreAnswers(cluster)

  await t.test('the hub shows the calls in the clear, by the names of both ends', async () => {
    await cluster.until('the hub lists a call', async () => (await hubRows(cluster)).some(({ what, client, server }) => {
      return what.includes(MARK) && JSON.stringify(client).includes('caller-') && JSON.stringify(server).includes('web')
    }))
  })

  await t.test('check finds mutual TLS between the two, and nothing else', async () => {
    const { code, stdout, stderr } = await cluster.mtlscope('check', '-n', NAMESPACE, '--for', '10s', '--probe', '--yes', '-o', 'json')
    assert.equal(code, 0, stderr)
    const { edges } = JSON.parse(stdout) as { edges: { client: string, verdict: string, connections: Record<string, number> }[] }
    const called = edges.filter(({ client }) => client.startsWith('caller-'))
    // A tunnel goes to the replica that the kernel chose for it: to another one there may only be one from before, of which the probe speaks.
    assert.ok(called.length > 0 && called.every(({ verdict }) => verdict.startsWith('mtls')), stdout)
    // A session that is resumed shows no certificates again: where its first connection was not seen, nothing is known of it.
    assert.deepEqual(edges.filter(({ connections }) => Object.keys(connections).some((verdict) => verdict !== 'unknown' && !verdict.startsWith('mtls'))), [])
  })

  await t.test('the app is rolled without a lost call', async () => {
    const before = await calls(cluster)
    await cluster.kubectl('rollout', 'restart', 'deployment/web', '-n', NAMESPACE)
    await cluster.kubectl('rollout', 'status', 'deployment/web', '-n', NAMESPACE, '--timeout=180s')
    await untilMoreAnswers(cluster, 20)
    assert.equal((await calls(cluster)).lost, before.lost)
  })

  await t.test('a sidecar that is killed is back by itself', async () => {
    const pod = JSON.parse(await cluster.kubectl('get', 'pods', '-n', NAMESPACE, '-l', 'app=caller', '-o', 'json')) as { items: { metadata: { name: string, uid: string } }[] }
    const { name, uid } = pod.items[0]!.metadata
    assert.equal(await killOnNode(cluster, 'mtlscope-sidecar', uid), 1)
    await cluster.until('the kubelet has started it anew', async () => {
      const restarts = await cluster.kubectl('get', 'pod', name, '-n', NAMESPACE, '-o', 'jsonpath={.status.initContainerStatuses[?(@.name=="mtlscope-sidecar")].restartCount}')
      return Number(restarts) >= 1
    })
    await untilMoreAnswers(cluster)
  })

  await t.test('the only node is drained of everything, injectors and CA too, and taken back', async () => {
    t.after(() => cluster.kubectlInput('', 'uncordon', 'node'))
    assert.equal((await cluster.kubectl('get', 'poddisruptionbudgets', '-n', 'mtlscope', '-o', 'name')).trim(), '')
    await cluster.kubectl('drain', 'node', '--ignore-daemonsets', '--delete-emptydir-data', '--timeout', '180s')
    assert.doesNotMatch(await cluster.kubectl('get', 'pods', '-n', 'mtlscope', '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}'), /True.*True/)
    await cluster.kubectl('uncordon', 'node')
    for (const part of ['ca', 'injector', 'hub']) await cluster.untilDeployed(`mtlscope-${part}`, 'mtlscope')
    await cluster.untilDeployed('web', NAMESPACE)
    await cluster.untilDeployed('caller', NAMESPACE)
    await untilMoreAnswers(cluster)
  })

  await t.test('agent killed, hub restarted: what was stored is there, and what is new comes', async () => {
    const stored = (await hubRows(cluster)).filter(({ what }) => what.includes(MARK)).at(-1)!
    assert.equal(await killOnNode(cluster, 'main.js agent -A'), 1)
    await cluster.kubectl('rollout', 'restart', 'deployment/mtlscope-hub', '-n', 'mtlscope')
    await cluster.kubectl('rollout', 'status', 'deployment/mtlscope-hub', '-n', 'mtlscope', '--timeout=180s')
    await cluster.until('old and new calls are listed', async () => {
      const rows = (await hubRows(cluster)).filter(({ what }) => what.includes(MARK))
      return rows.some(({ atMicros }) => atMicros === stored.atMicros) && rows.some(({ atMicros }) => atMicros > stored.atMicros)
    })
  })

  await t.test('the namespace is deleted, and nothing of it stays', async () => {
    await cluster.kubectl('delete', 'namespace', NAMESPACE, '--timeout=120s')
    assert.notEqual((await cluster.kubectlInput('', 'get', 'configmap', 'mtlscope-ca', '-n', NAMESPACE)).code, 0)
  })

  await t.test('not one call, nor its answer, was readable on an interface of the node', async () => {
    const bytes = await capture.stop()
    assert.ok(bytes.length > 100_000, `${bytes.length} bytes captured`)
    assert.equal(bytes.includes(MARK), false)
  })
})
