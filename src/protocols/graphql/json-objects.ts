import { parseJsonWhole } from '../http/json-value.ts'
import { MAX_BATCH, MAX_MEMBERS } from './limits.ts'

/** The members of one JSON object, of which the end may be missing. */
export interface JsonObject {
  /** By name. What a double cannot hold stands as its JSON text. */
  readonly members: ReadonlyMap<string, unknown>
  /** The member that was cut off: a string as far as it goes is in `members` too. */
  readonly cutMember: string | undefined
  readonly isWhole: boolean
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

class ObjectReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): JsonObjects | undefined {
    const first = this.#next()
    if (first === '{') {
      const object = this.#object()
      return object && { objects: [object], isArray: false, isWhole: object.isWhole && this.#next() === '' }
    }
    if (first !== '[') return undefined
    this.#at++
    const objects: JsonObject[] = []
    while (objects.length < MAX_BATCH && this.#next() === '{') {
      const object = this.#object()
      if (object === undefined) return undefined
      objects.push(object)
      if (!object.isWhole || this.#next() !== ',') break
      this.#at++
    }
    return objects.length === 0 ? undefined : { objects, isArray: true, isWhole: this.#next() === ']' }
  }

  /** The next character that is no white space; empty at the end. */
  #next(): string {
    const text = this.#text
    while (this.#at < text.length && text.charCodeAt(this.#at) <= 0x20) this.#at++
    return text[this.#at] ?? ''
  }

  #object(): JsonObject | undefined {
    const members = new Map<string, unknown>()
    this.#at++
    for (let count = 0; count < MAX_MEMBERS; count++) {
      const next = this.#next()
      if (next === '}') {
        this.#at++
        return { members, cutMember: undefined, isWhole: true }
      }
      if (count > 0 && next === ',') this.#at++
      const name = this.#next() === '"' ? this.#string() : undefined
      const colon = this.#next()
      if (name === undefined || colon !== ':') return this.#at >= this.#text.length ? { members, cutMember: undefined, isWhole: false } : undefined
      this.#at++
      if (!this.#member(members, name)) return { members, cutMember: name, isWhole: false }
    }
    return { members, cutMember: undefined, isWhole: false }
  }

  /** False where its end is missing. */
  #member(members: Map<string, unknown>, name: string): boolean {
    const isString = this.#next() === '"'
    const from = this.#at
    const isWhole = this.#skipValue()
    const text = this.#text.slice(from, this.#at)
    if (isWhole) members.set(name, valueOf(text))
    else if (isString) members.set(name, cutString(text))
    return isWhole
  }

  #string(): string | undefined {
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
      if (code === 0x5c) at++
      else if (code === 0x22) {
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
      if (next === '') return false
      if (next === '"') {
        if (!this.#skipString()) return false
      } else if (next === '{' || next === '[') {
        depth++
        this.#at++
      } else if (next === '}' || next === ']') {
        if (depth === 0) return true
        depth--
        this.#at++
      } else if (depth > 0 && (next === ',' || next === ':')) this.#at++
      else if (!this.#skipWord()) return false
      if (depth === 0) return true
    }
  }

  /** A number or a literal; at the end of the text there may be more of it. */
  #skipWord(): boolean {
    const text = this.#text
    const from = this.#at
    while (this.#at < text.length && !',:{}[]" \t\r\n'.includes(text[this.#at]!)) this.#at++
    if (this.#at === from) this.#at++
    return this.#at < text.length
  }
}

function valueOf(text: string): unknown {
  const parsed = parseJsonWhole(text)
  return parsed === undefined ? text : parsed.value
}

/** A string whose end is missing, up to its last whole escape. */
function cutString(text: string): string {
  const parsed = parseJsonWhole(`${text.replace(/\\(?:u[0-9a-f]{0,3})?$/i, '')}"`)
  return typeof parsed?.value === 'string' ? parsed.value : ''
}
