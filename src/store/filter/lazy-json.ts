import { ElementWalk, MemberWalk, numberValue, textValue } from '../json-walk.ts'
import type { FilterValue, Members } from './value.ts'
import { asValue } from './value.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const OPEN_BRACKET = 0x5b
const LOWER_T = 0x74
const LOWER_F = 0x66
const LOWER_N = 0x6e
/** Written in JSON as they are. */
const PLAIN_KEY = /^[ !#-[\]-~]*$/

/** One of each for all: nothing that is called while one walks uses it. */
const members = new MemberWalk()
const elements = new ElementWalk()

/**
 * An object of JSON text (as JSON.stringify makes it: no white space, no key twice) that is looked at where it stands: to parse all of it for one member would cost ten times as much.
 * What is no JSON has no members.
 */
export class LazyObject implements Members {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number

  /** @param start of the opening brace; `bytes` must not change */
  constructor(bytes: Buffer, start: number, end: number) {
    this.bytes = bytes
    this.start = start
    this.end = end
  }

  /** A member as JSON.parse would have it, or again a LazyObject; undefined where there is none. */
  get(key: string): unknown {
    if (!PLAIN_KEY.test(key)) return ownMember(this.toJSON(), key)
    return this.#find(key) ? lazyValue(this.bytes, members.valueStart, members.valueEnd) : undefined
  }

  #find(key: string): boolean {
    if (!members.open(this.bytes, this.start, this.end)) return false
    while (members.next()) if (members.isKey(key)) return true
    return false
  }

  /** A member that is a list of names and values, such as headers; undefined where it is no list. */
  pairs(key: string): LazyPairs | undefined {
    return this.#find(key) && this.bytes[members.valueStart] === OPEN_BRACKET ? new LazyPairs(this.bytes, members.valueStart, members.valueEnd) : undefined
  }

  /** The JSON text of a member, as JSON.stringify would make it. */
  json(key: string): string | undefined {
    return this.#find(key) ? jsonText(this.bytes, members.valueStart, members.valueEnd) : undefined
  }

  member(key: string): FilterValue {
    return asValue(this.get(key))
  }

  keys(): readonly string[] {
    return Object.keys(this.toJSON() as object)
  }

  size(): number {
    let count = 0
    if (members.open(this.bytes, this.start, this.end)) while (members.next()) count++
    return count
  }

  toJSON(): unknown {
    return parsed(this.bytes, this.start, this.end) ?? {}
  }
}

/** A list of `{"name":…,"value":…}` of JSON text. */
export class LazyPairs {
  readonly #bytes: Buffer
  readonly #start: number
  readonly #end: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
  }

  size(): number {
    let count = 0
    if (elements.open(this.#bytes, this.#start, this.#end)) while (elements.next()) count++
    return count
  }

  /** Values of a name in any case, in their order; at most `limit`. @param name in small letters */
  values(name: string, limit: number): string[] {
    const found: string[] = []
    if (!elements.open(this.#bytes, this.#start, this.#end)) return found
    while (found.length < limit && elements.next()) {
      if (!this.#isNamed(elements.valueStart, elements.valueEnd, name)) continue
      const value = new LazyObject(this.#bytes, elements.valueStart, elements.valueEnd).get('value')
      if (typeof value === 'string') found.push(value)
    }
    return found
  }

  #isNamed(start: number, end: number, name: string): boolean {
    const bytes = this.#bytes
    if (!members.open(bytes, start, end)) return false
    while (members.next()) if (members.isKey('name')) return isText(bytes, members.valueStart, members.valueEnd, name)
    return false
  }

  names(): string[] {
    const list = parsed(this.#bytes, this.#start, this.#end)
    return Array.isArray(list) ? list.map((pair: { name?: unknown } | null) => String(pair?.name ?? '')) : []
  }

  toJSON(): unknown {
    return parsed(this.#bytes, this.#start, this.#end) ?? []
  }
}

/** Whether a text of JSON is this one in any case; most are not, and are told by their length. */
function isText(bytes: Buffer, start: number, end: number, name: string): boolean {
  if (bytes[start] !== QUOTE) return false
  if (end - start - 2 !== name.length) return hasOther(bytes, start + 1, end - 1) && textValue(bytes, start, end)?.toLowerCase() === name
  for (let i = 0; i < name.length; i++) {
    const byte = bytes[start + 1 + i]!
    if (byte > 0x7e || byte === BACKSLASH) return textValue(bytes, start, end)?.toLowerCase() === name
    if ((byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte) !== name.charCodeAt(i)) return false
  }
  return true
}

/** Bytes that are not a character each. */
function hasOther(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i]! > 0x7e || bytes[i] === BACKSLASH) return true
  return false
}

function lazyValue(bytes: Buffer, start: number, end: number): unknown {
  switch (bytes[start]) {
    case QUOTE: return textValue(bytes, start, end)
    case OPEN_BRACE: return new LazyObject(bytes, start, end)
    case LOWER_T: return true
    case LOWER_F: return false
    case LOWER_N: return null
    case OPEN_BRACKET: return parsed(bytes, start, end)
    default: return numberValue(bytes, start, end)
  }
}

function jsonText(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start, end)
  // What a terminal may obey is escaped in records, and not by JSON.stringify.
  return text.includes('\\') ? JSON.stringify(parsed(bytes, start, end)) ?? text : text
}

/** Undefined where it is no JSON. */
export function parsed(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return undefined
  }
}

function ownMember(value: unknown, key: string | number): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined
}

/** A member of a half of a message, whether that is an object or its JSON; undefined where there is none. */
export function memberOfHalf(half: object, key: string | number): unknown {
  return half instanceof LazyObject ? half.get(String(key)) : ownMember(half, key)
}
