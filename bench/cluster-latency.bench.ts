import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run as runProgram } from '../src/sys/exec.ts'
import { ISTIO_LIKE, foreignPod, loadProxyImage, useForeignNamespace } from '../test/cluster/foreign-proxy.ts'
import { TestCluster } from '../test/cluster/test-cluster.ts'
import { BenchNode, until } from './cluster/bench-node.ts'
import { sandboxOf } from './cluster/node-agent.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9)
const SECONDS = 6
const CONNECTIONS = 16
const RATE = 200
const PORT = 8080
const LOAD = fileURLToPath(new URL('cluster/steady-load.ts', import.meta.url))
const SCRIPT = 'trap "exit 0" TERM; while :; do busybox sleep 3600 & wait $!; done'
const ENVOY = 'Envoy'
const NO_SLOWER = { timesLessThan: ENVOY, factor: 1 } as const

/** Two pods of one kind. `ip`: of the one that serves; the others are processes in their networks. */
interface PodPair { readonly name: string, readonly ip: string, readonly client: number, readonly server: number }

interface Load { readonly asked: number, readonly answered: number, readonly p50: number, readonly p99: number }

function pod(namespace: string, name: string): object {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', SCRIPT] }] },
  }
}

/** `after`: takes what removes what the folder of the bench and the node do not hold. */
async function makePods(node: BenchNode, after: (remove: () => unknown) => void): Promise<void> {
  const cluster = new TestCluster(node.place)
  await loadProxyImage(cluster)
  await useForeignNamespace({ after: (remove) => after(remove as () => unknown) }, cluster, ISTIO_LIKE)
  await node.kubectl('create', 'namespace', 'plain')
  await node.kubectl('create', 'namespace', 'ours')
  await node.kubectl('label', 'namespace', 'ours', 'mtlscope.io/inject=enabled')
  for (const name of ['client', 'server']) await node.create(pod('plain', name), pod('ours', name), foreignPod(ISTIO_LIKE, name, SCRIPT))
}

async function findPair(node: BenchNode, name: string, namespace: string): Promise<PodPair> {
  const field = (pod: string, path: string): Promise<string> => node.kubectl('get', 'pod', pod, '-n', namespace, '-o', `jsonpath={${path}}`)
  const processOf = async (pod: string): Promise<number> => {
    const pid = sandboxOf(await field(pod, '.metadata.uid'))
    if (pid === undefined) throw new Error(`${pod} of ${namespace} has no process`)
    return pid
  }
  return { name, ip: await field('server', '.status.podIP'), client: await processOf('client'), server: await processOf('server') }
}

function inNetworkOf(pid: number, command: readonly string[]): [string, string[]] {
  return ['nsenter', ['--target', String(pid), '--net', '--', ...command]]
}

function startServer({ server }: PodPair, folder: string): ChildProcess {
  const own = join(folder, String(server))
  mkdirSync(join(own, 'www'), { recursive: true })
  writeFileSync(join(own, 'www/index.html'), 'x'.repeat(300))
  writeFileSync(join(own, 'nginx.conf'), `daemon off; worker_processes 1; user root; pid ${own}/nginx.pid; error_log ${own}/error.log;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; server { listen 0.0.0.0:${PORT}; location / { root ${own}/www; } } }`)
  return spawn(...inNetworkOf(server, ['nginx', '-c', join(own, 'nginx.conf'), '-p', own]), { stdio: 'ignore' })
}

async function answers({ ip, client }: PodPair): Promise<boolean> {
  const { code } = await runProgram(...inNetworkOf(client, ['curl', '-sf', '-m', '5', '-o', '/dev/null', `http://${ip}:${PORT}/`]), { timeoutMs: 10_000 })
  return code === 0
}

async function load({ name, ip, client }: PodPair): Promise<Load> {
  const numbers = [PORT, CONNECTIONS, RATE, SECONDS].map(String)
  const { code, stdout, stderr } = await runProgram(...inNetworkOf(client, [process.execPath, LOAD, ip, ...numbers]), { timeoutMs: 60_000 })
  if (code !== 0) throw new Error(`${name}: ${stderr}`)
  const said = JSON.parse(stdout) as Load
  if (said.answered < said.asked) throw new Error(`${name}: only ${said.answered} of ${said.asked} requests were answered`)
  return said
}

/** Of each round what the pair adds to the one without sidecars in the same round. */
function addedRow(quantile: 'p50' | 'p99', [plain, ours, envoy]: readonly [Load[], Load[], Load[]]): Row {
  const added = (loads: readonly Load[]): number[] => loads.map((one, round) => one[quantile] - plain[round]![quantile])
  return {
    metric: `${quantile} that a pair of sidecars adds`, unit: 'ms', samples: added(ours), peers: [{ name: ENVOY, samples: added(envoy) }],
    // On a machine that others use the 99th of a hundred without sidecars may be the slower one: no ratio then.
    ...quantile === 'p50' && { goal: NO_SLOWER },
    note: `${RATE} requests a second on ${CONNECTIONS} kept connections, 300-byte answers of nginx, ${SECONDS} s a round, in turn`,
  }
}

function wholeRow(quantile: 'p50' | 'p99', [plain, ours, envoy]: readonly [Load[], Load[], Load[]]): Row {
  const of = (loads: readonly Load[]): number[] => loads.map((one) => one[quantile])
  return { metric: `${quantile} of a request through both`, unit: 'ms', samples: of(ours), peers: [{ name: 'no sidecar', samples: of(plain) }, { name: ENVOY, samples: of(envoy) }], goal: NO_SLOWER }
}

async function measureAll(pairs: readonly PodPair[], progress: (text: string) => void): Promise<Row[]> {
  const loads: [Load[], Load[], Load[]] = [[], [], []]
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, pair] of pairs.entries()) {
      progress(`${pair.name}, round ${round + 1} of ${ROUNDS}`)
      loads[index]!.push(await load(pair))
    }
  }
  return [addedRow('p50', loads), addedRow('p99', loads), wholeRow('p50', loads), wholeRow('p99', loads)]
}

async function run({ folder, progress }: BenchContext): Promise<Row[]> {
  const node = await BenchNode.start(progress)
  const servers: ChildProcess[] = []
  const removals: (() => unknown)[] = []
  // Its worker ends with it on a signal that it may handle.
  const endServers = (): void => servers.forEach((server) => server.kill('SIGTERM'))
  process.once('exit', endServers)
  try {
    await node.install('--only', 'secure')
    await makePods(node, (remove) => removals.push(remove))
    progress('waiting for the pods')
    for (const namespace of ['plain', 'ours', ISTIO_LIKE.name]) await node.kubectl('wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=180s')
    const pairs = [await findPair(node, 'no sidecar', 'plain'), await findPair(node, 'mtlscope', 'ours'), await findPair(node, ENVOY, ISTIO_LIKE.name)]
    for (const pair of pairs) servers.push(startServer(pair, folder))
    for (const pair of pairs) await until(`${pair.name} answers`, () => answers(pair))
    return await measureAll(pairs, progress)
  } finally {
    process.off('exit', endServers)
    endServers()
    for (const remove of removals.reverse()) await remove()
    await node.close()
  }
}

export const bench: Bench = { name: 'cluster-latency', claim: 'a pair of injected sidecars adds no more latency to a request than a pair of Envoys', run }
