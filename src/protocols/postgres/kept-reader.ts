/** Reads big-endian fields out of a kept body, a character a byte. A read past the end yields 0 or what is there, and `ok` is false from then on. */
export class KeptReader {
  readonly body: string
  at = 0
  ok = true

  constructor(body: string) {
    this.body = body
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
    return this.u8() << 8 | this.u8()
  }

  i16(): number {
    return this.u16() << 16 >> 16
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16()
  }

  i32(): number {
    return this.u16() << 16 | this.u16()
  }

  take(length: number): string {
    const from = this.at
    if (length < 0 || length > this.left) this.ok = false
    this.at = Math.min(this.body.length, from + Math.max(0, length))
    return this.body.slice(from, this.at)
  }

  /** Up to the next NUL, which is passed over. */
  text(): string {
    const end = this.body.indexOf('\0', this.at)
    const from = this.at
    if (end < 0) this.ok = false
    this.at = end < 0 ? this.body.length : end + 1
    return this.body.slice(from, end < 0 ? this.body.length : end)
  }
}
