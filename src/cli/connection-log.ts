import type { FinishedConnection } from '../proxy/relay/connection-report.ts'
import { PipeOutput } from './pipe-output.ts'
import { connectionJson, connectionText } from './sidecar-log.ts'
import { SyncOutput } from './stdout.ts'

/** Of lines that wait for a slow reader; a sidecar must neither wait for it nor keep everything. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
const LAST_WAIT_MS = 1000

/** The lines of the connections on standard output. A reader that is slow or gone loses lines, and nothing else happens. */
export class ConnectionLog {
  readonly #output: PipeOutput | SyncOutput
  readonly #warn: (text: string) => void
  #waitingBytes = 0
  #lost = 0
  #last: Promise<void> = Promise.resolve()

  constructor(warn: (text: string) => void) {
    this.#output = PipeOutput.open(1) ?? new SyncOutput(1, 'standard output')
    this.#warn = warn
  }

  write(batch: readonly FinishedConnection[], format: 'text' | 'json'): void {
    if (this.#output.closed) return
    if (this.#waitingBytes > MAX_WAITING_BYTES) return this.#lose(batch.length)
    const line = format === 'json' ? connectionJson : connectionText
    const bytes = Buffer.from(batch.map((connection) => `${line(connection)}\n`).join(''))
    this.#waitingBytes += bytes.length
    this.#last = this.#send(bytes)
  }

  async #send(bytes: Buffer): Promise<void> {
    await this.#output.write(bytes)
    this.#waitingBytes -= bytes.length
    if (this.#waitingBytes > 0 || this.#lost === 0) return
    this.#warn(`${this.#lost} lines of connections were left out: nobody read them in time`)
    this.#lost = 0
  }

  #lose(count: number): void {
    if (this.#lost === 0) this.#warn('standard output is not read: lines of connections are left out')
    this.#lost += count
  }

  /** Waits a moment for what is still to be written. */
  async end(): Promise<void> {
    const timeout = new Promise((resolve) => { setTimeout(resolve, LAST_WAIT_MS).unref() })
    await Promise.race([this.#last, timeout])
  }
}
