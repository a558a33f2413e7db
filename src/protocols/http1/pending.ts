import { Buffer } from 'node:buffer'

const FIRST_ROOM_BYTES = 1024

/** Bytes that were cut off from what follows them, copied and kept until that comes. */
export class Pending {
  #room: Buffer | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What is held, valid until the next call; behind `length` it may hold anything. */
  get buffer(): Uint8Array {
    return this.#room!
  }

  add(buf: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    let room = this.#room
    if (room === undefined || room.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_ROOM_BYTES, needed * 2))
      if (room !== undefined) grown.set(room.subarray(0, this.#length))
      this.#room = room = grown
    }
    room.set(buf.subarray(from, to), this.#length)
    this.#length = needed
  }

  clear(): void {
    this.#length = 0
    this.#room = undefined
  }

  /** Hands over what is held, and is empty. */
  take(): Uint8Array {
    const bytes = this.#room?.subarray(0, this.#length) ?? new Uint8Array(0)
    this.clear()
    return bytes
  }
}
