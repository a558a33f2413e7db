import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAIN } from './tap-process.ts'

/** Far more than anything takes. */
const WAIT_MS = 60_000

/** `mtlscope sniff …` as its own process, as a user starts it. Ended with the test. */
export class SniffProcess {
  readonly child: ChildProcess
  stderr = ''
  /** Once all that it said is read, which its exit does not mean. */
  readonly #ended: Promise<unknown>
  #isClosed = false

  constructor(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [MAIN, 'sniff', ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
    this.#ended = once(this.child, 'close').then(() => { this.#isClosed = true })
    t.after(() => { this.child.kill('SIGKILL') })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
  }

  /** Waits until it is so; fails where it ends before. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (const start = performance.now(); !condition();) {
      if (performance.now() - start > WAIT_MS || this.#isClosed && !condition()) throw new Error(`${what}: never came\n${this.stderr}`)
      await sleep(20)
    }
  }

  capturing(): Promise<void> {
    return this.until('capturing', () => this.stderr.includes('mtlscope: capturing'))
  }

  /** Ctrl-C, then its exit code. */
  interrupt(): Promise<number | null> {
    this.child.kill('SIGINT')
    return this.end()
  }

  async end(): Promise<number | null> {
    await this.#ended
    return this.child.exitCode
  }
}
