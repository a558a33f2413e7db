/**
 * Reads big-endian fields out of borrowed bytes and never past `end`. A read beyond it yields 0, and from then on `ok` is false
 * and nothing remains, so that a parser checks once at its own end instead of at each field.
 */
export class Cursor {
  readonly bytes: Uint8Array
  at: number
  end: number
  ok = true

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
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
    if (count > this.end - from) {
      this.ok = false
      this.at = this.end
      return from
    }
    this.at = from + count
    return from
  }

  u8(): number {
    const from = this.skip(1)
    return this.ok ? this.bytes[from]! : 0
  }

  u16(): number {
    const from = this.skip(2)
    return this.ok ? this.bytes[from]! << 8 | this.bytes[from + 1]! : 0
  }

  u24(): number {
    return this.u8() << 16 | this.u16()
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16()
  }

  /** A cursor over the next `count` bytes, cut short where fewer are there (then `ok` of this one is false). */
  part(count: number): Cursor {
    const from = this.skip(count)
    return new Cursor(this.bytes, from, this.at)
  }

  /** Owned copy of the next `count` bytes, empty where fewer are there. */
  copy(count: number): Uint8Array {
    const from = this.skip(count)
    return this.ok ? this.bytes.slice(from, from + count) : new Uint8Array(0)
  }

  /** The rest as text, a character a byte. */
  latin1(): string {
    const from = this.skip(this.left)
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + from, this.at - from).toString('latin1')
  }
}

/** The two-byte numbers of `list`, at most `limit` of them. */
export function u16List(list: Cursor, limit: number): number[] {
  const values: number[] = []
  while (list.left >= 2 && values.length < limit) values.push(list.u16())
  return values
}

export function u8List(list: Cursor, limit: number): number[] {
  const values: number[] = []
  while (list.left >= 1 && values.length < limit) values.push(list.u8())
  return values
}
