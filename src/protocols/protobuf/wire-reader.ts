export const VARINT = 0
export const FIXED64 = 1
export const LENGTH_DELIMITED = 2
export const START_GROUP = 3
export const END_GROUP = 4
export const FIXED32 = 5

const HIGH = 0x1_0000_0000
const MAX_GROUPS = 64

/**
 * Walks over the fields of a message in the protobuf wire format. It borrows the bytes.
 * Every call that returns a boolean says false where the bytes break the format, or end; the position is of no use then.
 * https://protobuf.dev/programming-guides/encoding/
 */
export class WireReader {
  readonly buf: Uint8Array
  at: number
  end: number
  /** Of the tag that was read last. */
  field = 0
  wireType = 0
  /** Of the number that was read last: two halves without sign. */
  low = 0
  high = 0

  constructor(buf: Uint8Array, from = 0, to = buf.length) {
    this.buf = buf
    this.at = from
    this.end = to
  }

  /** The next tag. */
  tag(): boolean {
    const { buf, at } = this
    const first = at < this.end ? buf[at]! : 0x80
    if (first < 0x80) {
      this.at = at + 1
      this.low = first
    } else if (!this.varint() || this.high !== 0) {
      return false
    }
    this.field = this.low >>> 3
    this.wireType = this.low & 7
    return this.field !== 0 && this.wireType <= FIXED32
  }

  /** Into `low` and `high`. Bits beyond 64 are dropped, as every decoder does. */
  varint(): boolean {
    const { buf, end } = this
    let { at } = this
    let low = 0
    let high = 0
    for (let shift = 0; shift < 70; shift += 7) {
      if (at >= end) return false
      const byte = buf[at++]!
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 63) high |= bits << (shift - 32)
      else high |= (bits & 1) << 31
      if (byte < 0x80) {
        this.at = at
        this.low = low >>> 0
        this.high = high >>> 0
        return true
      }
    }
    return false
  }

  /** Four bytes, little endian, into `low`. */
  fixed32(): boolean {
    const { at } = this
    if (this.end - at < 4) return false
    this.low = this.#word(at)
    this.high = 0
    this.at = at + 4
    return true
  }

  /** Eight bytes, little endian. */
  fixed64(): boolean {
    const { at } = this
    if (this.end - at < 8) return false
    this.low = this.#word(at)
    this.high = this.#word(at + 4)
    this.at = at + 8
    return true
  }

  #word(at: number): number {
    const { buf } = this
    return (buf[at]! | buf[at + 1]! << 8 | buf[at + 2]! << 16 | buf[at + 3]! << 24) >>> 0
  }

  /** The length of a length-delimited field, which may exceed what is here; -1 where there is none. */
  length(): number {
    return this.varint() ? this.high * HIGH + this.low : -1
  }

  /** Steps over the value that belongs to the tag. */
  skip(): boolean {
    switch (this.wireType) {
      case VARINT: return this.varint()
      case FIXED64: return this.#skipBytes(8)
      case FIXED32: return this.#skipBytes(4)
      case LENGTH_DELIMITED: return this.#skipBytes(this.length())
      case START_GROUP: return this.skipGroup(this.field)
      default: return false
    }
  }

  #skipBytes(count: number): boolean {
    if (count < 0 || count > this.end - this.at) return false
    this.at += count
    return true
  }

  /** To behind the tag that ends the group. */
  skipGroup(field: number): boolean {
    const open = [field]
    while (open.length > 0) {
      if (!this.tag()) return false
      if (this.wireType === START_GROUP) open.push(this.field)
      else if (this.wireType === END_GROUP) {
        if (open.pop() !== this.field) return false
      } else if (!this.skip()) return false
      if (open.length > MAX_GROUPS) return false
    }
    return true
  }

  unsigned(): number | string {
    return unsigned(this.low, this.high)
  }
}

/** A number where it is exact, else its decimal digits. */
export function unsigned(low: number, high: number): number | string {
  return high < 0x20_0000 ? high * HIGH + low : digits(low, high)
}

export function unsignedText(low: number, high: number): string {
  return high < 0x20_0000 ? String(high * HIGH + low) : digits(low, high)
}

export function signedText(low: number, high: number): string {
  return high < 0x20_0000 ? String(high * HIGH + low) : BigInt.asIntN(64, BigInt(high) << 32n | BigInt(low)).toString()
}

function digits(low: number, high: number): string {
  return (BigInt(high) << 32n | BigInt(low)).toString()
}

const words = new Uint32Array(2)
const float = new Float32Array(words.buffer)
const double = new Float64Array(words.buffer)
const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

export function floatOf(low: number): number {
  words[0] = low
  return float[0]!
}

export function doubleOf(low: number, high: number): number {
  words[isLittleEndian ? 0 : 1] = low
  words[isLittleEndian ? 1 : 0] = high
  return double[0]!
}
