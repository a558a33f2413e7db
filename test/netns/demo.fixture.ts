import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const MARK = 'MTLSCOPE_TEST_MARK'
/** Far more than anything takes. */
const SAY_TIMEOUT_MS = 90_000
const GONE_TIMEOUT_MS = 60_000
const EVERY_MS = 50

/** Undefined where the demo can run here, else what is missing. */
export function missingForDemo(): string | undefined {
  const user = process.geteuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const flags = [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const { status } = spawnSync('unshare', [...flags, 'ip', 'link', 'show', 'lo'])
  return status === 0 ? undefined : 'the right to make network namespaces, unshare and iproute2'
}

/** What there is on this machine under the names that a demo gives; its processes are told by a mark of their own. */
export interface Traces { links: string[], namespaces: string[], mounts: string[], files: string[] }

export function readTraces(): Traces {
  const names = /^(shop0|web0?|cart0?|stock0?|ads0?)$/
  return {
    links: spawnSync('ip', ['-o', 'link'], { encoding: 'utf8' }).stdout.split('\n').map((line) => line.split(/: |@/)[1] ?? '').filter((name) => names.test(name)),
    namespaces: list('/run/netns').filter((name) => names.test(name)),
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').filter((line) => line.startsWith('mtlscope ')),
    files: [tmpdir(), '/run', '/dev/shm'].flatMap((folder) => list(folder).filter((name) => /^mtlscope(-demo.*)?$|^envoy/.test(name))),
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A demo as a user starts it, whose every process can be found from outside by an environment variable that it inherits. */
export class DemoRun {
  readonly mark = randomUUID()
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  stdout = ''
  stderr = ''

  constructor(command: readonly string[], stdin: 'pipe' | 'ignore' = 'ignore', env: Record<string, string> = {}) {
    const [program, ...args] = command as [string, ...string[]]
    this.child = spawn(program, args, { stdio: [stdin, 'pipe', 'pipe'], env: { ...process.env, ...env, [MARK]: this.mark } })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => { this.stdout += text })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => { this.stderr += text })
    this.exited = new Promise((resolve) => this.child.once('close', (code) => resolve(code)))
  }

  /** Resolves when stdout matches; rejects when the demo ends before. */
  async said(pattern: RegExp): Promise<void> {
    let ended = false
    void this.exited.then(() => { ended = true })
    await until(SAY_TIMEOUT_MS, () => pattern.test(this.stdout) || ended)
    if (!pattern.test(this.stdout)) throw new Error(`never said ${pattern}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`)
  }

  /** Every process of it that lives, as `pid command`. */
  processes(): { pid: number, command: string, nspid: string[], ppid: number }[] {
    return list('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
      try {
        if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(this.mark)) return []
        const status = readFileSync(`/proc/${name}/status`, 'utf8')
        return [{
          pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
          nspid: /^NSpid:\s*(.*)$/m.exec(status)?.[1]?.split(/\s+/) ?? [], ppid: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]),
        }]
      } catch {
        return []
      }
    })
  }

  /** The process that the user started. */
  outer(): number {
    const found = this.processes().find((p) => p.command.includes(' demo') && p.nspid.length === 1 && !p.command.includes('--inside') && p.command.includes('node'))
    if (found === undefined) throw new Error('the demo does not run')
    return found.pid
  }

  /** The first process of its world. */
  inner(): number {
    const found = this.processes().find((p) => p.nspid.at(-1) === '1' && p.nspid.length > 1)
    if (found === undefined) throw new Error('the world of the demo does not run')
    return found.pid
  }

  /** Network namespaces that it made. */
  networks(): Set<string> {
    const own = networkOf('self')
    return new Set(this.processes().map(({ pid }) => networkOf(String(pid))).filter((id) => id !== '' && id !== own))
  }

  /** Throws, naming them, where processes are still there after a while. */
  async gone(): Promise<void> {
    await until(GONE_TIMEOUT_MS, () => this.processes().length === 0)
    const left = this.processes()
    if (left.length > 0) throw new Error(`still there: ${left.map((p) => `${p.pid} ${p.command}`).join('; ')}\nstderr: ${this.stderr}`)
  }

  /** For the end of a test, whatever became of it. */
  kill(): void {
    for (const { pid } of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It went by itself.
      }
    }
  }
}

/** Those of `networks` that a process, its own or not, stays in: one that is ending has no command any more and its namespace still. */
export async function usedNetworks(networks: ReadonlySet<string>): Promise<string[]> {
  await until(GONE_TIMEOUT_MS, () => inUse(networks).length === 0)
  return inUse(networks)
}

function inUse(networks: ReadonlySet<string>): string[] {
  return [...new Set(list('/proc').filter((name) => /^\d+$/.test(name)).map(networkOf))].filter((id) => networks.has(id))
}

function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return ''
  }
}

async function until(timeoutMs: number, condition: () => boolean): Promise<void> {
  for (const start = performance.now(); !condition() && performance.now() - start < timeoutMs;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS))
  }
}
