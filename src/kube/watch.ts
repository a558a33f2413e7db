import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../base/errors.ts'
import { refusalOf, statusOf } from './answer.ts'
import type { KubeClient } from './client.ts'

/** What a watch tells. `T`: what `read` makes of an object. */
export interface WatchHandlers<T = unknown> {
  /** What is kept of an object of a list until the whole list has come; without it all of it. */
  read?(object: unknown): T
  /** All that there is: first, and again where the server has forgotten what changed meanwhile. */
  list(items: readonly T[]): void
  event(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  /** The server tells changes from now on, for the first time or again. */
  following?(): void
  /** Once for a row of failures: it goes on trying, with growing pauses. */
  failed?(error: MtlscopeError): void
}

/** The server ends a watch after this time, so that one that hangs is not followed for ever. */
const WATCH_SECONDS = 290
const SILENT_MS = 330_000
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000
/** A list comes in pages of so many objects, so that the memory of a whole one is never needed. */
const PAGE_ITEMS = 500
/** One object; etcd keeps none that is larger than 1.5 MB. */
const MAX_LINE_CHARS = 32 * 1024 * 1024
/** What a watch that nobody ended lives at least: a server that ends each at once is not asked in a tight loop. */
const SHORT_MS = 1000

/** See KubeClient.watch. */
export async function watchList<T>(client: KubeClient, path: string, handlers: WatchHandlers<T>, signal: AbortSignal): Promise<void> {
  const watch = new ListWatch(client, path, handlers, signal)
  await watch.begin()
  await watch.follow()
}

class ListWatch<T> {
  readonly #client: KubeClient
  readonly #path: string
  readonly #handlers: WatchHandlers<T>
  readonly #read: (object: unknown) => T
  readonly #signal: AbortSignal
  /** Undefined: it must be listed anew. */
  #version: string | undefined
  #failures = 0

  constructor(client: KubeClient, path: string, handlers: WatchHandlers<T>, signal: AbortSignal) {
    this.#client = client
    this.#path = path
    this.#handlers = handlers
    this.#read = (object) => handlers.read === undefined ? object as T : handlers.read(object)
    this.#signal = signal
  }

  async begin(): Promise<void> {
    const objects: T[] = []
    let page = await this.#page('')
    for (; page.next !== ''; page = await this.#page(page.next)) objects.push(...page.items.map(this.#read))
    objects.push(...page.items.map(this.#read))
    this.#version = page.version
    this.#handlers.list(objects)
  }

  /** `from`: what the page before said, '' for the first. */
  async #page(from: string): Promise<{ items: unknown[], version: string, next: string }> {
    const path = `${this.#withQuery()}limit=${PAGE_ITEMS}${from === '' ? '' : `&continue=${encodeURIComponent(from)}`}`
    const { items, metadata } = await this.#client.get(path) as { items?: unknown, metadata?: { resourceVersion?: unknown, continue?: unknown } }
    if (!Array.isArray(items)) throw new MtlscopeError('kube-failed', 'the API server answered with no list', { facts: { path: this.#path } })
    const { resourceVersion, continue: next } = metadata ?? {}
    return { items, version: typeof resourceVersion === 'string' ? resourceVersion : '0', next: typeof next === 'string' ? next : '' }
  }

  #withQuery(): string {
    return `${this.#path}${this.#path.includes('?') ? '&' : '?'}`
  }

  async follow(): Promise<void> {
    while (!this.#signal.aborted) {
      const startMs = performance.now()
      try {
        if (this.#version === undefined) await this.begin()
        await this.#once()
        this.#failures = performance.now() - startMs < SHORT_MS ? this.#failures + 1 : 0
      } catch (error) {
        if (this.#signal.aborted) return
        this.#note(error)
      }
      if (this.#failures > 0) await this.#pause()
    }
  }

  #note(error: unknown): void {
    if (!(error instanceof MtlscopeError)) throw error
    // 410: what was seen last is too long ago.
    if (statusOf(error) === 410 && this.#version !== undefined) this.#version = undefined
    else if (this.#failures++ === 0) this.#handlers.failed?.(error)
  }

  async #pause(): Promise<void> {
    const pauseMs = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#failures - 1, 10))
    // Not all at the same moment, where a server comes back.
    await sleep(pauseMs * (0.75 + Math.random() / 2), undefined, { signal: this.#signal }).catch(() => {})
  }

  async #once(): Promise<void> {
    const response = await this.#client.open(`${this.#withQuery()}watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${encodeURIComponent(this.#version ?? '0')}`, this.#signal)
    this.#handlers.following?.()
    let silent = setTimeout(() => response.destroy(), SILENT_MS)
    try {
      for await (const line of linesOf(response)) {
        clearTimeout(silent)
        silent = setTimeout(() => response.destroy(), SILENT_MS)
        this.#take(line)
        this.#failures = 0
      }
    } catch (cause) {
      if (cause instanceof MtlscopeError) throw cause
      throw new MtlscopeError('kube-unreachable', `the watch of ${this.#path} broke off`, { cause, facts: { path: this.#path } })
    } finally {
      clearTimeout(silent)
      response.destroy()
    }
  }

  #take(line: string): void {
    const { type, object } = parseEvent(line)
    if (type === 'ERROR') {
      const { code } = object as { code?: unknown }
      throw refusalOf(typeof code === 'number' ? code : 0, JSON.stringify(object), { path: this.#path, context: this.#client.access.context })
    }
    const version = (object as { metadata?: { resourceVersion?: unknown } }).metadata?.resourceVersion
    if (typeof version === 'string') this.#version = version
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') this.#handlers.event(type, this.#read(object))
  }
}

function parseEvent(line: string): { type: unknown, object: object } {
  try {
    const { type, object } = JSON.parse(line) as { type?: unknown, object?: unknown }
    if (typeof object === 'object' && object !== null) return { type, object }
  } catch {
    // The same answer as for what is no event.
  }
  throw new MtlscopeError('kube-failed', 'the API server sent what is no event of a watch')
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let text = ''
  for await (const piece of response.setEncoding('utf8')) {
    const lines = (piece as string).split('\n')
    lines[0] = text + lines[0]!
    text = lines.pop()!
    if (text.length > MAX_LINE_CHARS) throw new MtlscopeError('kube-failed', 'the API server sent a line without end')
    for (const line of lines) if (line !== '') yield line
  }
}
