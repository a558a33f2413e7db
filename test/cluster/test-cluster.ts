import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
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
    return await this.#inside(['kubectl', '--kubeconfig', this.place.kubeconfig, ...args], input)
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

  async #inside(command: string[], input?: string): Promise<RunResult> {
    const node = readNodeProcess(this.place)
    assert.ok(node)
    return await run(...insideCommand(node, command), { timeoutMs: WAIT_MS, ...input !== undefined && { input } })
  }

  /** Creates what a manifest says, and deletes it when the test ends. */
  async apply(t: TestContext, manifest: object): Promise<void> {
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

  async until(what: string, holds: () => Promise<boolean>): Promise<void> {
    const endMs = performance.now() + WAIT_MS
    while (!await holds()) {
      assert.ok(performance.now() < endMs, `${what} within ${WAIT_MS / 1000} s; events:\n${await this.kubectl('get', 'events', '-A')}`)
      await sleep(500)
    }
  }
}

/** Undefined, with the test skipped, where no test cluster runs. */
export function useCluster(t: TestContext): TestCluster | undefined {
  const name = process.env.MTLSCOPE_CLUSTER
  const place = name === undefined ? undefined : clusterPlace(name)
  const runs = place !== undefined && readNodeProcess(place) !== undefined
  return need(t, 'cluster', runs, 'a test cluster (npm run test:cluster)') ? new TestCluster(place!) : undefined
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
