import { LazyObject, LazyPairs, memberOfHalf } from './lazy-json.ts'
import type { FilterValue, Members } from './value.ts'
import { asValue } from './value.ts'

interface Pair { readonly name: string, readonly value: string }

/** Headers by their name in any case; of several of a name the first. */
class HeaderMembers implements Members {
  readonly #headers: readonly Pair[] | LazyPairs

  constructor(headers: readonly Pair[] | LazyPairs) {
    this.#headers = headers
  }

  member(key: string): FilterValue {
    return this.values(key.toLowerCase(), 1)[0] ?? null
  }

  /** @param name in small letters */
  values(name: string, limit = Infinity): string[] {
    const headers = this.#headers
    if (headers instanceof LazyPairs) return headers.values(name, limit)
    const found: string[] = []
    for (const header of headers) {
      if (header.name.length !== name.length || header.name.toLowerCase() !== name) continue
      found.push(header.value)
      if (found.length === limit) break
    }
    return found
  }

  keys(): readonly string[] {
    return this.#headers instanceof LazyPairs ? this.#headers.names() : this.#headers.map((header) => header.name)
  }

  size(): number {
    return this.#headers instanceof LazyPairs ? this.#headers.size() : this.#headers.length
  }

  toJSON(): unknown {
    const headers = this.#headers instanceof LazyPairs ? this.#headers.toJSON() as readonly Pair[] : this.#headers
    return Object.fromEntries(headers.map((header) => [header.name, header.value]))
  }
}

/** The headers or trailers of a half; undefined where it has none. */
export function headersOf(half: object, key: 'headers' | 'trailers'): HeaderMembers | undefined {
  const headers = half instanceof LazyObject ? half.pairs(key) : memberOfHalf(half, key)
  return headers instanceof LazyPairs || Array.isArray(headers) ? new HeaderMembers(headers as readonly Pair[] | LazyPairs) : undefined
}

/** Names and values of a query or of cookies; the first of a name. */
class PairMembers implements Members {
  readonly #pairs: ReadonlyMap<string, string>

  constructor(pairs: ReadonlyMap<string, string>) {
    this.#pairs = pairs
  }

  member(key: string): FilterValue {
    return this.#pairs.get(key) ?? null
  }

  keys(): readonly string[] {
    return [...this.#pairs.keys()]
  }

  toJSON(): unknown {
    return Object.fromEntries(this.#pairs)
  }
}

/**
 * `request` or `response` of a record, with headers as a map, and what is made of them: `path` without its query, `url` with it, `query`, `cookies`,
 * `text` (the body). Everything else as docs/protocols/ has it.
 */
export class HalfMembers implements Members {
  readonly #half: object
  readonly #isRequest: boolean

  constructor(half: object, isRequest: boolean) {
    this.#half = half
    this.#isRequest = isRequest
  }

  member(key: string): FilterValue {
    switch (key) {
      case 'headers': case 'trailers': return headersOf(this.#half, key) ?? this.#own(key)
      case 'path': return this.#ofTarget(pathOf) ?? this.#own(key)
      case 'url': return this.#ofTarget((target) => target) ?? this.#own(key)
      case 'query': return this.#ofTarget((target) => new PairMembers(queryPairs(target))) ?? this.#own(key)
      case 'cookies': return this.#cookies() ?? this.#own(key)
      case 'text': return this.#text()
      default: return this.#own(key)
    }
  }

  #own(key: string): FilterValue {
    return asValue(memberOfHalf(this.#half, key))
  }

  /** Of HTTP: the `path` of other protocols is none with a query. */
  #ofTarget(part: (target: string) => FilterValue): FilterValue | undefined {
    const path = memberOfHalf(this.#half, 'path')
    return typeof path === 'string' && typeof memberOfHalf(this.#half, 'method') === 'string' ? part(path) : undefined
  }

  #cookies(): FilterValue | undefined {
    const headers = headersOf(this.#half, 'headers')
    return headers === undefined ? undefined : new PairMembers(cookiePairs(headers, this.#isRequest))
  }

  #text(): FilterValue {
    const body = memberOfHalf(this.#half, 'body')
    return body === undefined ? this.#own('text') : bodyText(body)
  }

  keys(): readonly string[] {
    return this.#half instanceof LazyObject ? this.#half.keys() : Object.keys(this.#half)
  }

  size(): number {
    return this.#half instanceof LazyObject ? this.#half.size() : Object.keys(this.#half).length
  }

  toJSON(): unknown {
    return this.#half
  }
}

/** A path without its query and fragment. */
export function pathOf(target: string): string {
  const end = target.search(/[?#]/)
  return end < 0 ? target : target.slice(0, end)
}

export function queryOf(target: string): string {
  return /\?([^#]*)/.exec(target)?.[1] ?? ''
}

function queryPairs(target: string): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(queryOf(target))) if (!pairs.has(name)) pairs.set(name, value)
  return pairs
}

/** Cookie (RFC 6265 §4.2) of a request, Set-Cookie (§4.1) of a response. */
function cookiePairs(headers: HeaderMembers, isRequest: boolean): Map<string, string> {
  const pairs = new Map<string, string>()
  for (const value of headers.values(isRequest ? 'cookie' : 'set-cookie')) {
    for (const part of isRequest ? value.split(';') : [value.split(';')[0]!]) {
      const equals = part.indexOf('=')
      if (equals > 0 && !pairs.has(part.slice(0, equals).trim())) pairs.set(part.slice(0, equals).trim(), part.slice(equals + 1).trim())
    }
  }
  return pairs
}

/** A body of docs/protocols/bodies.md as text: JSON and the like as their JSON text; null where it is not text. */
export function bodyText(body: unknown): FilterValue {
  if (typeof body === 'string') return body
  if (typeof body !== 'object' || body === null) return null
  const text = memberOfHalf(body, 'text')
  if (typeof text === 'string') return text
  for (const key of STRUCTURED) {
    const json = jsonOf(body, key)
    if (json !== undefined) return json
  }
  return null
}

const STRUCTURED = ['json', 'form', 'parts', 'events', 'protobuf']

/** Nothing where it is null: so says `??`. */
function jsonOf(body: object, key: string): string | undefined {
  if (body instanceof LazyObject) {
    const json = body.json(key)
    return json === 'null' ? undefined : json
  }
  const value = memberOfHalf(body, key)
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}
