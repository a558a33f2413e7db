import type { JsonRecord } from '../../model/api.ts'
import { bodyString } from '../body-bytes.ts'
import { headerOf, pairs } from '../har.ts'
import { Latencies } from '../latency-buckets.ts'
import type { Schema } from './shape.ts'
import { Shape, plainValue } from './shape.ts'

const MAX_EXAMPLE_CHARS = 10_240
const MAX_QUERY = 100
const MAX_RESPONSES = 50

type Half = Readonly<Record<string, unknown>>

/** Contents by media type, as requests and responses have them. */
class Contents {
  readonly #types = new Map<string, { readonly shape: Shape, example: unknown }>()

  add(half: Half): void {
    const body = half.body as Half | undefined
    const mimeType = (headerOf(pairs(half.headers), 'content-type') ?? '').split(';')[0]!.trim().toLowerCase()
    if (body === undefined || mimeType === '' || this.#types.size > 10 && !this.#types.has(mimeType)) return
    let known = this.#types.get(mimeType)
    if (known === undefined) this.#types.set(mimeType, known = { shape: new Shape(), example: undefined })
    const value = body.json ?? (Array.isArray(body.form) ? Object.fromEntries(pairs(body.form).map(({ name, value: text }) => [name, plainValue(text)])) : bodyString(body) ?? '')
    known.shape.add(value)
    if (known.example === undefined && JSON.stringify(value).length <= MAX_EXAMPLE_CHARS) known.example = value
  }

  get size(): number {
    return this.#types.size
  }

  content(): Schema {
    return Object.fromEntries([...this.#types].map(([type, { shape, example }]) => [type, { schema: shape.schema(), ...(example !== undefined && { example }) }]))
  }
}

/** One method of one path template. */
export class Operation {
  readonly method: string
  readonly #query = new Map<string, { readonly shape: Shape, seen: number, readonly example: string }>()
  readonly #path = new Map<string, { readonly shape: Shape, readonly example: string }>()
  readonly #request = new Contents()
  readonly #responses = new Map<string, { readonly reason: string, readonly contents: Contents }>()
  readonly #latencies = new Latencies()
  requests = 0
  errors = 0

  constructor(method: string) {
    this.method = method
  }

  /** @param values of the template's parameters, by name */
  add(record: JsonRecord, values: ReadonlyMap<string, string>): void {
    const request = record.request!
    this.requests++
    if (record.outcome.endsWith('error')) this.errors++
    if (record.elapsedMicros !== undefined) this.#latencies.add(record.elapsedMicros)
    for (const [name, value] of values) {
      const known = this.#path.get(name)
      if (known === undefined) this.#path.set(name, { shape: new Shape(), example: value })
      this.#path.get(name)!.shape.add(plainValue(value))
    }
    this.#addQuery(String(request.path))
    this.#request.add(request)
    if (record.response !== undefined) this.#addResponse(record.response)
  }

  #addQuery(target: string): void {
    const seen = new Set<string>()
    for (const [name, value] of new URLSearchParams(/\?([^#]*)/.exec(target)?.[1] ?? '')) {
      let known = this.#query.get(name)
      if (known === undefined) {
        if (this.#query.size >= MAX_QUERY || name === '') continue
        this.#query.set(name, known = { shape: new Shape(), seen: 0, example: value })
      }
      known.shape.add(plainValue(value))
      if (!seen.has(name)) known.seen++
      seen.add(name)
    }
  }

  #addResponse(response: Half): void {
    const status = typeof response.status === 'number' && response.status >= 100 && response.status <= 599 ? String(response.status) : 'default'
    let known = this.#responses.get(status)
    if (known === undefined) {
      if (this.#responses.size >= MAX_RESPONSES) return
      this.#responses.set(status, known = { reason: typeof response.reason === 'string' ? response.reason : '', contents: new Contents() })
    }
    known.contents.add(response)
  }

  /** An operation object of OpenAPI 3.1. */
  describe(): Schema {
    const [p50Micros, p95Micros] = [this.#latencies.quantile(0.5), this.#latencies.quantile(0.95)]
    const parameters = [
      ...[...this.#path].map(([name, { shape, example }]) => ({ name, in: 'path', required: true, schema: shape.schema(), example: plainValue(example) })),
      ...[...this.#query].map(([name, { shape, seen, example }]) => ({ name, in: 'query', required: seen === this.requests, schema: shape.schema(), example: plainValue(example) })),
    ]
    return {
      ...(parameters.length > 0 && { parameters }), ...(this.#request.size > 0 && { requestBody: { content: this.#request.content() } }),
      responses: this.#responses.size === 0 ? { default: { description: 'no answer was captured' } }
        : Object.fromEntries([...this.#responses].sort(([a], [b]) => a < b ? -1 : 1).map(([status, { reason, contents }]) => [status, { description: reason, ...(contents.size > 0 && { content: contents.content() }) }])),
      'x-mtlscope': { requests: this.requests, errors: this.errors, ...(p50Micros !== undefined && { p50Micros, p95Micros }) },
    }
  }
}
