import { Buffer } from 'node:buffer'

const FIRST_ROOM_BYTES = 64 * 1024
/** Shorter texts are copied in a loop, at 1 ns a character: the call into the runtime alone costs 100 ns. */
const SHORT = 128
const SP = 0x20
const LAST_ASCII = 0x7f

/** UTF-8 text that grows at its end: cheaper than a string that is joined from pieces and encoded later. */
export class LineBytes {
  #room = Buffer.allocUnsafeSlow(FIRST_ROOM_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What was added so far; borrowed until something is added or cleared. */
  get bytes(): Uint8Array {
    return this.#room.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  text(text: string): void {
    const { length } = text
    const room = this.#reserve(length * 3)
    if (length > SHORT) {
      this.#length += room.write(text, this.#length)
      return
    }
    let at = this.#length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > LAST_ASCII) {
        this.#length += room.write(text, this.#length)
        return
      }
      room[at++] = code
    }
    this.#length = at
  }

  line(text: string): void {
    this.text(text)
    this.text('\n')
  }

  spaces(count: number): void {
    const room = this.#reserve(count)
    for (let i = 0; i < count; i++) room[this.#length++] = SP
  }

  /** UTF-8 that is at hand. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.#length)
    this.#length += bytes.length
  }

  #reserve(bytes: number): Buffer {
    const needed = this.#length + bytes
    if (needed <= this.#room.length) return this.#room
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2))
    grown.set(this.bytes)
    return this.#room = grown
  }
}
