import type { CatalogEntry, JsonRecord, OpenApiDocument } from '../../model/api.ts'
import { pathOf } from '../filter/halves.ts'
import { headerOf, pairs } from '../har.ts'
import { segmentKind } from '../path-template.ts'
import { Operation } from './operation.ts'

const METHODS = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'])
const HTTP = new Set(['http1', 'http2', 'graphql'])
/** As many names at one place of a path are values: users, products, slugs. */
const MANY = 12
const MAX_SERVICES = 500
const MAX_PATHS = 2000
const MAX_SEGMENTS = 20

interface Service { readonly name: string, readonly hosts: Set<string>, readonly records: JsonRecord[], requests: number, errors: number }

/** Services and their operations, inferred from exchanges of HTTP. What is redacted in a record is redacted in the examples. */
export class Catalog {
  readonly #services = new Map<string, Service>()

  /** @param to the workload that answers, where that is known: proxies hide it */
  add(record: JsonRecord, to?: string): void {
    const { request } = record
    if (!HTTP.has(record.protocol) || typeof request?.method !== 'string' || typeof request.path !== 'string') return
    const name = to ?? record.server.name ?? `${record.server.ip}:${record.server.port}`
    let service = this.#services.get(name)
    if (service === undefined) {
      if (this.#services.size >= MAX_SERVICES) return
      this.#services.set(name, service = { name, hosts: new Set(), records: [], requests: 0, errors: 0 })
    }
    service.requests++
    if (record.outcome.endsWith('error')) service.errors++
    service.hosts.add(hostOf(record, request))
    service.records.push(record)
  }

  entries(): CatalogEntry[] {
    return [...this.#services.values()].map((service) => ({
      id: service.name, name: service.name, operations: [...pathsOf(service).values()].reduce((sum, operations) => sum + operations.size, 0), requests: service.requests, errors: service.errors,
    })).sort((a, b) => b.requests - a.requests)
  }

  /** OpenAPI 3.1; undefined for a service that is not known. */
  document(name: string): OpenApiDocument | undefined {
    const service = this.#services.get(name)
    if (service === undefined) return undefined
    const paths = [...pathsOf(service)].sort(([a], [b]) => a < b ? -1 : 1)
    return {
      openapi: '3.1.0',
      info: { title: name, version: 'inferred', description: `Inferred by mtlscope from ${service.requests} requests that were seen. What was not seen is not here.` },
      servers: [...service.hosts].slice(0, 10).map((url) => ({ url })),
      paths: Object.fromEntries(paths.map(([template, operations]) => [template, Object.fromEntries([...operations].map(([method, operation]) => [method, operation.describe()]))])),
    }
  }
}

function hostOf({ server, decrypted }: JsonRecord, request: Readonly<Record<string, unknown>>): string {
  const scheme = typeof request.scheme === 'string' && /^https?$/.test(request.scheme) ? request.scheme : decrypted === true ? 'https' : 'http'
  const host = typeof request.authority === 'string' ? request.authority : headerOf(pairs(request.headers), 'host')
  const address = `${scheme}://${server.ip.includes(':') ? `[${server.ip}]` : server.ip}:${server.port}`
  return host !== undefined && URL.canParse(`${scheme}://${host}`) ? new URL(`${scheme}://${host}`).origin : address
}

type Paths = Map<string, Map<string, Operation>>

function pathsOf(service: Service): Paths {
  const values = new ManyValues(service.records.map((record) => segmentsOf(record)))
  const paths: Paths = new Map()
  for (const record of service.records) {
    const method = String(record.request!.method).toLowerCase()
    if (!METHODS.has(method)) continue
    const { template, parameters } = templateOf(segmentsOf(record), values)
    let operations = paths.get(template)
    if (operations === undefined) {
      if (paths.size >= MAX_PATHS) continue
      paths.set(template, operations = new Map())
    }
    let operation = operations.get(method)
    if (operation === undefined) operations.set(method, operation = new Operation(method))
    operation.add(record, parameters)
  }
  return paths
}

function segmentsOf(record: JsonRecord): string[] {
  const path = pathOf(String(record.request!.path))
  return path.startsWith('/') ? path.slice(1).split('/').slice(0, MAX_SEGMENTS) : []
}

/** Places in paths where so many different names stand that they are values, although none looks like one. */
class ManyValues {
  readonly #places = new Map<string, Set<string>>()

  constructor(paths: readonly (readonly string[])[]) {
    for (const segments of paths) {
      for (const [i, segment] of segments.entries()) {
        // The first part of a path names a thing, however many there are.
        if (i === 0 || segmentKind(segment) !== undefined) continue
        const place = placeKey(segments, i)
        const known = this.#places.get(place)
        if (known === undefined) this.#places.set(place, new Set([segment]))
        else if (known.size < MANY) known.add(segment)
      }
    }
  }

  isValue(segments: readonly string[], i: number): boolean {
    return segmentKind(segments[i]!) !== undefined || (this.#places.get(placeKey(segments, i))?.size ?? 0) >= MANY
  }
}

function placeKey(segments: readonly string[], i: number): string {
  return `${segments.length} ${i} ${segments.slice(0, i).map((segment) => segmentKind(segment) === undefined ? segment : '{}').join('/')}`
}

function templateOf(segments: readonly string[], values: ManyValues): { template: string, parameters: Map<string, string> } {
  const parameters = new Map<string, string>()
  const parts = segments.map((segment, i) => {
    if (!values.isValue(segments, i)) return encodeURI(decodeSafe(segment)).replace(/[{}]/g, (c) => encodeURIComponent(c))
    const name = parameterName(segments[i - 1], parameters)
    parameters.set(name, decodeSafe(segment))
    return `{${name}}`
  })
  return { template: `/${parts.join('/')}`, parameters }
}

/** `cartId` behind `carts`, `id2` where that is taken. */
function parameterName(before: string | undefined, taken: ReadonlyMap<string, string>): string {
  const word = /^[A-Za-z][A-Za-z-_]*$/.test(before ?? '') ? before!.replace(/[-_](\w)/g, (_, c: string) => c.toUpperCase()).replace(/ies$/, 'y').replace(/(?<=[^s])s$/, '') : ''
  const name = word === '' ? 'id' : `${word}Id`
  for (let n = 1; ; n++) {
    const free = n === 1 ? name : `${name}${n}`
    if (!taken.has(free)) return free
  }
}

function decodeSafe(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
