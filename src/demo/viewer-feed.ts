import { Socket } from 'node:net'
import type { Health } from '../model/health.ts'
import type { Micros } from '../model/time.ts'
import { jsonLine } from '../tap/json-line.ts'
import type { TappedMessage } from '../tap/live-messages.ts'

/** Descriptor that the world inherits for it: `aside` of startProcess. */
const FD = 3
/** More than this on its way out, and messages are left out. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024
const END_TIMEOUT_MS = 1000

/** From inside of the world to the viewer outside: lines of records, and of health. Never waits, and never fails. */
export class ViewerFeed {
  readonly #socket: Socket

  constructor() {
    this.#socket = new Socket({ fd: FD, readable: false, writable: true })
    // Whoever read it is gone; the lifeline says so, too.
    this.#socket.on('error', () => {})
  }

  messages(batch: readonly TappedMessage[]): void {
    if (this.#socket.destroyed || this.#socket.writableLength > MAX_WAITING_BYTES) return
    let text = ''
    for (const { flow, message } of batch) if (!isCiphertext(message)) text += `${jsonLine(flow, message)}\n`
    if (text !== '') this.#socket.write(text)
  }

  health(health: Health): void {
    if (!this.#socket.destroyed && this.#socket.writableLength < MAX_WAITING_BYTES) this.#socket.write(`${JSON.stringify({ health })}\n`)
  }

  /** As that of a LiveObserver. */
  read(toMicros: Micros): void {
    if (!this.#socket.destroyed && this.#socket.writableLength < MAX_WAITING_BYTES) this.#socket.write(`${JSON.stringify({ read: toMicros })}\n`)
  }

  /** Settles when all was written, or nobody reads it. */
  async end(): Promise<void> {
    if (this.#socket.destroyed) return
    await new Promise<void>((resolve) => {
      setTimeout(resolve, END_TIMEOUT_MS).unref()
      this.#socket.once('close', () => resolve())
      this.#socket.end(resolve)
    })
  }
}

/** Turns of records that cannot be read: the screen joins requests by them, and a list would be full of them. */
function isCiphertext({ protocol, request, response }: TappedMessage['message']): boolean {
  return protocol === 'tls' && ((request ?? response) as { kind?: unknown } | undefined)?.kind === 'ciphertext'
}
