/**
 * Reads fields out of a kept packet or message, a character a byte. A read past the end yields 0 or what is there, and `ok` is false from then on.
 * Numbers of several bytes are each protocol's own: MySQL has them little-endian, PostgreSQL big-endian.
 */
export class KeptText {
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

  take(length: number): string {
    const from = this.at
    if (length < 0 || length > this.left) this.ok = false
    this.at = Math.min(this.body.length, from + Math.max(0, length))
    return this.body.slice(from, this.at)
  }

  /** Up to the next NUL, which is passed over, or to the end. */
  text(): string {
    const end = this.body.indexOf('\0', this.at)
    const from = this.at
    this.at = end < 0 ? this.body.length : end + 1
    return this.body.slice(from, end < 0 ? this.body.length : end)
  }
}
