import { MessageChannel, Worker } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { sibling } from '../../base/sibling.ts'
import { allocateAt, bytesAt } from '../../sys/memory.ts'
import { EFD_CLOEXEC, EFD_NONBLOCK, closeFd, eventfd, writeAt } from '../../sys/stream-socket.ts'
import type { ConnectionInfo } from './connection-report.ts'
import { newCounters } from './counters.ts'
import type { ThreadCommand, ThreadInput, ThreadReport } from './thread-messages.ts'

export interface ThreadEvents {
  report(report: Extract<ThreadReport, { kind: 'finished' | 'tapped' }>): void
  /** It ended and was not told to. */
  failed(error: Error): void
}

/** The number one, which an eventfd wants to be told. */
const one = allocateAt(8)
new DataView(bytesAt(one, 8).buffer).setBigUint64(0, 1n, true)

/** A relay thread as the main thread sees it. */
export class ThreadHandle {
  readonly counters = newCounters()
  readonly ready: Promise<void>
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #tapBacklog = new Int32Array(new SharedArrayBuffer(4))
  readonly #wakeFd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
  readonly #ended: Promise<void>
  readonly #snapshots = new Map<number, (connections: readonly ConnectionInfo[]) => void>()
  #drained: ((cutOff: number) => void) | undefined
  #nextSnapshot = 0
  #closing = false
  #over = false

  constructor(input: Omit<ThreadInput, 'wakeFd' | 'counters' | 'tapBacklog'>, events: ThreadEvents) {
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    const own: ThreadInput = { ...input, wakeFd: this.#wakeFd, counters: this.counters.buffer, tapBacklog: this.#tapBacklog.buffer }
    this.#worker = new Worker(sibling(import.meta.url, 'relay-thread'), { workerData: { port: port2, input: own }, transferList: [port2], name: 'mtlscope relay' })
    let error = new Error('the thread ended')
    this.#worker.on('error', (thrown) => { error = thrown })
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => {
      this.#end()
      if (!this.#closing) events.failed(error)
      resolve()
    }))
    this.ready = new Promise((resolve, reject) => {
      this.#port.on('message', (report: ThreadReport) => report.kind === 'ready' ? resolve() : this.#hear(report, events))
      this.#worker.once('exit', () => reject(error))
    })
    this.ready.catch(() => {})
  }

  tell(command: ThreadCommand): void {
    if (this.#over) return
    this.#port.postMessage(command)
    writeAt(this.#wakeFd, one, 8)
  }

  snapshot(): Promise<readonly ConnectionInfo[]> {
    if (this.#over) return Promise.resolve([])
    const id = this.#nextSnapshot++
    const promise = new Promise<readonly ConnectionInfo[]>((resolve) => this.#snapshots.set(id, resolve))
    this.tell({ kind: 'snapshot', id })
    return promise
  }

  /** How many connections were cut off. */
  drain(timeoutMs: number): Promise<number> {
    if (this.#over) return Promise.resolve(0)
    const promise = new Promise<number>((resolve) => { this.#drained = resolve })
    this.tell({ kind: 'drain', timeoutMs })
    return promise
  }

  close(): Promise<void> {
    if (!this.#closing) this.tell({ kind: 'close' })
    this.#closing = true
    return this.#ended
  }

  #hear(report: ThreadReport, events: ThreadEvents): void {
    if (report.kind === 'snapshot') {
      this.#snapshots.get(report.id)?.(report.connections)
      this.#snapshots.delete(report.id)
    } else if (report.kind === 'drained') {
      this.#drained?.(report.cutOff)
    } else if (report.kind !== 'ready') {
      if (report.kind === 'tapped') Atomics.sub(this.#tapBacklog, 0, report.chunks.reduce((sum, { bytes }) => sum + bytes.length, 0))
      events.report(report)
    }
  }

  /** Nobody waits for a thread that is gone. */
  #end(): void {
    this.#over = true
    closeFd(this.#wakeFd)
    this.#port.close()
    for (const resolve of this.#snapshots.values()) resolve([])
    this.#snapshots.clear()
    this.#drained?.(0)
  }
}
