import type { Exchange } from './exchange.ts'
import { MAX_HELD_BYTES, MAX_RECENT_STREAMS, MAX_STREAMS } from './limits.ts'

/** The streams that are open, in the order in which they were, and which ended lately. */
export class Streams {
  readonly #open = new Map<number, Exchange>()
  readonly #recent = new Int32Array(MAX_RECENT_STREAMS)
  #next = 0
  /** Header lists and kept bodies of all that are open. */
  heldBytes = 0

  get size(): number {
    return this.#open.size
  }

  get(stream: number): Exchange | undefined {
    return this.#open.get(stream)
  }

  /** Also puts the next part in the place of the one before. */
  set(exchange: Exchange): void {
    this.#open.set(exchange.stream, exchange)
  }

  hold(exchange: Exchange, bytes: number): void {
    exchange.heldBytes += bytes
    this.heldBytes += bytes
  }

  /** What the exchange held is the reader's now. */
  release(exchange: Exchange): void {
    this.heldBytes -= exchange.heldBytes
    exchange.heldBytes = 0
  }

  close(exchange: Exchange): void {
    this.#open.delete(exchange.stream)
    this.release(exchange)
    this.#recent[this.#next] = exchange.stream
    this.#next = (this.#next + 1) % MAX_RECENT_STREAMS
  }

  endedLately(stream: number): boolean {
    return this.#recent.includes(stream)
  }

  /** The oldest, where there are too many or too large ones. The newest may always stay. */
  get surplus(): Exchange | undefined {
    if (this.#open.size <= MAX_STREAMS && (this.heldBytes <= MAX_HELD_BYTES || this.#open.size < 2)) return undefined
    return this.#open.values().next().value
  }

  /** No more bodies are kept. */
  get isFull(): boolean {
    return this.heldBytes > MAX_HELD_BYTES / 2
  }

  all(): Exchange[] {
    return [...this.#open.values()]
  }
}
