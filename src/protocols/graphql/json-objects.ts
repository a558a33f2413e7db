import { parseJsonWhole } from '../http/json-value.ts'
import { MAX_BATCH, MAX_MEMBERS } from './limits.ts'

/** The members of one JSON object, of which the end may be missing. A value is parsed when it is asked for: most are never looked at. */
export class JsonObject {
  readonly #text: string
  readonly names: string[] = []
  /** Two offsets a member: where its value begins and ends. */
  readonly #places: number[] = []
  /** The member that was cut off: a string is there as far as it goes. */
  cutMember: string | undefined = undefined
  #cutFrom = -1
  isWhole = false

  constructor(text: string) {
    this.#text = text
  }

  add(name: string, from: number, to: number): void {
    this.names.push(name)
    this.#places.push(from, to)
  }

  /** The value of this member has no end. */
  cut(name: string, from: number): void {
    this.cutMember = name
    this.#cutFrom = from
  }

  /** The JSON text of a member, of which the end may be missing. Undefined where there is none. */
  jsonOf(name: string): string | undefined {
    if (this.cutMember === name) return this.#text.slice(this.#cutFrom)
    const at = this.names.lastIndexOf(name)
    return at < 0 ? undefined : this.#textOf(at)
  }

  has(name: string): boolean {
    return this.names.includes(name)
  }

  /** Where a name stands twice, the last one. What a double cannot hold comes as its JSON text. Undefined where there is none. */
  value(name: string): unknown {
    const at = this.names.lastIndexOf(name)
    if (at < 0) return undefined
    const text = this.#textOf(at)
    return this.cutMember === name && at === this.names.length - 1 ? cutString(text) : valueOf(text)
  }

  /** There is something that is not null. */
  isThere(name: string): boolean {
    const at = this.names.lastIndexOf(name)
    return at >= 0 && this.#textOf(at) !== 'null'
  }

  #textOf(member: number): string {
    return this.#text.slice(this.#places[member * 2], this.#places[member * 2 + 1])
  }
}

export interface JsonObjects {
  readonly objects: JsonObject[]
  readonly isArray: boolean
  /** The text ends where it should, and no limit was reached. */
  readonly isWhole: boolean
}

/** The object of a JSON text, or those of its array; also of a text that was cut off. Undefined where it is neither. */
export function parseJsonObjects(text: string): JsonObjects | undefined {
  const reader = new ObjectReader(text)
  return reader.read()
}

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20
/** Stands for the character behind the end. */
const END = -1

class ObjectReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): JsonObjects | undefined {
    const first = this.#next()
    if (first === OPEN_BRACE) {
      const object = this.#object()
      return object && { objects: [object], isArray: false, isWhole: object.isWhole && this.#next() === END }
    }
    if (first !== OPEN_BRACKET) return undefined
    this.#at++
    const objects: JsonObject[] = []
    while (objects.length < MAX_BATCH && this.#next() === OPEN_BRACE) {
      const object = this.#object()
      if (object === undefined) return undefined
      objects.push(object)
      if (!object.isWhole || this.#next() !== COMMA) break
      this.#at++
    }
    return objects.length === 0 ? undefined : { objects, isArray: true, isWhole: this.#next() === CLOSE_BRACKET }
  }

  /** The next character that is no white space. */
  #next(): number {
    const text = this.#text
    let at = this.#at
    while (at < text.length && text.charCodeAt(at) <= SPACE) at++
    this.#at = at
    return at < text.length ? text.charCodeAt(at) : END
  }

  #object(): JsonObject | undefined {
    const object = new JsonObject(this.#text)
    this.#at++
    for (let count = 0; count < MAX_MEMBERS; count++) {
      const next = this.#next()
      if (next === CLOSE_BRACE) {
        this.#at++
        object.isWhole = true
        return object
      }
      if (count > 0 && next === COMMA) this.#at++
      const name = this.#next() === QUOTE ? this.#name() : undefined
      const colon = this.#next()
      if (name === undefined || colon !== COLON) return this.#at >= this.#text.length ? object : undefined
      this.#at++
      if (!this.#member(object, name)) return object
    }
    return object
  }

  /** False where its end is missing. */
  #member(object: JsonObject, name: string): boolean {
    const isString = this.#next() === QUOTE
    const from = this.#at
    const isWhole = this.#skipValue()
    if (!isWhole) object.cut(name, from)
    if (isWhole || isString) object.add(name, from, this.#at)
    return isWhole
  }

  #name(): string | undefined {
    const from = this.#at
    if (!this.#skipString()) return undefined
    const value = valueOf(this.#text.slice(from, this.#at))
    return typeof value === 'string' ? value : undefined
  }

  /** False where the closing quote is missing. */
  #skipString(): boolean {
    const text = this.#text
    for (let at = this.#at + 1; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) at++
      else if (code === QUOTE) {
        this.#at = at + 1
        return true
      }
    }
    this.#at = text.length
    return false
  }

  #skipValue(): boolean {
    let depth = 0
    for (;;) {
      const next = this.#next()
      if (next === END) return false
      if (next === QUOTE) {
        if (!this.#skipString()) return false
      } else if (next === OPEN_BRACE || next === OPEN_BRACKET) {
        depth++
        this.#at++
      } else if (next === CLOSE_BRACE || next === CLOSE_BRACKET) {
        if (depth === 0) return true
        depth--
        this.#at++
      } else if (depth > 0 && (next === COMMA || next === COLON)) this.#at++
      else if (!this.#skipWord()) return false
      if (depth === 0) return true
    }
  }

  /** A number or a literal; at the end of the text there may be more of it. */
  #skipWord(): boolean {
    const text = this.#text
    const from = this.#at
    let at = from
    while (at < text.length && !endsWord(text.charCodeAt(at))) at++
    this.#at = at === from ? at + 1 : at
    return this.#at < text.length
  }
}

function endsWord(code: number): boolean {
  return code === COMMA || code === COLON || code === OPEN_BRACE || code === CLOSE_BRACE || code === OPEN_BRACKET || code === CLOSE_BRACKET || code === QUOTE
    || code === SPACE || (code >= 9 && code <= 13 && code !== 11 && code !== 12)
}

function valueOf(text: string): unknown {
  if (isPlainString(text)) return text.slice(1, -1)
  const parsed = parseJsonWhole(text)
  return parsed === undefined ? text : parsed.value
}

/** Longer ones are left to the native parser. */
const MAX_PLAIN = 4096

/** A JSON string that stands for its own characters. */
function isPlainString(text: string): boolean {
  const last = text.length - 1
  if (last < 1 || last > MAX_PLAIN || text.charCodeAt(0) !== QUOTE || text.charCodeAt(last) !== QUOTE) return false
  for (let at = 1; at < last; at++) {
    const code = text.charCodeAt(at)
    if (code < SPACE || code === BACKSLASH || code === QUOTE) return false
  }
  return true
}

/** A string whose end is missing, up to its last whole escape. */
function cutString(text: string): string {
  const parsed = parseJsonWhole(`${text.replace(/\\(?:u[0-9a-f]{0,3})?$/i, '')}"`)
  return typeof parsed?.value === 'string' ? parsed.value : ''
}
