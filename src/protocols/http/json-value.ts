import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import { MAX_JSON_CHARS, MAX_JSON_DEPTH } from './limits.ts'

const QUOTE = 0x22
const MINUS = 0x2d
const COLON = 0x3a
const BACKSLASH = 0x5c
const SPACE = 0x20
/** Numbers of so many characters without an exponent are exact in a double. */
const EXACT_CHARS = 15

/**
 * The value of a JSON text, where it says all that the text says. Undefined where the text is no JSON, too long, nested too deeply, has a
 * number that would lose digits, or one name twice in an object: two readers may then understand different things.
 */
export function parseJsonWhole(text: string): { readonly value: unknown } | undefined {
  if (text.length > MAX_JSON_CHARS) return undefined
  const members = countMembers(text)
  if (members < 0) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return membersOf(value) === members ? { value } : undefined
  } catch {
    return undefined
  }
}

/** Members of all objects in a JSON text; -1 where it is nested too deeply or has a number that a double cannot hold. */
function countMembers(text: string): number {
  let depth = 0
  let members = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) members++
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_JSON_DEPTH) return -1
    } else if (code === 0x5d || code === 0x7d) depth--
    else if (code === MINUS || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, at)
      if (!isExact(text, at, end)) return -1
      at = end - 1
    }
  }
  return members
}

/** Offset of the closing quote, or of the end. */
function endOfString(text: string, from: number): number {
  let at = from + 1
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return at
}

function endOfNumber(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && isOfNumber(text.charCodeAt(at))) at++
  return at
}

function isOfNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === MINUS || code === 0x2b || code === 0x2e || (code | 0x20) === 0x65
}

function isExact(text: string, from: number, to: number): boolean {
  if (to - from <= EXACT_CHARS && !hasExponent(text, from, to)) return true
  const number = text.slice(from, to)
  const value = Number(number)
  return Number.isFinite(value) && digitsOf(String(value)) === digitsOf(number)
}

function hasExponent(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if ((text.charCodeAt(at) | 0x20) === 0x65) return true
  return false
}

/** What is significant of a number, without its magnitude. */
function digitsOf(number: string): string {
  const digits = number.split(/e/i, 1)[0]!.replaceAll(/[-+.]/g, '')
  let from = 0
  let to = digits.length
  while (from < to && digits[from] === '0') from++
  while (to > from && digits[to - 1] === '0') to--
  return digits.slice(from, to)
}

/** Not deeper than MAX_JSON_DEPTH: that was counted before. */
function membersOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) {
    let sum = 0
    for (const item of value) sum += membersOf(item)
    return sum
  }
  const names = Object.keys(value)
  let sum = names.length
  for (const name of names) sum += membersOf((value as Record<string, unknown>)[name])
  return sum
}

/** The same value without hidden members, and with hidden texts replaced in strings and names: escapes may have kept them out of sight before. */
export function redactedValue(value: unknown, redactor: Redactor): unknown {
  return mayChange(value, redactor) ? changedValue(value, redactor) : value
}

/** Nothing is copied of what has nothing to hide. */
function mayChange(value: unknown, redactor: Redactor): boolean {
  if (redactor.changesTexts) return true
  if (typeof value === 'string') return redactor.mayChange(value)
  if (typeof value !== 'object' || value === null) return false
  for (const name of Object.keys(value)) {
    if (mayChange((value as Record<string, unknown>)[name], redactor) || redactor.mayChange(name)) return true
  }
  return false
}

function changedValue(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.text(value)
  if (typeof value === 'number') return redactedNumber(value, redactor)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => changedValue(item, redactor))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [redactor.text(name), redactor.hidesParameter(name) ? REDACTED : changedValue(item, redactor)]))
}

/** `1e3` is shown as 1000. */
function redactedNumber(value: number, redactor: Redactor): number | string {
  const text = String(value)
  const shown = redactor.text(text)
  return shown === text ? value : shown
}

/** A JSON text without the white space between its tokens, its strings as JSON.stringify writes them. */
export function tokensOf(text: string): string {
  let tokens = ''
  let from = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const start = at
      at = endOfString(text, at)
      const string = text.slice(start, at + 1)
      if (!string.includes('\\')) continue
      tokens += text.slice(from, start) + JSON.stringify(JSON.parse(string))
      from = at + 1
    } else if (code <= SPACE) {
      tokens += text.slice(from, at)
      from = at + 1
    }
  }
  return tokens + text.slice(from)
}
