import type { Buffer } from 'node:buffer'

/**
 * Reads big-endian fields and variable-length integers, never past `end`. A read beyond it yields 0, and from then on `ok` is false
 * and nothing remains, so that a parser checks once at its own end.
 */
export class ByteReader {
  readonly bytes: Buffer
  at: number
  end: number
  ok = true

  constructor(bytes: Buffer, at = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** Moves on by `count` bytes and returns where they begin. */
  skip(count: number): number {
    const from = this.at
    if (count < 0 || count > this.end - from) {
      this.fail()
      return from
    }
    this.at = from + count
    return from
  }

  fail(): void {
    this.ok = false
    this.at = this.end
  }

  u8(): number {
    const from = this.skip(1)
    return this.ok ? this.bytes[from]! : 0
  }

  i8(): number {
    return this.u8() << 24 >> 24
  }

  u16(): number {
    const from = this.skip(2)
    return this.ok ? this.bytes[from]! << 8 | this.bytes[from + 1]! : 0
  }

  i16(): number {
    return this.u16() << 16 >> 16
  }

  i32(): number {
    const from = this.skip(4)
    return this.ok ? this.bytes.readInt32BE(from) : 0
  }

  u32(): number {
    return this.i32() >>> 0
  }

  /** A number where that is exact, else a decimal string. */
  i64(): number | string {
    const from = this.skip(8)
    if (!this.ok) return 0
    const value = this.bytes.readInt32BE(from) * 0x1_0000_0000 + this.bytes.readUInt32BE(from + 4)
    return Number.isSafeInteger(value) ? value : String(this.bytes.readBigInt64BE(from))
  }

  f64(): number {
    const from = this.skip(8)
    return this.ok ? this.bytes.readDoubleBE(from) : 0
  }

  /** Unsigned, 7 bits a byte, the lowest first; at most 32 bits. */
  uvarint(): number {
    const { at, bytes } = this
    // Most have one byte.
    if (at < this.end && bytes[at]! < 0x80) {
      this.at = at + 1
      return bytes[at]!
    }
    return this.#longUvarint()
  }

  #longUvarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      if (!this.ok) return 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    this.fail()
    return 0
  }

  /** Zigzag, at most 32 bits. */
  varint(): number {
    const { at, bytes } = this
    if (at < this.end && bytes[at]! < 0x80) {
      this.at = at + 1
      return bytes[at]! >>> 1 ^ -(bytes[at]! & 1)
    }
    // Two: up to 8191 either way.
    if (at + 1 < this.end && bytes[at + 1]! < 0x80) {
      const value = bytes[at]! & 0x7f | bytes[at + 1]! << 7
      this.at = at + 2
      return value >>> 1 ^ -(value & 1)
    }
    const value = this.uvarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** Zigzag, at most 64 bits; beyond 2^53 as near as a double comes. */
  varlong(): number {
    const { at, bytes } = this
    if (at < this.end && bytes[at]! < 0x80) {
      this.at = at + 1
      return bytes[at]! >>> 1 ^ -(bytes[at]! & 1)
    }
    return this.#longVarlong()
  }

  #longVarlong(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.u8()
      if (!this.ok) return 0
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2
    }
    this.fail()
    return 0
  }

  /** Length of a string, some bytes or an array that may be null (-1). `isCompact`: a varint of one more. */
  length(isCompact: boolean, isShort: boolean): number {
    if (isCompact) return this.uvarint() - 1
    return isShort ? this.i16() : this.i32()
  }
}
