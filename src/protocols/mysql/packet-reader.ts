/** Reads little-endian fields out of a kept packet, a character a byte. A read past the end yields 0 or what is there, and `ok` is false from then on. */
export class PacketReader {
  readonly body: string
  at: number
  ok = true

  constructor(body: string, at = 0) {
    this.body = body
    this.at = at
  }

  get left(): number {
    return this.body.length - this.at
  }

  u8(): number {
    if (this.at >= this.body.length) {
      this.ok = false
      return 0
    }
    return this.body.charCodeAt(this.at++)
  }

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

  take(length: number): string {
    const from = this.at
    if (length < 0 || length > this.left) this.ok = false
    this.at = Math.min(this.body.length, from + Math.max(0, length))
    return this.body.slice(from, this.at)
  }

  rest(): string {
    return this.take(this.left)
  }

  /** Up to the next NUL, which is passed over, or to the end. */
  text(): string {
    const end = this.body.indexOf('\0', this.at)
    const from = this.at
    this.at = end < 0 ? this.body.length : end + 1
    return this.body.slice(from, end < 0 ? this.body.length : end)
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
