import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { kubectlProgram } from '../../scripts/cluster/kubectl.ts'
import { readNodeProcess } from '../../scripts/cluster/node-process.ts'
import type { ClusterPlace } from '../../scripts/cluster/place.ts'
import { clusterPlace } from '../../scripts/cluster/place.ts'
import { inside, kubectl } from '../../scripts/cluster/up.ts'
import { run } from '../../src/sys/exec.ts'
import type { RunResult } from '../../src/sys/exec.ts'
import { insideCommand } from '../../scripts/cluster/node-process.ts'
import { need } from '../require.ts'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const WAIT_MS = 120_000
/** An installation waits for four parts. */
const COMMAND_MS = 400_000
const MAX_LOGS = 8
const LOG_LINES = 30

/** The running node that `npm run test:cluster` started, with what tests ask of it. */
export class TestCluster {
  readonly place: ClusterPlace

  constructor(place: ClusterPlace) {
    this.place = place
  }

  /** What kubectl says; it must succeed. */
  async kubectl(...args: string[]): Promise<string> {
    const { code, output } = await kubectl(this.place, args)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${output}`)
    return output
  }

  /** Like `kubectl`, with something on its standard input, and any exit code. */
  async kubectlInput(input: string, ...args: string[]): Promise<RunResult> {
    return await this.#inside([kubectlProgram(), '--kubeconfig', this.place.kubeconfig, ...args], input)
  }

  /** What a program says, whatever comes of it. */
  async insideAnyway(...command: string[]): Promise<{ code: number, output: string }> {
    return await inside(this.place, command)
  }

  async inside(...command: string[]): Promise<string> {
    const { code, output } = await inside(this.place, command)
    assert.equal(code, 0, `${command.join(' ')}: ${output}`)
    return output
  }

  /** mtlscope from its sources, as an administrator of the node runs it. */
  async mtlscope(...args: string[]): Promise<RunResult> {
    return await this.#inside(['env', `KUBECONFIG=${this.place.kubeconfig}`, process.execPath, MAIN, ...args])
  }

  /** mtlscope from its sources, as on a laptop: it reaches the API server, and has none of the node's processes. */
  laptop(...args: string[]): [program: string, args: string[]] {
    const node = readNodeProcess(this.place)
    assert.ok(node)
    // A folder without processes: those of the node's pods are to be seen in this machine's own procfs.
    return ['nsenter', ['--target', String(node.initPid), '--net', '--', 'env', `KUBECONFIG=${this.place.kubeconfig}`, process.execPath, MAIN, ...args, '--procfs', this.place.logs]]
  }

  async outside(...args: string[]): Promise<RunResult> {
    return await run(...this.laptop(...args), { timeoutMs: WAIT_MS })
  }

  async #inside(command: string[], input?: string): Promise<RunResult> {
    const node = readNodeProcess(this.place)
    assert.ok(node)
    return await run(...insideCommand(node, command), { timeoutMs: COMMAND_MS, ...input !== undefined && { input } })
  }

  /** Creates what a manifest says, and deletes it when the test ends. */
  async apply(t: Pick<TestContext, 'after'>, manifest: object): Promise<void> {
    const text = JSON.stringify(manifest)
    t.after(async () => { await this.kubectlInput(text, 'delete', '--ignore-not-found', '--wait=false', '--grace-period=1', '-f', '-') })
    const { code, stderr } = await this.kubectlInput(text, 'apply', '-f', '-')
    assert.equal(code, 0, stderr)
  }

  async untilPodRuns(pod: string, namespace = 'default'): Promise<void> {
    await this.until(`pod ${pod} is Ready`, async () => {
      return (await this.kubectlInput('', 'get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')).stdout === 'True'
    })
  }

  /** Every replica of a Deployment is there and Ready. */
  async untilDeployed(name: string, namespace: string): Promise<void> {
    await this.until(`deployment ${name} is available`, async () => {
      return (await this.kubectlInput('', 'rollout', 'status', `deployment/${name}`, '-n', namespace, '--watch=false')).stdout.includes('successfully rolled out')
    })
  }

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + WAIT_MS
    while (!await holds()) {
      if (performance.now() > endMs) assert.fail(`not within ${WAIT_MS / 1000} s: ${what}`)
      await sleep(500)
    }
  }

  /** What someone wants to see who was not there: events, pods, and the last words of those that are not well. */
  async state(): Promise<string> {
    const ask = async (...args: string[]): Promise<string> => (await this.kubectlInput('', ...args)).stdout.trimEnd()
    const pods = await ask('get', 'pods', '-A', '-o', 'wide')
    const lines = pods.split('\n').slice(1).map((line) => line.split(/\s+/))
    const ill = lines.filter(([, , ready = '', status, restarts]) => !(status === 'Completed' || (status === 'Running' && restarts === '0' && isComplete(ready)))).slice(0, MAX_LOGS)
    const logs = await Promise.all(ill.map(async ([namespace = '', pod = '']) => `${pod}.${namespace}:\n${await ask('logs', pod, '-n', namespace, '--all-containers', '--prefix', `--tail=${LOG_LINES}`)}`))
    return [await ask('get', 'events', '-A', '--sort-by=.lastTimestamp'), pods, ...logs].join('\n\n')
  }
}

function isComplete(ready: string): boolean {
  const [some, all] = ready.split('/')
  return some === all
}

/** Undefined, with the test skipped, where no test cluster runs. Of a test that fails the state of the cluster is printed, before what it made is deleted. */
export function useCluster(t: TestContext): TestCluster | undefined {
  const name = process.env.MTLSCOPE_CLUSTER
  const place = name === undefined ? undefined : clusterPlace(name)
  const runs = place !== undefined && readNodeProcess(place) !== undefined
  if (!need(t, 'cluster', runs, 'a test cluster (npm run test:cluster)')) return undefined
  const cluster = new TestCluster(place!)
  // The types of this Node do not know `passed` yet.
  const outcome = t as TestContext & { readonly passed: boolean }
  t.after(async () => { if (!outcome.passed) t.diagnostic(await cluster.state().catch((error: Error) => error.message)) })
  return cluster
}

/** A pod of one container of the small image. */
export function busyboxPod(name: string, script: string, extra: object = {}): object {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name }, ...extra },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [{ name: 'app', image: 'local/busybox:1', imagePullPolicy: 'Never', command: ['busybox', 'sh', '-c', script] }],
    },
  }
}

export const HTTP_SERVER = 'busybox mkdir -p /www; echo hello > /www/index.html; exec busybox httpd -f -p 8080 -h /www'
