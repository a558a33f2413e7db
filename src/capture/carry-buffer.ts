import { MAX_RECORD_BYTES } from '../net/capture-handlers.ts'

/** One read: large enough that the system call costs nothing a frame, small enough to stay in the cache. */
const READ_BYTES = 512 * 1024
const MAX_BUFFER_BYTES = MAX_RECORD_BYTES + READ_BYTES

/**
 * The bytes between a source and a parser: `bytes[0, end)` are not yet consumed. Grows only while one record does not fit,
 * and as its bytes arrive, never by what a file claims.
 */
export class CarryBuffer {
  bytes: Uint8Array = new Uint8Array(READ_BYTES)
  end = 0

  /** Lets go of `bytes[0, consumed)` and makes room for more behind the rest. */
  consume(consumed: number): void {
    if (consumed > 0) this.bytes.copyWithin(0, consumed, this.end)
    this.end -= consumed
    if (this.end === this.bytes.length) this.#grow()
  }

  #grow(): void {
    const grown = new Uint8Array(Math.min(this.bytes.length * 2, MAX_BUFFER_BYTES))
    grown.set(this.bytes)
    this.bytes = grown
  }
}
