import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { TestTrust } from '../../src/hub/agents/agents.fixture.ts'
import { until } from '../../src/hub/agents/agents.fixture.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** A command that runs until it is killed, and what it says. */
export class Running {
  readonly child: ChildProcess
  readonly #ended: Promise<unknown>
  #isOver = false
  said = ''

  constructor(t: TestContext, words: readonly string[]) {
    this.child = spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#ended = once(this.child, 'close').then(() => { this.#isOver = true })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.said += text })
    t.after(() => this.kill())
  }

  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    return await until(`${pattern} in ${this.child.spawnargs[2]}`, () => {
      const heard = pattern.exec(this.said)
      // What is said last is read after the exit.
      if (heard === null && this.#isOver) throw new Error(`it ended: ${this.said}`)
      return heard ?? undefined
    })
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.#ended
  }
}

/** The options by which an agent or a hub shows itself with this identity. */
export async function writeIdentity(folder: string, trust: TestTrust, name: string, spiffeId: string): Promise<string[]> {
  const { material } = await trust.identity(spiffeId)
  const write = (file: string, text: string): string => {
    writeFileSync(join(folder, file), text, { mode: 0o600 })
    return join(folder, file)
  }
  return ['--cert', write(`${name}.pem`, material.chainPem), '--key', write(`${name}-key.pem`, material.keyPem), '--ca-bundle', write('roots.pem', material.bundlePem)]
}
