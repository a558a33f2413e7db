import type { FinishedConnection } from './connection-report.ts'
import type { TappedChunk, ThreadReport } from './thread-messages.ts'

/** Nothing waits longer than this to be told. */
export const REPORT_MS = 50
const MAX_CONNECTIONS = 256
const MAX_TAPPED_BYTES = 256 * 1024

/** What a thread has to tell, in batches: a message between threads costs as much as a small request. */
export class ThreadReports {
  /** When it must be flushed, on the clock of `nowMs`. */
  dueMs = Number.POSITIVE_INFINITY
  readonly #post: (report: ThreadReport) => void
  #finished: FinishedConnection[] = []
  #tapped: TappedChunk[] = []
  #tappedBytes = 0

  constructor(post: (report: ThreadReport) => void) {
    this.#post = post
  }

  get isWaiting(): boolean {
    return this.dueMs !== Number.POSITIVE_INFINITY
  }

  finished(connection: FinishedConnection, nowMs: number): void {
    this.#finished.push(connection)
    this.#expect(nowMs)
    if (this.#finished.length >= MAX_CONNECTIONS) this.flush()
  }

  /** Takes the chunk's bytes over. */
  tapped(chunk: TappedChunk, nowMs: number): void {
    this.#tapped.push(chunk)
    this.#tappedBytes += chunk.bytes.length
    this.#expect(nowMs)
    if (this.#tappedBytes >= MAX_TAPPED_BYTES) this.flush()
  }

  #expect(nowMs: number): void {
    if (!this.isWaiting) this.dueMs = nowMs + REPORT_MS
  }

  /** Chunks go before the end of their connection. */
  flush(): void {
    this.dueMs = Number.POSITIVE_INFINITY
    if (this.#tapped.length > 0) this.#post({ kind: 'tapped', chunks: this.#tapped })
    if (this.#finished.length > 0) this.#post({ kind: 'finished', connections: this.#finished })
    this.#tapped = []
    this.#tappedBytes = 0
    this.#finished = []
  }
}
