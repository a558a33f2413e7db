import { KeptText } from '../sql/kept-text.ts'

/** Reads little-endian fields out of a kept packet. */
export class PacketReader extends KeptText {
  u16(): number {
    return this.u8() | this.u8() << 8
  }

  u24(): number {
    return this.u16() | this.u8() << 16
  }

  u32(): number {
    return this.u16() + this.u16() * 0x10000
  }

  u64(): bigint {
    return BigInt(this.u32()) | BigInt(this.u32()) << 32n
  }

  rest(): string {
    return this.take(this.left)
  }

  /** A length-encoded integer; NULL (0xfb) is -1. Beyond 2^53 it is not exact. */
  lenenc(): number {
    const first = this.u8()
    if (first < 0xfb) return first
    if (first === 0xfb) return -1
    if (first === 0xfc) return this.u16()
    if (first === 0xfd) return this.u24()
    return Number(this.u64())
  }

  /** Likewise, exact. */
  lenencExact(): bigint {
    if (this.body.charCodeAt(this.at) !== 0xfe) return BigInt(Math.max(0, this.lenenc()))
    this.at++
    return this.u64()
  }

  /** A length-encoded string; undefined is NULL. */
  string(): string | undefined {
    const length = this.lenenc()
    return length < 0 ? undefined : this.take(length)
  }
}
