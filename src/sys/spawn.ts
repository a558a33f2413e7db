import { spawn } from 'node:child_process'
import { basename } from 'node:path'
import type { ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { MtlscopeError } from '../base/errors.ts'
import { findProgram } from './exec.ts'
import { onLines } from './lines.ts'

/** How a process ended: exactly one of the two is set. */
export interface ExitStatus { code: number | undefined, signal: string | undefined }

export interface StartOptions {
  /** Path of a network namespace (`/run/netns/NAME`, `/proc/PID/ns/net`) that the program is started in, by way of nsenter. */
  netns?: string
  env?: NodeJS.ProcessEnv
  /** 'pipe': write to `stdin`, and its end reaches the child also when this program is killed. Default: closed. */
  stdin?: 'pipe'
  /** 'inherit': this program's own stdout and stderr. Default: stdout is read for lines, stderr for its last words. */
  output?: 'inherit'
  /** 'pipe': what the child writes to its descriptor 3 is read from `aside`. It must be read: `exited` waits for its end. */
  aside?: 'pipe'
  /** Ready once stdout has said this line. */
  readyLine?: string
  /** Ready once a line of stderr begins so. Without either: once the program is running. */
  readyWords?: string
  /** Any other line of stdout. */
  onLine?: (line: string) => void
  /** A session of its own, so that the terminal's signals do not reach it. */
  detached?: boolean
}

export interface RunningProcess {
  readonly pid: number
  /** Rejects with 'missing-program', or 'child-failed' where the process ends before it is ready. */
  readonly ready: Promise<void>
  /** Never rejects. */
  readonly exited: Promise<ExitStatus>
  readonly stdin: Writable | undefined
  readonly aside: Readable | undefined
  /** The end of what it wrote to stderr. */
  lastWords(): string
  signal(name: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after `timeoutMs`. Resolves when it is gone. */
  stop(timeoutMs: number): Promise<ExitStatus>
}

const MAX_LAST_WORDS = 4096

/** Starts a process that stays. It is not bound to the life of this program: the caller stops it. */
export function startProcess(program: string, args: readonly string[], options: StartOptions = {}): RunningProcess {
  const [first, argv] = options.netns === undefined ? [program, args] : ['nsenter', [`--net=${options.netns}`, '--', program, ...args]]
  const output = options.output ?? 'pipe'
  const file = first.includes('/') ? first : findProgram(first) ?? first
  const child = spawn(file, argv, { stdio: [options.stdin ?? 'ignore', output, output, ...options.aside === undefined ? [] : [options.aside]], env: options.env ?? process.env, detached: options.detached ?? false })
  const process_ = new ChildHandle(child, basename(program))
  process_.watch(options)
  return process_
}

class ChildHandle implements RunningProcess {
  readonly ready: Promise<void>
  readonly exited: Promise<ExitStatus>
  readonly #child: ChildProcess
  readonly #name: string
  #becomeReady: () => void = () => {}
  #failReady: (error: MtlscopeError) => void = () => {}
  #words = ''

  constructor(child: ChildProcess, name: string) {
    this.#child = child
    this.#name = name
    this.ready = new Promise((resolve, reject) => { this.#becomeReady = resolve; this.#failReady = reject })
    this.ready.catch(() => {})
    // 'close' and not 'exit': only then have its last lines been read.
    this.exited = new Promise((resolve) => {
      child.once('close', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }))
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stdin(): Writable | undefined {
    return this.#child.stdin ?? undefined
  }

  get aside(): Readable | undefined {
    return (this.#child.stdio[3] ?? undefined) as Readable | undefined
  }

  watch(options: StartOptions): void {
    this.#child.once('error', (cause) => this.#failReady(cannotStart(this.#name, cause)))
    const { readyLine, readyWords } = options
    if (readyLine === undefined && readyWords === undefined) this.#child.once('spawn', this.#becomeReady)
    if (this.#child.stdout) {
      onLines(this.#child.stdout, (line) => line === readyLine ? this.#becomeReady() : options.onLine?.(line))
    }
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-MAX_LAST_WORDS)
    })
    if (this.#child.stderr && readyWords !== undefined) onLines(this.#child.stderr, (line) => { if (line.startsWith(readyWords)) this.#becomeReady() })
    // A child that is gone makes the pipe break; `exited` says so already.
    this.#child.stdin?.on('error', () => {})
    void this.exited.then((status) => this.#failReady(endedEarly(this.#name, status, this.lastWords())))
  }

  lastWords(): string {
    return this.#words.trim()
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async stop(timeoutMs: number): Promise<ExitStatus> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    const status = await this.exited
    clearTimeout(timer)
    return status
  }
}

function cannotStart(name: string, cause: Error): MtlscopeError {
  const missing = 'code' in cause && cause.code === 'ENOENT'
  return missing
    ? new MtlscopeError('missing-program', `cannot start ${name}: not installed`, { cause, facts: { program: name } })
    : new MtlscopeError('child-failed', `cannot start ${name}: ${cause.message}`, { cause, facts: { program: name } })
}

function endedEarly(name: string, status: ExitStatus, lastWords: string): MtlscopeError {
  const how = status.signal === undefined ? `exit status ${status.code}` : status.signal
  const said = lastWords.split('\n').at(-1) ?? ''
  return new MtlscopeError('child-failed', `${name} ended before it was ready: ${how}${said === '' ? '' : ` (${said})`}`, { facts: { program: name, lastWords } })
}
