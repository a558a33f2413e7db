import { Buffer, isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import { mayHoldUserInformationIn } from '../user-information.ts'
import type { JsonValue } from './json-value.ts'

type Slice = (this: Uint8Array, from: number, to: number) => string
const { utf8Slice, latin1Slice, base64Slice } = Buffer.prototype as unknown as Record<'utf8Slice' | 'latin1Slice' | 'base64Slice', Slice>
const SHORT = 24

/** Text of a string field; what is not UTF-8 in it is replaced. */
export function utf8(buf: Uint8Array, from: number, to: number): string {
  if (to - from <= SHORT && isPlain(buf, from, to)) return latin1Slice.call(buf, from, to)
  return utf8Slice.call(buf, from, to)
}

function isPlain(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (buf[i]! > 0x7f) return false
  return true
}

/** A number, or its digits, where no text to hide is in it. */
export function redactedNumber(value: JsonValue, redactor: Redactor): JsonValue {
  if (!redactor.changesTexts || typeof value === 'boolean') return value
  const text = String(value)
  const shown = redactor.text(text)
  return shown === text ? value : shown
}

/** Base64 of bytes. Where they are text, what must not be shown is taken out of it before. */
export function base64(buf: Uint8Array, from: number, to: number, redactor: Redactor): string {
  if (mayChange(buf, from, to, redactor) && isUtf8(buf.subarray(from, to))) return Buffer.from(redactor.text(utf8Slice.call(buf, from, to))).toString('base64')
  return base64Slice.call(buf, from, to)
}

function mayChange(buf: Uint8Array, from: number, to: number, redactor: Redactor): boolean {
  return redactor.changesTexts || (redactor.credentials && mayHoldUserInformationIn(buf, from, to))
}
