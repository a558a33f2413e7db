import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import { MAX_TABLE_DEPTH, MAX_TABLE_FIELDS } from './limits.ts'
import type { Method } from './methods.ts'
import { credentialView } from './sasl.ts'

export type Values = Record<string, unknown>

/** Reads arguments and tables (§ 4.2.5). A read beyond the end yields 0 or nothing, and from then on `ok` is false. */
export class FieldReader {
  readonly #bytes: Buffer
  readonly #redactor: Redactor
  #at: number
  #end: number
  #fields = 0
  ok = true

  constructor(bytes: Buffer, at: number, redactor: Redactor) {
    this.#bytes = bytes
    this.#at = at
    this.#end = bytes.length
    this.#redactor = redactor
  }

  get left(): number {
    return this.#end - this.#at
  }

  skip(count: number): number {
    const from = this.#at
    if (count > this.#end - from) {
      this.ok = false
      this.#at = this.#end
    } else this.#at = from + count
    return from
  }

  uint(bytes: 1 | 2 | 4): number {
    const from = this.skip(bytes)
    return this.ok ? this.#bytes.readUIntBE(from, bytes) : 0
  }

  int(bytes: 1 | 2 | 4): number {
    const from = this.skip(bytes)
    return this.ok ? this.#bytes.readIntBE(from, bytes) : 0
  }

  /** A number where that is exact, else decimal digits. */
  long(isSigned: boolean): number | string {
    const from = this.skip(8)
    if (!this.ok) return 0
    const value = isSigned ? this.#bytes.readBigInt64BE(from) : this.#bytes.readBigUInt64BE(from)
    return value >= -0x1f_ffff_ffff_ffffn && value <= 0x1f_ffff_ffff_ffffn ? Number(value) : String(value)
  }

  short(): string {
    const size = this.uint(1)
    const from = this.skip(size)
    return this.ok ? this.#redactor.text(this.#bytes.toString('utf8', from, from + size)) : ''
  }

  raw(): Buffer {
    const size = this.uint(4)
    const from = this.skip(size)
    return this.#bytes.subarray(from, this.ok ? from + size : from)
  }

  /** Text, or `{base64}` where the bytes are none. */
  text(): string | { base64: string } {
    const bytes = this.raw()
    return isUtf8(bytes) && !bytes.includes(0) ? this.#redactor.text(bytes.toString('utf8')) : { base64: bytes.toString('base64') }
  }

  arguments(method: Method): Values {
    const values: Values = {}
    let bits = 0
    let bit = 8
    for (const { name, type } of method.fields) {
      if (!this.ok) break
      if (type === 'bit') {
        if (bit === 8) bits = this.uint(1)
        if (bit === 8) bit = 0
        if (name !== '_') values[name] = (bits >> bit & 1) === 1
        bit++
        continue
      }
      bit = 8
      const value = this.#argument(type)
      if (type === 'secret') Object.assign(values, credentialView(name, value as Buffer, this.#redactor))
      else if (name !== '_') values[name] = value
    }
    return values
  }

  #argument(type: string): unknown {
    switch (type) {
      case 'u8': return this.uint(1)
      case 'u16': return this.uint(2)
      case 'u32': return this.uint(4)
      case 'u64': return this.long(false)
      case 'short': return this.short()
      case 'long': return this.text()
      case 'secret': return this.raw()
      default: return this.table(0)
    }
  }

  table(depth: number): Values {
    const values: Values = {}
    this.#within(() => {
      const name = this.short()
      // Not `values[name]`: a peer may call a field `__proto__`.
      Object.defineProperty(values, name, { value: this.#value(depth), enumerable: true, configurable: true, writable: true })
    })
    return values
  }

  #array(depth: number): unknown[] {
    const values: unknown[] = []
    this.#within(() => values.push(this.#value(depth)))
    return values
  }

  /** As many elements as the size in front says. */
  #within(read: () => void): void {
    const size = this.uint(4)
    const from = this.skip(size)
    if (!this.ok) return
    const outer = this.#end
    this.#at = from
    this.#end = from + size
    while (this.ok && this.left > 0) {
      if (++this.#fields > MAX_TABLE_FIELDS) this.ok = false
      else read()
    }
    this.#at = from + size
    this.#end = outer
  }

  /** Types as RabbitMQ sends them, which differ from the standard's for the letters s, l. */
  #value(depth: number): unknown {
    const type = String.fromCharCode(this.uint(1))
    switch (type) {
      case 't': return this.uint(1) !== 0
      case 'b': return this.int(1)
      case 'B': return this.uint(1)
      case 's': case 'U': return this.int(2)
      case 'u': return this.uint(2)
      case 'I': return this.int(4)
      case 'i': return this.uint(4)
      case 'l': case 'L': return this.long(true)
      case 'T': return this.long(false)
      case 'f': return this.#float(4)
      case 'd': return this.#float(8)
      case 'D': return this.#decimal()
      case 'S': return this.text()
      case 'x': return { base64: this.raw().toString('base64') }
      case 'V': return null
      case 'A': case 'F': return this.#nested(type, depth)
      default: this.ok = false
    }
    return undefined
  }

  #nested(type: string, depth: number): unknown {
    if (depth === MAX_TABLE_DEPTH) {
      this.ok = false
      return undefined
    }
    return type === 'A' ? this.#array(depth + 1) : this.table(depth + 1)
  }

  #float(bytes: 4 | 8): number {
    const from = this.skip(bytes)
    if (!this.ok) return 0
    return bytes === 4 ? this.#bytes.readFloatBE(from) : this.#bytes.readDoubleBE(from)
  }

  #decimal(): number {
    const scale = this.uint(1)
    return this.int(4) / 10 ** scale
  }
}

const PROPERTIES: readonly (readonly [bit: number, name: string, type: 'short' | 'table' | 'u8' | 'u64'])[] = [
  [15, 'contentType', 'short'], [14, 'contentEncoding', 'short'], [13, 'headers', 'table'], [12, 'deliveryMode', 'u8'], [11, 'priority', 'u8'],
  [10, 'correlationId', 'short'], [9, 'replyTo', 'short'], [8, 'expiration', 'short'], [7, 'messageId', 'short'], [6, 'timestampSeconds', 'u64'],
  [5, 'type', 'short'], [4, 'userId', 'short'], [3, 'appId', 'short'], [2, 'clusterId', 'short'],
]

/** The properties of a content header, behind class, weight and size (§ 4.2.6.1). */
export function readProperties(reader: FieldReader): Values {
  const values: Values = {}
  const flags = reader.uint(2)
  for (const [bit, name, type] of PROPERTIES) {
    if ((flags >> bit & 1) === 0 || !reader.ok) continue
    values[name] = type === 'short' ? reader.short() : type === 'table' ? reader.table(0) : type === 'u8' ? reader.uint(1) : reader.long(false)
  }
  return values
}
