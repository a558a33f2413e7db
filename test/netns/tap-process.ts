import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Health } from '../../src/model/health.ts'
import type { JsonMessage } from '../../src/tap/json-line.ts'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** Far more than anything takes: on a busy machine a process alone takes seconds to start. */
const WAIT_MS = 60_000
const LOOK_MS = 20

export interface TapEnd { readonly code: number | null, readonly messages: JsonMessage[], readonly health: Health, readonly stderr: string }

/** `mtlscope tap … -o json` as its own process, as a user starts it. Ended with the test. */
export class TapProcess {
  readonly child: ChildProcess
  readonly messages: JsonMessage[] = []
  stderr = ''
  #health: Health | undefined
  #rest = ''
  /** Once all that it said is read, which its exit does not mean. */
  readonly #closed: Promise<unknown>
  #isClosed = false

  constructor(t: TestContext, ...args: string[]) {
    this.child = spawn(process.execPath, [MAIN, 'tap', '-o', 'json', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    t.after(() => { this.child.kill('SIGKILL') })
    this.#closed = once(this.child, 'close').then(() => { this.#isClosed = true })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) {
      const value = JSON.parse(line) as JsonMessage & { health?: Health }
      if (value.health === undefined) this.messages.push(value)
      else this.#health = value.health
    }
  }

  /** Waits until it is so. Fails with what was seen instead. */
  async until(what: string, condition: () => boolean): Promise<void> {
    for (const start = performance.now(); !condition();) {
      if (performance.now() - start > WAIT_MS || this.#isClosed && !condition()) {
        const seen = this.messages.map((m) => `${m.namespace ?? ''} ${m.hop} ${m.protocol} ${m.what} ${m.status}`).join('\n')
        throw new Error(`${what}: never came\n${this.stderr}\n${seen}`)
      }
      await sleep(LOOK_MS)
    }
  }

  said(text: string): Promise<void> {
    return this.until(text, () => this.stderr.includes(text))
  }

  /** Ready: it captures in so many places. */
  capturing(): Promise<void> {
    return this.said('mtlscope: capturing')
  }

  /** Messages that hold a text anywhere. */
  holding(text: string): JsonMessage[] {
    return this.messages.filter((m) => JSON.stringify(m).includes(text))
  }

  async shows(text: string): Promise<JsonMessage> {
    await this.until(`a message with ${text}`, () => this.holding(text).length > 0)
    return this.holding(text)[0]!
  }

  /** Ctrl-C, then the end of it. */
  async interrupt(): Promise<TapEnd> {
    this.child.kill('SIGINT')
    return this.end()
  }

  async end(): Promise<TapEnd> {
    await this.#closed
    if (this.#health === undefined) throw new Error(`it ended without its health line: ${this.stderr}`)
    return { code: this.child.exitCode, messages: this.messages, health: this.#health, stderr: this.stderr }
  }
}
