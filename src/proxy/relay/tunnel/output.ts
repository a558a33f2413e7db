import * as ssl from '../../../sys/openssl.ts'
import type { Leg } from '../leg.ts'
import { FRAME, HEADER_BYTES, MAX_DATA_BYTES, writeFrame, writeHeader } from './frame.ts'
import { OUT_BYTES, SPARE_BYTES } from './output-memory.ts'
import type { OutputMemory, OutputPool } from './output-memory.ts'

const LONGEST_CONTROL_BYTES = HEADER_BYTES + 4
/** With less of the spare left no more streams are opened, so that those that are there can still be ended. */
const RESERVED_BYTES = SPARE_BYTES / 2

/** The frames of one tunnel that wait to be sent, in order. Streams add to it during a turn of the loop; at its end all of it is one write. */
export class TunnelOutput {
  readonly #pool: OutputPool
  #memory: OutputMemory | undefined
  #start = 0
  #end = 0

  constructor(pool: OutputPool) {
    this.#pool = pool
  }

  get isEmpty(): boolean {
    return this.#start === this.#end
  }

  /** Whether the other side still takes what it is sent. */
  get mayOpen(): boolean {
    return this.#end - this.#start < OUT_BYTES + SPARE_BYTES - RESERVED_BYTES
  }

  /** For so many bytes of data there is room, in one frame; 0: none worth it. */
  room(leastBytes: number): number {
    const least = leastBytes + HEADER_BYTES
    if (OUT_BYTES - this.#end < least) this.#compact()
    const room = OUT_BYTES - this.#end
    return room < least ? 0 : Math.min(MAX_DATA_BYTES, room - HEADER_BYTES)
  }

  /** Where the payload of a frame is to be put before `addData`. */
  dataAddress(): number {
    this.#memory ??= this.#pool.take()
    return this.#memory.address + this.#end + HEADER_BYTES
  }

  /** `length` bytes lie at `dataAddress`. */
  addData(stream: number, length: number): void {
    writeHeader(this.#memory!.view, this.#end, FRAME.data, stream, length)
    this.#end += HEADER_BYTES + length
  }

  /** False where there is no room even for that. */
  addFrame(type: number, stream: number, value: number): boolean {
    if (OUT_BYTES + SPARE_BYTES - this.#end < LONGEST_CONTROL_BYTES) this.#compact()
    if (OUT_BYTES + SPARE_BYTES - this.#end < LONGEST_CONTROL_BYTES) return false
    this.#memory ??= this.#pool.take()
    this.#end += writeFrame(this.#memory.view, this.#end, type, stream, value)
    return true
  }

  #compact(): void {
    if (this.#start === 0) return
    this.#memory!.bytes.copyWithin(0, this.#start, this.#end)
    this.#end -= this.#start
    this.#start = 0
  }

  /** Writes what waits as far as the socket takes it. False: the connection is broken. What was not taken is offered again, as OpenSSL wants it. */
  write(leg: Leg): boolean {
    if (this.#memory === undefined) return true
    while (this.#start < this.#end) {
      const result = ssl.SSL_write(leg.ssl, this.#memory.address + this.#start, this.#end - this.#start)
      if (result <= 0) {
        const error = ssl.SSL_get_error(leg.ssl, result)
        if (error !== ssl.SSL_ERROR_WANT_WRITE && error !== ssl.SSL_ERROR_WANT_READ) return false
        leg.writable = false
        return true
      }
      this.#start += result
    }
    this.free()
    return true
  }

  /** What was asked for and not used. */
  freeIfEmpty(): void {
    if (this.isEmpty) this.free()
  }

  free(): void {
    if (this.#memory !== undefined) this.#pool.give(this.#memory)
    this.#memory = undefined
    this.#start = 0
    this.#end = 0
  }
}
