import { Worker } from 'node:worker_threads'
import { MtlscopeError } from '../base/errors.ts'
import { sibling } from '../base/sibling.ts'
import type { StoreAnswer, StoreArguments, StoreCall, StoreMethod, StoreReport, StoreSetup } from './store-calls.ts'
import type { PartAnswers, PartAsk, PartKind } from './search-part.ts'
import type { Selection, Store } from './store.ts'
import type { StoreIdentity } from './store-identity.ts'
import { FilterError } from './store.ts'

interface Pending { readonly resolve: (value: never) => void, readonly reject: (error: Error) => void }

/** Node says of its SQLite that it is experimental, to people who cannot do anything about it. */
const QUIET = ['--no-warnings']
/** Changes are told at most so often. */
const CHANGE_MS = 100

/** The store on SQLite, in a thread of its own: the caller's thread never waits for the disk. */
export class EmbeddedStore implements Store {
  readonly #thread: Worker
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Set<() => void>()
  readonly #opened: Promise<void>
  #onOpened: () => void = () => {}
  #onFailure: (error: Error) => void = () => {}
  #telling: NodeJS.Timeout | undefined
  #nextId = 1
  #failed: Error | undefined
  #closed: Promise<void> | undefined

  constructor(setup: StoreSetup) {
    this.#thread = new Worker(sibling(import.meta.url, 'store-thread'), { workerData: setup, execArgv: QUIET })
    this.#opened = new Promise((resolve, reject) => {
      this.#onOpened = resolve
      this.#onFailure = reject
    })
    this.#opened.catch(() => {})
    this.#thread.on('message', (report: StoreReport) => this.#take(report))
    this.#thread.on('error', (error) => this.#fail(storeError(error, setup.path)))
    this.#thread.on('exit', () => this.#fail(new MtlscopeError('cannot-write', 'the store was closed')))
  }

  /** Settles when the database is open. */
  ready(): Promise<void> {
    return this.#opened
  }

  #fail(error: Error): void {
    this.#failed ??= error
    this.#onFailure(this.#failed)
    for (const { reject } of this.#pending.values()) reject(this.#failed)
    this.#pending.clear()
    clearTimeout(this.#telling)
  }

  #take(report: StoreReport): void {
    switch (report.kind) {
      case 'answer': return this.#settle(report.id, report.value)
      case 'added':
        for (const id of report.ids) this.#settle(id, undefined)
        return
      case 'failed': {
        const pending = this.#pending.get(report.id)
        this.#pending.delete(report.id)
        pending?.reject(report.problem === undefined ? new Error(report.message) : new FilterError(report.problem))
        return
      }
      case 'changed':
        this.#telling ??= setTimeout(() => {
          this.#telling = undefined
          for (const tell of this.#listeners) tell()
        }, CHANGE_MS)
        return
      case 'opened': return this.#onOpened()
      case 'closed':
    }
  }

  #settle(id: number, value: unknown): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.resolve(value as never)
  }

  #send<T>(make: (id: number) => StoreCall, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed)
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject })
      this.#thread.postMessage(make(id), transfer as ArrayBuffer[])
    })
  }

  #call<M extends StoreMethod>(method: M, ...args: StoreArguments<M>): Promise<StoreAnswer<M>> {
    return this.#send((id) => ({ kind: 'call', id, method, args }))
  }

  /** The bytes are the caller's: they are copied. */
  add(lines: Uint8Array): Promise<void> {
    const copy = new Uint8Array(lines)
    return this.#send((id) => ({ kind: 'add', id, lines: copy }), [copy.buffer])
  }

  page: Store['page'] = (query) => this.#call('page', query)
  newer: Store['newer'] = (selection, after, limit) => this.#call('newer', selection, after, limit)
  records: Store['records'] = (ids) => this.#call('records', ids)
  batch: Store['batch'] = (selection, after, limit) => this.#call('batch', selection, after, limit)
  witnesses: Store['witnesses'] = (selection, limit) => this.#call('witnesses', selection, limit)
  connection: Store['connection'] = (flow, bounds) => this.#call('connection', flow, bounds)
  values: Store['values'] = (field, prefix, limit) => this.#call('values', field, prefix, limit)
  edges: Store['edges'] = (selection, ends) => this.#call('edges', selection, ends)
  series: Store['series'] = (query, ends) => this.#call('series', query, ends)
  unjoined: Store['unjoined'] = (after, limit) => this.#call('unjoined', after, limit)
  decided: Store['decided'] = () => this.#call('decided')
  join: Store['join'] = (found) => this.#call('join', found)
  info: Store['info'] = () => this.#call('info')
  part = <K extends PartKind>(selection: Selection, ask: PartAsk & { kind: K }): Promise<PartAnswers[K]> => this.#call('part', selection, ask) as Promise<PartAnswers[K]>
  identity = (slot?: number): Promise<StoreIdentity> => this.#call('identity', slot)

  onChange(tell: () => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  close(): Promise<void> {
    return this.#closed ??= new Promise((resolve) => {
      this.#listeners.clear()
      this.#thread.once('exit', () => resolve())
      if (this.#failed === undefined) this.#thread.postMessage({ kind: 'close' } satisfies StoreCall)
      else resolve()
    })
  }
}

/** What ended the store's thread. Node has SQLite without a flag since 22.13, and rows as arrays, which reading them needs, since 22.16. */
export function storeError(error: Error, path: string): MtlscopeError {
  if (/node:sqlite|setReturnArrays/.test(error.message)) return new MtlscopeError('not-supported', `this Node (${process.version}) has no SQLite, or one that is too old`, { hint: 'the viewer needs Node 22.16 or later', cause: error })
  return new MtlscopeError('cannot-write', `the store failed: ${error.message}`, { facts: { path }, cause: error })
}
