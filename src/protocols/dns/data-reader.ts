import { word } from './header.ts'
import { nameEnd, nameText, quoted } from './name.ts'

/**
 * Reads the data of one record: `message` begins at `start`, the data is bytes[at, end). What does not fit sets `failed`,
 * and everything read after that is empty.
 */
export class DataReader {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  at: number
  failed = false

  constructor(bytes: Uint8Array, start: number, at: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** Takes `size` bytes; where they begin. */
  skip(size: number): number {
    const at = this.at
    if (size < 0 || size > this.left) {
      this.failed = true
      this.at = this.end
      return at
    }
    this.at += size
    return at
  }

  /** Big-endian, up to 6 bytes. */
  number(size: number): number {
    const at = this.skip(size)
    if (this.failed) return 0
    let value = 0
    for (let i = 0; i < size; i++) value = value * 256 + this.bytes[at + i]!
    return value
  }

  name(): string {
    const after = this.failed ? -1 : nameEnd(this.bytes, this.start, this.at, this.end)
    if (after < 0 || after > this.end) {
      this.failed = true
      this.at = this.end
      return ''
    }
    const text = nameText(this.bytes, this.start, this.at)
    this.at = after
    return text
  }

  /** A byte with its length, then that many. */
  string(): string {
    const size = this.number(1)
    const at = this.skip(size)
    return this.failed ? '' : quoted(this.bytes, at, at + size)
  }

  take(size: number): Buffer {
    const at = this.skip(size)
    return this.failed ? Buffer.alloc(0) : Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, size)
  }

  rest(): Buffer {
    return this.take(this.left)
  }

  /** What follows in `size` bytes, read on its own. */
  part(size: number): DataReader {
    const at = this.skip(size)
    return this.failed ? new DataReader(this.bytes, this.start, this.end, this.end) : new DataReader(this.bytes, this.start, at, at + size)
  }

  /** A two-byte length at the front, without taking it. */
  peekWord(): number {
    return this.left >= 2 ? word(this.bytes, this.at) : 0
  }
}
