const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** Walks over JSON text as bytes, as JSON.stringify makes it: without white space. What is no JSON yields -1 and never leaves `end`. */

/** @returns behind the value that begins at `at`, or -1 */
export function skipValue(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]
  if (first === QUOTE) return skipString(bytes, at, end)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(bytes, at, end)
  let i = at
  while (i < end && bytes[i] !== COMMA && bytes[i] !== CLOSE_BRACE && bytes[i] !== CLOSE_BRACKET) i++
  return i === at ? -1 : i
}

/** @param at of the opening quote. Returns behind the closing one, or -1. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) return i + 1
    if (byte === BACKSLASH) i++
  }
  return -1
}

function skipNested(bytes: Uint8Array, at: number, end: number): number {
  let depth = 0
  for (let i = at; i < end; i++) {
    const byte = bytes[i]
    if (byte === QUOTE) {
      i = skipString(bytes, i, end) - 1
      if (i < 0) return -1
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return i + 1
  }
  return -1
}

/** Steps through the values within an object or a list. One walker is used again and again. */
class ValueWalk {
  valueStart = 0
  valueEnd = 0
  protected bytes: Uint8Array = new Uint8Array(0)
  protected at = 0
  protected end = 0

  protected enter(bytes: Uint8Array, at: number, end: number, opening: number): boolean {
    this.bytes = bytes
    this.at = at + 1
    this.end = end
    return at < end && bytes[at] === opening
  }
}

/** Steps through the members of one object. */
export class MemberWalk extends ValueWalk {
  /** Of the key's text, without its quotes. */
  keyStart = 0
  keyEnd = 0

  /** @param at of the opening brace */
  open(bytes: Uint8Array, at: number, end: number): boolean {
    return this.enter(bytes, at, end, OPEN_BRACE)
  }

  /** False at the end, and where it is no JSON. */
  next(): boolean {
    const { bytes, end } = this
    let { at } = this
    if (bytes[at] === COMMA) at++
    if (at >= end || bytes[at] !== QUOTE) return false
    const keyEnd = skipString(bytes, at, end)
    if (keyEnd < 0 || bytes[keyEnd] !== COLON) return false
    const valueEnd = skipValue(bytes, keyEnd + 1, end)
    if (valueEnd < 0) return false
    this.keyStart = at + 1
    this.keyEnd = keyEnd - 1
    this.valueStart = keyEnd + 1
    this.valueEnd = valueEnd
    this.at = valueEnd
    return true
  }

  /** @param key ASCII */
  isKey(key: string): boolean {
    const { bytes, keyStart } = this
    if (this.keyEnd - keyStart !== key.length) return false
    for (let i = 0; i < key.length; i++) if (bytes[keyStart + i] !== key.charCodeAt(i)) return false
    return true
  }
}

/** Steps through the elements of one list. */
export class ElementWalk extends ValueWalk {
  /** @param at of the opening bracket */
  open(bytes: Uint8Array, at: number, end: number): boolean {
    return this.enter(bytes, at, end, OPEN_BRACKET)
  }

  /** False at the end, and where it is no JSON. */
  next(): boolean {
    const start = this.bytes[this.at] === COMMA ? this.at + 1 : this.at
    const end = start < this.end ? skipValue(this.bytes, start, this.end) : -1
    if (end < 0) return false
    this.valueStart = start
    this.valueEnd = end
    this.at = end
    return true
  }
}

/** A value that is a string, unescaped; undefined for any other. */
export function textValue(bytes: Buffer, start: number, end: number): string | undefined {
  if (bytes[start] !== QUOTE) return undefined
  for (let i = start + 1; i < end - 1; i++) {
    if (bytes[i] === BACKSLASH) return JSON.parse(bytes.toString('utf8', start, end)) as string
  }
  return bytes.toString('utf8', start + 1, end - 1)
}

/** A value that is a number; NaN for any other. */
export function numberValue(bytes: Buffer, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i++) {
    const digit = bytes[i]! - 0x30
    if (digit < 0 || digit > 9) return bytes[start] === QUOTE ? NaN : Number(bytes.toString('latin1', start, end))
    value = value * 10 + digit
  }
  return start === end ? NaN : value
}
