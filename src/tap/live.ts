import { Worker } from 'node:worker_threads'
import type { ErrorCode } from '../base/errors.ts'
import { MtlscopeError } from '../base/errors.ts'
import { sibling } from '../base/sibling.ts'
import type { Health } from '../model/health.ts'
import { addHealth, emptyHealth } from '../model/health.ts'
import type { PacketFilter } from '../net/packet-filter.ts'
import type { DecodeAs } from '../protocols/decode-as.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { WakeUp } from '../sys/wake-up.ts'
import type { Command, LiveSource, Report, WorkerSetup } from './control.ts'
import type { LineFormat } from './output.ts'
import { applyNames, namesAfter } from './shared-names.ts'

export interface LiveTapOptions {
  filter?: PacketFilter
  /** Only messages that it lets through: docs/filter.md. */
  messageFilter?: string
  settings?: Settings
  format: LineFormat
  /** Hand over frames too (`-w`). */
  frames?: boolean
  /** An interface of the capture for each of the namespace (`web/eth0`), not one for all. */
  interfacesApart?: boolean
  /** False: no messages, frames only. */
  dissect?: boolean
  /** Paths of key logs, read as they grow. */
  keyLogs?: readonly string[]
  /** Protocols to assume at ports. */
  decodeAs?: DecodeAs
  /** Capture threads. Default 1. */
  workers?: number
  /** Before the ids of flows: makes them unlike those of other captures. */
  flowPrefix?: string
}

/** Called on the main thread. What a call takes in is credited to the thread when it is settled, so a slow observer is noticed. */
export interface LiveObserver {
  /** True: `lines` has no use for the text any more when it is settled, so that its memory serves again. */
  readonly givesBack?: boolean
  /** `text`: UTF-8, the observer's to keep unless it gives it back. */
  lines(text: Uint8Array, lines: number): void | Promise<void>
  /** @param origin which FrameBlocks they are of: a thread that takes the place of one that crashed has another */
  frames?(origin: number, blocks: Uint8Array): void | Promise<void>
  warn(text: string): void
  /** All that interfaces had seen by then, in microseconds since 1970, has come; said about 20 times a second. */
  read?(toMicros: number): void
}

/** After this many a thread is not started again. */
const MAX_CRASHES = 10

interface Pending { resolve: () => void, reject: (error: Error) => void, waiting: number, error?: Error }

/** What it takes in is credited to the thread itself: one that has crashed needs none, and the one after it owes nothing. */
interface ReportingThread { readonly worker: number, readonly thread: Worker, readonly origin: number }

/** Live capture: one or more threads, each with a ring in every namespace that was added. */
export class LiveTap {
  readonly #workers: Worker[]
  readonly #wakeUps: readonly WakeUp[]
  readonly #observer: LiveObserver
  readonly #options: LiveTapOptions
  readonly #pending = new Map<string, Pending>()
  readonly #health: Health[]
  readonly #read: number[]
  /** What threads that crashed had counted. */
  readonly #lost = emptyHealth()
  readonly #sources = new Map<string, Extract<Command, { kind: 'add' }>>()
  readonly #warned = new Set<string>()
  /** Those of all sources, for a thread that is started anew. */
  readonly #sharedNames = new Map<string, string>()
  /** Resolves when all threads have ended. */
  readonly ended: Promise<void>
  #resolveEnded: () => void = () => {}
  #running = 0
  #stopping = false
  #expected = 1
  #nextId = 1
  #nextOrigin = 0
  readonly #crashed: number[]
  #crashes = 0

