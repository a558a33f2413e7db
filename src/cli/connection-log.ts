import { performance } from 'node:perf_hooks'
import { MtlscopeError } from '../base/errors.ts'
import type { FinishedConnection } from '../proxy/relay/connection-report.ts'
import { PipeOutput } from './pipe-output.ts'
import { connectionJson, connectionText } from './sidecar-log.ts'
import { SyncOutput } from './stdout.ts'

/** Of lines that wait for a slow reader; a sidecar must neither wait for it nor keep everything. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const LAST_WAIT_MS = 1000
/** A disk that is full is tried again after this time. */
const AGAIN_MS = 1000

/** The lines of the connections on standard output. A reader that is slow or gone, or a full disk, loses lines, and nothing else happens. */
export class ConnectionLog {
  readonly #warn: (text: string) => void
  readonly #fd: number
  #output: PipeOutput | SyncOutput
  #waitingBytes = 0
  #lost = 0
  #againAtMs = 0
  #saidClosed = false
  #last: Promise<void> = Promise.resolve()

  constructor(warn: (text: string) => void, fd = 1) {
    this.#warn = warn
    this.#fd = fd
    this.#output = openOutput(fd)
  }

  write(batch: readonly FinishedConnection[], format: 'text' | 'json'): void {
    if (performance.now() < this.#againAtMs) return this.#lose(batch.length, '')
    if (this.#output.closed) return this.#sayClosed()
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#lose(batch.length, 'standard output is not read')
    const line = format === 'json' ? connectionJson : connectionText
    const bytes = Buffer.from(batch.map((connection) => `${line(connection)}\n`).join(''))
    this.#waitingBytes += bytes.length
    this.#last = this.#send(bytes, batch.length)
  }

  async #send(bytes: Buffer, count: number): Promise<void> {
    try {
      await this.#output.write(bytes)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      this.#lose(count, error.message)
      this.#output = openOutput(this.#fd)
      this.#againAtMs = performance.now() + AGAIN_MS
      return
    } finally {
      this.#waitingBytes -= bytes.length
    }
    if (this.#waitingBytes > 0 || this.#lost === 0) return
    this.#warn(`${this.#lost} lines of connections were left out`)
    this.#lost = 0
  }

  #lose(count: number, why: string): void {
    if (this.#lost === 0) this.#warn(`${why}: lines of connections are left out`)
    this.#lost += count
  }

  #sayClosed(): void {
    if (this.#saidClosed) return
    this.#saidClosed = true
    this.#warn('standard output is closed: there are no lines of connections any more')
  }

  /** Waits a moment for what is still to be written. */
  async end(): Promise<void> {
    const timeout = new Promise((resolve) => { setTimeout(resolve, LAST_WAIT_MS).unref() })
    await Promise.race([this.#last, timeout])
  }
}

function openOutput(fd: number): PipeOutput | SyncOutput {
  return PipeOutput.open(fd) ?? new SyncOutput(fd, 'standard output')
}
