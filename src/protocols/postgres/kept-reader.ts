import { KeptText } from '../sql/kept-text.ts'

/** Reads big-endian fields out of a kept body. */
export class KeptReader extends KeptText {
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

  /** Without a NUL that ends it, `ok` is false. */
  override text(): string {
    if (!this.body.includes('\0', this.at)) this.ok = false
    return super.text()
  }
}
