import type { FilterValue, Members } from './value.ts'
import { asValue } from './value.ts'

interface Pair { readonly name: string, readonly value: string }

/** Headers by their name in any case; of several of a name the first. */
export class HeaderMembers implements Members {
  readonly #headers: readonly Pair[]

  constructor(headers: readonly Pair[]) {
    this.#headers = headers
  }

  member(key: string): FilterValue {
    const name = key.toLowerCase()
    for (const header of this.#headers) if (header.name.length === name.length && header.name.toLowerCase() === name) return header.value
    return null
  }

  keys(): readonly string[] {
    return this.#headers.map((header) => header.name)
  }

  toJSON(): unknown {
    return Object.fromEntries(this.#headers.map((header) => [header.name, header.value]))
  }
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
  readonly #half: Readonly<Record<string, unknown>>
  readonly #isRequest: boolean

  constructor(half: object, isRequest: boolean) {
    this.#half = half as Record<string, unknown>
    this.#isRequest = isRequest
  }

  member(key: string): FilterValue {
    const half = this.#half
    switch (key) {
      case 'headers': case 'trailers': return Array.isArray(half[key]) ? new HeaderMembers(half[key] as Pair[]) : asValue(half[key])
      case 'path': return this.#isTarget() ? pathOf(half.path as string) : asValue(half.path)
      case 'url': return this.#isTarget() ? half.path as string : asValue(half.url)
      case 'query': return this.#isTarget() ? new PairMembers(queryPairs(half.path as string)) : asValue(half.query)
      case 'cookies': return Array.isArray(half.headers) ? new PairMembers(cookiePairs(half.headers as Pair[], this.#isRequest)) : asValue(half.cookies)
      case 'text': return 'body' in half ? bodyText(half.body) : asValue(half.text)
      default: return Object.hasOwn(half, key) ? asValue(half[key]) : null
    }
  }

  /** Of HTTP: the `path` of other protocols is none with a query. */
  #isTarget(): boolean {
    return typeof this.#half.path === 'string' && typeof this.#half.method === 'string'
  }

  keys(): readonly string[] {
    return Object.keys(this.#half)
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
function cookiePairs(headers: readonly Pair[], isRequest: boolean): Map<string, string> {
  const pairs = new Map<string, string>()
  const wanted = isRequest ? 'cookie' : 'set-cookie'
  for (const { name, value } of headers) {
    if (name.toLowerCase() !== wanted) continue
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
  const { text, json, form, parts, events, protobuf } = body as Record<string, unknown>
  if (typeof text === 'string') return text
  const other = json ?? form ?? parts ?? events ?? protobuf
  return other === undefined ? null : JSON.stringify(other)
}
