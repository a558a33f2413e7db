import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'

/** One header of a record: `value` or `base64`, null where it is null. */
export interface RecordHeader { name: string, value: string | null | undefined, base64: string | undefined }

/** One record, as JSON shows it. Of `key` and `keyBase64`, `value` and `valueBase64` there is one; null is a null of Kafka. */
export class RecordView {
  offset: number | string
  timestampMs: number | undefined
  key: string | null | undefined
  keyBase64: string | undefined = undefined
  value: string | null | undefined
  valueBase64: string | undefined = undefined
  headers: RecordHeader[] | undefined = undefined
  /** Marks the end of a transaction: `commit`, `abort`. */
  control: string | undefined = undefined

  constructor(offset: number | string, timestampMs: number | undefined) {
    this.offset = offset
    this.timestampMs = timestampMs
    this.key = null
    this.value = null
  }
}

/** Makes texts out of the bytes of a batch: text where it is valid UTF-8 without NUL, else base64. */
export class Texts {
  readonly bytes: Buffer
  readonly #redactor: Redactor
  /** All of the bytes with one character each: pieces of it cost less than texts of their own. */
  #latin1: string | undefined

  constructor(bytes: Buffer, redactor: Redactor) {
    this.bytes = bytes
    this.#redactor = redactor
  }

  /** Undefined where the bytes are no text. */
  text(from: number, to: number): string | undefined {
    const { bytes } = this
    let at = from
    while (at < to && bytes[at]! < 0x80 && bytes[at] !== 0) at++
    if (at === to) return this.#shown((this.#latin1 ??= bytes.toString('latin1')).slice(from, to))
    if (bytes[at] === 0) return undefined
    const part = bytes.subarray(at, to)
    return isUtf8(part) && !part.includes(0) ? this.#shown(bytes.toString('utf8', from, to)) : undefined
  }

  base64(from: number, to: number): string {
    return this.bytes.toString('base64', from, to)
  }

  #shown(text: string): string {
    return this.#redactor.text(text)
  }
}

/** Exact also beyond 2^53, then as a decimal string. */
export function addOffset(base: number | string, delta: number): number | string {
  if (typeof base === 'number' && Number.isSafeInteger(base + delta)) return base + delta
  return String(BigInt(base) + BigInt(delta))
}
