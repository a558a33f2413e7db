import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'

const FIRST_ROOM_BYTES = 1024

/** The first bytes of a body, copied up to a limit. One piece, the common case, is kept as a string: cheaper to make than a buffer. */
export class KeptBytes {
  readonly limitBytes: number
  #piece = ''
  #room: Buffer | undefined
  #length = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get length(): number {
    return this.#length
  }

  add(buf: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.limitBytes - this.#length)
    if (end <= from) return
    if (this.#length === 0) this.#piece = latin1(buf, from, end)
    else this.#append(buf, from, end)
    this.#length += end - from
  }

  #append(buf: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    let room = this.#room
    if (room === undefined || room.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.limitBytes, Math.max(FIRST_ROOM_BYTES, needed * 4)))
      if (room === undefined) grown.write(this.#piece, 0, 'latin1')
      else grown.set(room)
      this.#piece = ''
      this.#room = room = grown
    }
    room.set(buf.subarray(from, to), this.#length)
  }

  /** The bytes with one character each, where they came in one piece. */
  get piece(): string | undefined {
    return this.#room === undefined ? this.#piece : undefined
  }

  /** A view or a copy, not to be written to. */
  bytes(): Buffer {
    return this.#room?.subarray(0, this.#length) ?? Buffer.from(this.#piece, 'latin1')
  }
}
