import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { sibling } from '../base/sibling.ts'
import type { Selection } from './store.ts'

/** Of one thread, so that it has the next region when it is done with one. */
const MAX_QUEUED = 2
const MAX_HELPERS = 3
/** A thread that nobody asks for so long ends: each takes some megabytes. */
const IDLE_MS = 15_000
const QUIET = ['--no-warnings']

/** What is searched for; `key` is that of one search. */
export interface ScanKey { readonly key: number, readonly selection: Selection, readonly nowMicros: number }

export interface ScanTask extends ScanKey { readonly id: number, readonly from: number, readonly below: number }

/** Thread to store. `found` undefined: it could not be looked at. */
export type ScanReport = { readonly kind: 'ready' } | { readonly kind: 'found', readonly id: number, readonly found: Float64Array | undefined }

interface Helper {
  readonly thread: Worker
  isReady: boolean
  readonly pending: Map<number, (found: number[] | undefined) => void>
}

/** Further threads that read the same database, for searches that must look into records. They are started when they are needed, and end when they are not. */
export class ScanPool {
  readonly #path: string
  readonly #limit: number
  #helpers: Helper[] = []
  #nextId = 1
  #idle: NodeJS.Timeout | undefined
  #isClosed = false

  /** @param path of the database */
  constructor(path: string, limit = Math.min(MAX_HELPERS, availableParallelism() - 1)) {
    this.#path = path
    this.#limit = limit
  }

  /** A thread can take a region; where there is none yet it is started. */
  hasRoom(): boolean {
    this.#start()
    return this.#helpers.some((helper) => helper.isReady && helper.pending.size < MAX_QUEUED)
  }

  /** Ids that match, newest first; undefined where the thread failed. */
  scan(key: ScanKey, from: number, below: number): Promise<number[] | undefined> {
    const [helper] = this.#helpers.filter(({ isReady }) => isReady).sort((a, b) => a.pending.size - b.pending.size)
    if (helper === undefined) return Promise.resolve(undefined)
    this.#waitForIdle()
    return new Promise((resolve) => {
      const id = this.#nextId++
      helper.pending.set(id, resolve)
      helper.thread.postMessage({ ...key, id, from, below } satisfies ScanTask)
    })
  }

  #start(): void {
    this.#waitForIdle()
    while (!this.#isClosed && this.#helpers.length < this.#limit) {
      const thread = new Worker(sibling(import.meta.url, 'scan-thread'), { workerData: { path: this.#path }, execArgv: QUIET })
      const helper: Helper = { thread, isReady: false, pending: new Map() }
      this.#helpers.push(helper)
      thread.on('message', (report: ScanReport) => take(helper, report))
      // One that fails is not started again at once: what it had is looked at here.
      thread.on('error', () => fail(helper))
      thread.on('exit', () => fail(helper))
      thread.unref()
    }
  }

  #waitForIdle(): void {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.#stop(), IDLE_MS)
    this.#idle.unref()
  }

  async #stop(): Promise<void> {
    const ended = this.#helpers
    this.#helpers = []
    await Promise.all(ended.map((helper) => helper.thread.terminate()))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    await this.#stop()
  }
}

function take(helper: Helper, report: ScanReport): void {
  if (report.kind === 'ready') helper.isReady = true
  else {
    const settle = helper.pending.get(report.id)
    helper.pending.delete(report.id)
    settle?.(report.found === undefined ? undefined : Array.from(report.found))
  }
}

function fail(helper: Helper): void {
  helper.isReady = false
  for (const settle of helper.pending.values()) settle(undefined)
  helper.pending.clear()
}
