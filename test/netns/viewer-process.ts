import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { MAIN } from './tap-process.ts'

const ADDRESS = /viewer (https?:\/\/[^\s]+\/)/
const WAIT_MS = 90_000
const LOOK_MS = 50

/** A command of mtlscope that serves the viewer, as a user starts it. Ended with the test. */
export class ViewerProcess {
  readonly child: ChildProcess
  readonly #ended: Promise<number | null>
  #isClosed = false
  stderr = ''

  constructor(t: TestContext, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, ...env } })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    this.#ended = new Promise((resolve) => {
      this.child.on('error', () => resolve(null))
      this.child.on('close', (code) => {
        this.#isClosed = true
        resolve(code)
      })
    })
    t.after(() => { this.child.kill('SIGKILL') })
  }

  /** Waits until there is something. Fails with what was said instead. */
  async until<T>(what: string, look: () => T | undefined): Promise<T> {
    for (const start = performance.now(); ;) {
      // Of a process that has ended all is read by now: what it said last is not missed.
      const wasClosed = this.#isClosed
      const found = look()
      if (found !== undefined) return found
      if (performance.now() - start > WAIT_MS || wasClosed) throw new Error(`${what}: never\n${this.stderr}`)
      await sleep(LOOK_MS)
    }
  }

  said(pattern: RegExp): Promise<RegExpExecArray> {
    return this.until(String(pattern), () => pattern.exec(this.stderr) ?? undefined)
  }

  /** Asks its API until the answer is enough. Fails with the last one where it never is. */
  async ask<T>(path: string, enough: (answer: T) => boolean = () => true): Promise<T> {
    const address = (await this.said(ADDRESS))[1]!
    for (const start = performance.now(); ;) {
      const answer = await (await fetch(`${address}api/v1/${path}`)).json() as T
      if (enough(answer)) return answer
      if (performance.now() - start > WAIT_MS) throw new Error(`${path}: never enough\n${JSON.stringify(answer).slice(0, 4000)}\n${this.stderr}`)
      await sleep(LOOK_MS)
    }
  }

  /** Ctrl-C, and its exit code. */
  async interrupt(): Promise<number | null> {
    this.child.kill('SIGINT')
    return await this.#ended
  }
}
