import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { down } from '../../scripts/cluster/down.ts'
import { kubectlProgram } from '../../scripts/cluster/kubectl.ts'
import { insideCommand, readNodeProcess } from '../../scripts/cluster/node-process.ts'
import type { ClusterPlace } from '../../scripts/cluster/place.ts'
import { clusterPlace } from '../../scripts/cluster/place.ts'
import { loadImage, up } from '../../scripts/cluster/up.ts'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import { run } from '../../src/sys/exec.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COMMAND_MS = 400_000
const WAIT_MS = 400_000

/** A Kubernetes node of this bench alone, with the image of dist/ in it. */
export class BenchNode {
  readonly place: ClusterPlace
  /** Ctrl-C ends a bench where it is. */
  readonly #onExit = (): void => { spawnSync(process.execPath, ['scripts/cluster.ts', 'down'], { cwd: ROOT, env: { ...process.env, MTLSCOPE_CLUSTER: this.place.name } }) }

  private constructor(place: ClusterPlace) {
    this.place = place
  }

  static async start(progress: (text: string) => void): Promise<BenchNode> {
    const node = new BenchNode(clusterPlace(`bench-${process.pid}`))
    process.once('exit', node.#onExit)
    progress('starting a node')
    await up(node.place, progress)
    await loadImage(node.place)
    return node
  }

  async close(): Promise<void> {
    process.off('exit', this.#onExit)
    await down(this.place)
  }

  /** What a program says within the node; it must succeed. */
  async inside(command: readonly string[], input?: string): Promise<string> {
    const process = readNodeProcess(this.place)
    if (process === undefined) throw new Error('the node has ended')
    const { code, stdout, stderr } = await run(...insideCommand(process, command), { timeoutMs: COMMAND_MS, ...input !== undefined && { input } })
    if (code !== 0) throw new Error(`${command.slice(0, 8).join(' ')}: ${stderr}`)
    return stdout
  }

  async kubectl(...args: string[]): Promise<string> {
    return await this.inside([kubectlProgram(), '--kubeconfig', this.place.kubeconfig, ...args])
  }

  async create(...objects: object[]): Promise<void> {
    await this.inside([kubectlProgram(), '--kubeconfig', this.place.kubeconfig, 'create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  }

  /** What is published, as an administrator of the node runs it. */
  async mtlscope(...args: string[]): Promise<string> {
    return await this.inside(['env', `KUBECONFIG=${this.place.kubeconfig}`, process.execPath, `${ROOT}dist/cli/main.js`, ...args])
  }

  async install(...args: string[]): Promise<void> {
    await this.mtlscope('install', '--image', IMAGE_NAME, '--image-pull-policy', 'Never', ...args)
  }

  /** Every pod of the cluster is Ready. */
  async untilReady(pods: number): Promise<void> {
    await until(`${pods} pods are Ready`, async () => {
      const states = await this.kubectl('get', 'pods', '-A', '-o', 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}')
      return states.split(' ').filter((state) => state === 'True').length >= pods
    }, 3000)
  }
}

export async function until(what: string, holds: () => Promise<boolean> | boolean, everyMs = 100): Promise<void> {
  const endMs = performance.now() + WAIT_MS
  while (!await holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${WAIT_MS / 1000} s: ${what}`)
    await sleep(everyMs)
  }
}
