import { Buffer, isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import { isAscii } from '../http/headers.ts'
import { MAX_DEPTH } from './limits.ts'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** `text` has one character a byte. UTF-8 without NUL is text, all else base64. */
export function bytesValue(text: string, sizeBytes: number, redactor: Redactor): Json {
  const isWhole = text.length >= sizeBytes
  const shown = plainText(text, !isWhole)
  if (isWhole) return shown === undefined ? { base64: Buffer.from(text, 'latin1').toString('base64') } : redactor.text(shown)
  const size = { bytes: sizeBytes, truncated: true }
  return shown === undefined ? { base64: Buffer.from(text, 'latin1').toString('base64'), ...size } : { text: redactor.text(shown), ...size }
}

/** Undefined for what is no text. A last character of which the rest was cut off is left out. */
export function plainText(text: string, isCut = false): string | undefined {
  if (text.includes('\0')) return undefined
  if (isAscii(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  if (isUtf8(bytes)) return bytes.toString('utf8')
  for (let less = 1; isCut && less <= Math.min(3, bytes.length); less++) {
    const shorter = bytes.subarray(0, bytes.length - less)
    if (isUtf8(shorter)) return shorter.toString('utf8')
  }
  return undefined
}

/** `text` as text, whatever it is: for lines. */
export function lineText(text: string): string {
  return plainText(text, true) ?? text
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  '+': 'simpleString', '-': 'error', ':': 'integer', '$': 'bulkString', '*': 'array', '_': 'null', '#': 'boolean', ',': 'double', '(': 'bigNumber',
  '!': 'bulkError', '=': 'verbatimString', '%': 'map', '~': 'set', '>': 'push', '|': 'attribute',
}

export function typeName(type: string): string {
  return TYPE_NAMES[type] ?? 'unknown'
}

/** The code and the sentence of an error, `WRONGTYPE Operation against …`. */
export function errorValue(line: string, redactor: Redactor): { code: string, message: string } {
  const space = line.indexOf(' ')
  return space < 0 ? { code: line, message: '' } : { code: line.slice(0, space), message: redactor.text(lineText(line.slice(space + 1))) }
}

const NOTHING = Symbol('nothing')
type Read = Json | typeof NOTHING

/** Takes values apart that FrameScan has found to be right, as far as they are here. */
export class ValueReader {
  readonly #text: string
  readonly #redactor: Redactor
  /** Offset of what is read next. */
  at: number
  /** The text ended before the value did. */
  isCut = false
  /** Attributes of the value that was read last at the top. */
  attributes: Json | undefined = undefined

  constructor(text: string, at: number, redactor: Redactor) {
    this.#text = text
    this.at = at
    this.#redactor = redactor
  }

  /** The next value; undefined where nothing of it is here. */
  read(): Json | undefined {
    const value = this.#value(0)
    return value === NOTHING ? undefined : value
  }

  /** Skips attributes; the type of the value behind them. */
  type(): string {
    while (this.#text[this.at] === '|') this.attributes = this.#attributes(0)
    return this.#text[this.at] ?? ''
  }

  #line(): string | undefined {
    const end = this.#text.indexOf('\r\n', this.at)
    if (end < 0) {
      this.isCut = true
      this.at = this.#text.length
      return undefined
    }
    const line = this.#text.slice(this.at, end)
    this.at = end + 2
    return line
  }

  #value(depth: number): Read {
    while (this.#text[this.at] === '|' && depth <= MAX_DEPTH) {
      const attributes = this.#attributes(depth)
      if (depth === 0) this.attributes = attributes
    }
    const type = this.#text[this.at]
    if (type === undefined || depth > MAX_DEPTH) {
      this.isCut = true
      return NOTHING
    }
    if (type === '+' || type === '-') return this.#simple(type)
    const line = this.#line()
    if (line === undefined) return NOTHING
    return this.#sized(type, line.slice(1), depth)
  }

  /** Lines may be cut anywhere and still tell something. */
  #simple(type: string): Read {
    const from = this.at
    const line = this.#line() ?? this.#text.slice(from)
    return type === '+' ? this.#redactor.text(lineText(line.slice(1))) : { error: errorValue(line.slice(1), this.#redactor) }
  }

  #sized(type: string, rest: string, depth: number): Read {
    switch (type) {
      case ':': return integerValue(rest)
      case '_': return null
      case '#': return rest === 't'
      case ',': return Number.isFinite(Number(rest)) ? Number(rest) : rest
      case '(': return rest
      case '$': case '!': case '=': return rest === '-1' ? null : this.#blob(type, rest)
      case '%': return mapValue(this.#list(rest, 2, depth))
      default: return rest === '-1' ? null : this.#list(rest, 1, depth)
    }
  }

  #attributes(depth: number): Json {
    const line = this.#line()
    return line === undefined ? {} : mapValue(this.#list(line.slice(1), 2, depth))
  }

  #blob(type: string, rest: string): Read {
    if (rest === '?') return this.#chunks()
    const sizeBytes = this.#length(rest)
    const bytes = this.#text.slice(this.at, this.at + sizeBytes)
    this.at += sizeBytes + 2
    if (bytes.length < sizeBytes) this.isCut = true
    if (bytes === '' && sizeBytes > 0) return { bytes: sizeBytes, truncated: true }
    if (type === '!') return { error: errorValue(bytes, this.#redactor) }
    // `txt:` or `mkd:` stand before the text itself.
    if (type === '=') return { format: bytes.slice(0, 3), value: bytesValue(bytes.slice(4), sizeBytes - 4, this.#redactor) }
    return bytesValue(bytes, sizeBytes, this.#redactor)
  }

  /** What broke the protocol is shown as far as it goes. */
  #length(digits: string): number {
    if (/^\d{1,12}$/.test(digits)) return Number(digits)
    this.isCut = true
    return 0
  }

  #chunks(): Json {
    const parts: string[] = []
    let sizeBytes = 0
    for (let line = this.#line(); line !== undefined && line !== ';0' && !this.isCut; line = this.#line()) {
      const size = this.#length(line.slice(1))
      parts.push(this.#text.slice(this.at, this.at + size))
      sizeBytes += size
      this.at += size + 2
    }
    const text = parts.join('')
    return bytesValue(text, this.isCut ? Math.max(sizeBytes, text.length + 1) : sizeBytes, this.#redactor)
  }

  #list(rest: string, perElement: number, depth: number): Json[] {
    const count = rest === '?' ? Infinity : this.#length(rest) * perElement
    const list: Json[] = []
    while (list.length < count && !this.isCut) {
      if (this.#text[this.at] === '.') {
        this.at += 3
        break
      }
      const value = this.#value(depth + 1)
      if (value !== NOTHING) list.push(value)
    }
    return list
  }
}

/** A number where it is exact, else its digits. */
function integerValue(digits: string): number | string {
  const value = Number(digits)
  return Number.isSafeInteger(value) ? value : digits
}

/** An object where all keys are different texts, else pairs. */
function mapValue(list: readonly Json[]): Json {
  const pairs: [Json, Json][] = []
  for (let i = 0; i + 1 < list.length; i += 2) pairs.push([list[i]!, list[i + 1]!])
  const keys = new Set(pairs.map(([key]) => key))
  if (keys.size < pairs.length || pairs.some(([key]) => typeof key !== 'string')) return pairs
  return Object.fromEntries(pairs as [string, Json][])
}
