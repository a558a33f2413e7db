import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { IMAGE_NAME } from '../../scripts/image/build-image.ts'
import type { TestCluster } from './test-cluster.ts'

/** Short-lived agents of the image of this checkout. */
export const AGENTS = ['--agent-namespace', 'default', '--image', IMAGE_NAME, '--image-pull-policy', 'Never']

/** A command of mtlscope on a machine outside the cluster, while it runs: what it said so far, and how it ended. */
export class Laptop {
  stdout = ''
  stderr = ''
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown[]>

  constructor(t: TestContext, cluster: TestCluster, ...args: string[]) {
    const child = spawn(...cluster.laptop(...args), { stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.setEncoding('utf8').on('data', (text: string) => { this.stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    this.#child = child
    this.#closed = once(child, 'close')
    t.after(async () => {
      child.kill('SIGKILL')
      await this.#closed
    })
  }

  /** Its exit code after a signal; null where that ended it. */
  async signal(name: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(name)
    return (await this.#closed)[0] as number | null
  }
}

/** No Job and no pod of any session. */
export async function untilNoSession(cluster: TestCluster): Promise<void> {
  await cluster.until('nothing is left of agents', async () => (await cluster.kubectl('get', 'jobs,pods', '-A', '-l', 'app.kubernetes.io/component=session', '-o', 'name')).trim() === '')
}