  constructor(options: LiveTapOptions, observer: LiveObserver) {
    this.#options = options
    this.#observer = observer
    const workers = options.workers ?? 1
    this.#health = Array.from({ length: workers }, emptyHealth)
    this.#read = Array.from({ length: workers }, () => 0)
    this.#wakeUps = Array.from({ length: workers }, () => new WakeUp())
    this.#crashed = Array.from({ length: workers }, () => 0)
    this.#workers = Array.from({ length: workers }, (_, worker) => this.#start(worker, workers))
    this.ended = new Promise((resolve) => { this.#resolveEnded = resolve })
  }

  #start(worker: number, workers: number): Worker {
    const { settings = DEFAULT_SETTINGS, filter, messageFilter, format, frames = false, interfacesApart = false, dissect = true, decodeAs, keyLogs = [], flowPrefix } = this.#options
    const setup: WorkerSetup = { worker, workers, crashed: this.#crashed[worker]!, wakeFd: this.#wakeUps[worker]!.fd, settings, filter, messageFilter, format, frames, interfacesApart, dissect, decodeAs, keyLogs, flowPrefix, tellsProgress: this.#observer.read !== undefined }
    const thread = new Worker(sibling(import.meta.url, 'worker'), { workerData: setup })
    const origin = this.#nextOrigin++
    thread.on('message', (report: Report) => this.#take({ worker, thread, origin }, report))
    thread.on('error', (error) => {
      this.#crashes++
      this.#warn(`a capture thread failed: ${stackLine(error)}`)
    })
    thread.on('exit', () => this.#exit(worker, workers))
    this.#running++
    return thread
  }

  /** A bug ends its thread, not the program: a new one takes over the namespaces; what was half-assembled is lost and counted. */
  #exit(worker: number, workers: number): void {
    this.#running--
    if (!this.#stopping && this.#crashes < MAX_CRASHES) {
      addHealth(this.#lost, this.#health[worker]!)
      this.#health[worker] = emptyHealth()
      this.#crashed[worker]!++
      const thread = this.#workers[worker] = this.#start(worker, workers)
      thread.postMessage({ kind: 'names', names: Object.fromEntries(this.#sharedNames) } satisfies Command)
      for (const command of this.#sources.values()) thread.postMessage(command)
      this.#wakeUps[worker]!.wake()
      return
    }
    // Nobody waits for what it has not read.
    this.#read[worker] = Infinity
    for (const pending of this.#pending.values()) pending.reject(new MtlscopeError('system-call', 'the capture thread has ended'))
    this.#pending.clear()
    if (this.#running > 0) return
    for (const wakeUp of this.#wakeUps) wakeUp.close()
    this.#resolveEnded()
  }

  /** False when the threads have ended without being asked to. */
  get alive(): boolean {
    return this.#running > 0
  }

  /** How many namespaces are about to be added: many get smaller rings. */
  expect(sources: number): void {
    this.#expected = Math.max(this.#expected, sources)
  }

  /** Resolves when every thread captures there. */
  async add(place: LiveSource): Promise<void> {
    const key = place.key ?? place.path
    if (this.#sources.has(key)) return
    const id = this.#nextId++
    const source = { ...place, name: this.#uniqueName(place.name), names: { ...place.names } }
    const fanoutGroup = this.#workers.length > 1 ? (process.pid * 31 + id * 7) & 0xffff : undefined
    const command = { kind: 'add', id, source, fanoutGroup, expectedSources: this.#expected } as const
    this.#sources.set(key, command)
    try {
      await this.#ask(id, 'added', command)
    } catch (error) {
      this.#sources.delete(key)
      throw error
    }
  }

  /** Two namespaces of one name would be one interface in a capture, and read back their connections would mix. */
  #uniqueName(name: string): string {
    const taken = new Set([...this.#sources.values()].map((command) => command.source.name))
    let unique = name
    for (let n = 2; taken.has(unique); n++) unique = `${name}~${n}`
    return unique
  }

  /** Resolves when what was still in its rings has been handed over. */
  async remove(key: string): Promise<void> {
    const id = this.#sources.get(key)?.id
    if (id === undefined) return
    this.#sources.delete(key)
    await this.#ask(id, 'removed', { kind: 'remove', id })
  }

  /** Names for addresses (`10.0.0.7`) or loopback ports (`:8080`) of a source that was added, '' to take one back. Flows already seen keep theirs. */
  rename(key: string, names: Record<string, string>): void {
    const command = this.#sources.get(key)
    if (command === undefined) return
    // For a thread that is started anew.
    command.source.names = namesAfter(command.source.names ?? {}, names)
    this.#tell({ kind: 'names', id: command.id, names })
  }

  /** Changes of names that all sources share; those of a source itself go before. */
  renameAll(changes: Record<string, string>): void {
    applyNames(this.#sharedNames, changes)
    this.#tell({ kind: 'names', names: changes })
  }

  /** Drains rings and half-assembled messages, then ends the threads. */
  async stop(): Promise<Health> {
    this.#stopping = true
    this.#tell({ kind: 'stop' })
    await this.ended
    return this.health()
  }

  health(): Health {
    const total = [this.#lost, ...this.#health].reduce(addHealth, emptyHealth())
    if (this.#crashes > 0) total.limits['capture threads restarted'] = this.#crashes
    total.namespaces = mergeNamespaces(total.namespaces)
    return total
  }

  #tell(command: Command): void {
    if (!this.alive) return
    for (const worker of this.#workers) worker.postMessage(command)
    for (const wakeUp of this.#wakeUps) wakeUp.wake()
  }

  #ask(id: number, kind: 'added' | 'removed', command: Command): Promise<void> {
    if (!this.alive) return Promise.reject(new MtlscopeError('system-call', 'the capture thread has ended'))
    return new Promise((resolve, reject) => {
      this.#pending.set(`${kind} ${id}`, { resolve, reject, waiting: this.#workers.length })
      this.#tell(command)
    })
  }

  #answer(kind: 'added' | 'removed', id: number, error?: Error): void {
    const key = `${kind} ${id}`
    const pending = this.#pending.get(key)
    if (pending === undefined) return
    pending.error ??= error
    if (--pending.waiting > 0) return
    this.#pending.delete(key)
    if (pending.error === undefined) pending.resolve()
    else pending.reject(pending.error)
  }

  #warn(text: string): void {
    if (this.#warned.has(text)) return
    this.#warned.add(text)
    this.#observer.warn(text)
  }

  #take({ worker, thread, origin }: ReportingThread, report: Report): void {
    switch (report.kind) {
      case 'lines':
        return this.#credit(thread, report.text.length, this.#observer.lines(report.text, report.lines), report.text.buffer)
      case 'frames':
        return this.#credit(thread, report.blocks.length, this.#observer.frames?.(origin, report.blocks))
      case 'read':
        this.#read[worker] = report.toMicros
        return this.#observer.read?.(Math.min(...this.#read))
      case 'warning':
        return this.#warn(report.text)
      case 'health':
      case 'stopped':
        this.#health[worker] = report.health
        return
      case 'added':
        for (const note of report.notes) this.#warn(note)
        return this.#answer('added', report.id)
      case 'removed':
        return this.#answer('removed', report.id)
      case 'failed':
        return this.#answer('added', report.id, new MtlscopeError(report.code as ErrorCode, report.message, { hint: report.hint }))
    }
  }

  #credit(thread: Worker, bytes: number, taken: void | Promise<void>, room?: ArrayBuffer): void {
    const tell = (): void => {
      const given = room !== undefined && this.#observer.givesBack === true ? { room } : {}
      thread.postMessage({ kind: 'credit', bytes, ...given } satisfies Command, given.room === undefined ? [] : [given.room])
    }
    if (taken === undefined) tell()
    else void taken.then(tell)
  }
}

/** The same namespace in several threads is one line. */
function mergeNamespaces(list: Health['namespaces']): Health['namespaces'] {
  const merged = new Map<string, Health['namespaces'][number]>()
  for (const n of list) {
    const key = `${n.name} ${n.capture} ${n.interfaces.join()}`
    const known = merged.get(key)
    if (known === undefined) merged.set(key, { ...n })
    else {
      known.packets += n.packets
      known.droppedByKernel += n.droppedByKernel
    }
  }
  return [...merged.values()]
}

/** One line, as all warnings: a line break would be shown as its escape. */
function stackLine({ stack, message }: Error): string {
  return (stack ?? message).split('\n').map((line) => line.trim()).join(', ')
}
