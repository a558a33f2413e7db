import type { Buffer } from 'node:buffer'
import { decodeText, isPlainText } from '../http/body-text.ts'
import { latin1 } from '../http/bytes.ts'
import type { HttpCall, HttpHalf } from '../http/lens.ts'
import { essenceOf } from '../http/media-type.ts'
import { parseMultipart } from '../http/multipart.ts'
import type { JsonObject } from './json-objects.ts'
import { parseJsonObjects } from './json-objects.ts'
import type { Operation } from './operations.ts'
import { parseOperations } from './operations.ts'

/** One GraphQL request (GraphQL over HTTP §5), of which the end may be missing. */
export interface GraphqlRequest {
  /** The document; undefined where only a hash was sent. */
  readonly query: string | undefined
  readonly operationName: string | undefined
  /** Parsed when they are asked for. */
  readonly variables: unknown
  readonly extensions: unknown
  /** The sha256 that stands for the document (automatic persisted queries). */
  readonly persistedHash: string | undefined
  /** Of the document, in its order. */
  readonly operations: readonly Operation[]
  /** All of it is here. */
  readonly isWhole: boolean
  /** Beside the fields above there is more in it, which GraphQL does not know. */
  readonly hasMore: boolean
}

export interface GraphqlRequests {
  readonly requests: GraphqlRequest[]
  readonly isBatch: boolean
  readonly isWhole: boolean
  /** How the request carries it. */
  readonly carrier: 'json' | 'query' | 'document' | 'multipart'
}

export const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/graphql+json', 'text/json'])

/** What the request says in GraphQL; undefined where that is nothing. */
export function parseRequests(call: HttpCall): GraphqlRequests | undefined {
  const { request } = call
  if (request === undefined) return undefined
  if (call.method === 'GET' || call.method === 'HEAD') return ofTarget(call.target)
  const type = essenceOf(request.contentType)
  if (JSON_TYPES.has(type)) return ofJsonBody(request)
  if (type === 'application/graphql') return isOtherJson(request.bodyLatin1()) ? undefined : ofDocument(textOf(request), request.bodyIsWhole)
  return type === 'multipart/form-data' ? ofMultipart(request.body(), request.contentType) : undefined
}

/** One of these is in every request: a document, or the hash of one. */
const DOCUMENT = '"query"'
const HASH = '"extensions"'
const BRACE = 0x7b
const BRACKET = 0x5b
const QUOTE = 0x22

/** Most JSON is none of GraphQL's, and this tells without decoding it or taking it apart. A document has no quote there. */
function isOtherJson(body: string): boolean {
  let at = 0
  while (body.charCodeAt(at) <= 0x20) at++
  const first = body.charCodeAt(at)
  if (first !== BRACE && first !== BRACKET) return false
  do at++; while (body.charCodeAt(at) <= 0x20)
  const second = body.charCodeAt(at)
  return (second === QUOTE || second === BRACE) && !body.includes(DOCUMENT) && !body.includes(HASH)
}

function ofJsonBody(half: HttpHalf): GraphqlRequests | undefined {
  return isOtherJson(half.bodyLatin1()) ? undefined : parseJsonRequests(textOf(half), half.bodyIsWhole, 'json')
}

/** A JSON text, of which the end may be missing. Undefined where it is no request of GraphQL. */
export function parseJsonRequests(text: string, isWhole: boolean, carrier: 'json' | 'multipart'): GraphqlRequests | undefined {
  const parsed = parseJsonObjects(text)
  if (parsed === undefined) return undefined
  const requests: GraphqlRequest[] = []
  for (const object of parsed.objects) {
    const request = JsonRequest.of(object)
    if (request === undefined) return undefined
    requests.push(request)
  }
  return { requests, isBatch: parsed.isArray, isWhole: parsed.isWhole && isWhole, carrier }
}

/** A body as text; empty where it is none. */
export function textOf(half: HttpHalf): string {
  const latin1 = half.bodyLatin1()
  return isPlainText(latin1, half.contentType) ? latin1 : decodeText(half.body(), half.contentType, !half.bodyIsWhole)?.text ?? ''
}

const MEMBERS: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions'])

function nonEmpty(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What a member `query` holds besides a document makes it no request of GraphQL. */
function isOtherQuery(query: unknown): boolean {
  return typeof query !== 'string' && query !== undefined && query !== null
}

/** A request in an object, of which only what a line shows is parsed at once. */
class JsonRequest implements GraphqlRequest {
  readonly #object: JsonObject
  readonly query: string | undefined
  readonly operations: readonly Operation[]

  constructor(object: JsonObject, query: string | undefined, operations: readonly Operation[]) {
    this.#object = object
    this.query = query
    this.operations = operations
  }

  /** Undefined where it can be none: neither a document nor the hash of one. */
  static of(object: JsonObject): JsonRequest | undefined {
    const query = object.value('query')
    if (isOtherQuery(query)) return undefined
    const document = nonEmpty(query)
    const operations = document === undefined ? [] : parseOperations(document)
    if (operations === undefined) return undefined
    const request = new JsonRequest(object, document, operations)
    return document === undefined && request.persistedHash === undefined ? undefined : request
  }

  get operationName(): string | undefined {
    return nonEmpty(this.#object.value('operationName'))
  }

  get variables(): unknown {
    return this.#object.value('variables') ?? undefined
  }

  get extensions(): unknown {
    return this.#object.value('extensions') ?? undefined
  }

  get persistedHash(): string | undefined {
    return hashOf(this.extensions)
  }

  get isWhole(): boolean {
    return this.#object.isWhole
  }

  get hasMore(): boolean {
    return this.#object.names.some((name) => !MEMBERS.has(name))
  }
}

/** Of what is not one JSON object. Undefined where it can be no request of GraphQL. */
function requestOf(query: unknown, operationName: unknown, variables: unknown, extensions: unknown, isWhole: boolean): GraphqlRequest | undefined {
  if (isOtherQuery(query)) return undefined
  const document = nonEmpty(query)
  const operations = document === undefined ? [] : parseOperations(document)
  const persistedHash = hashOf(extensions)
  if (operations === undefined || (document === undefined && persistedHash === undefined)) return undefined
  return {
    query: document, operationName: nonEmpty(operationName),
    variables: variables ?? undefined, extensions: extensions ?? undefined, persistedHash, operations, isWhole,
    hasMore: false,
  }
}

/** `{"persistedQuery":{"version":1,"sha256Hash":"…"}}` */
function hashOf(extensions: unknown): string | undefined {
  const persisted: unknown = (extensions as { persistedQuery?: unknown } | null | undefined)?.persistedQuery
  const hash: unknown = (persisted as { sha256Hash?: unknown } | null | undefined)?.sha256Hash
  return typeof hash === 'string' && hash !== '' ? hash : undefined
}

/** GraphQL over HTTP §5.3: the parameters of the query. */
function ofTarget(target: string): GraphqlRequests | undefined {
  const mark = target.indexOf('?')
  if (mark < 0) return undefined
  const parameters = new URLSearchParams(target.slice(mark + 1))
  const value = (name: string): unknown => parameters.get(name) ?? undefined
  const request = requestOf(value('query'), value('operationName'), jsonOf(parameters.get('variables')), jsonOf(parameters.get('extensions')), true)
  return request && { requests: [request], isBatch: false, isWhole: true, carrier: 'query' }
}

/** The members of the object; the text where it is none. */
function jsonOf(text: string | null): unknown {
  if (text === null) return undefined
  const parsed = parseJsonObjects(text)
  return parsed?.isWhole === true && !parsed.isArray ? membersOf(parsed.objects[0]!) : text
}

function membersOf(object: JsonObject): object {
  return Object.fromEntries(object.names.map((name) => [name, object.value(name)]))
}

function ofDocument(query: string, isWhole: boolean): GraphqlRequests | undefined {
  const request = requestOf(query, undefined, undefined, undefined, isWhole)
  return request && { requests: [request], isBatch: false, isWhole, carrier: 'document' }
}

/** The multipart request spec for uploads: the field `operations` is what would else be the body. */
function ofMultipart(body: Buffer, contentType: string): GraphqlRequests | undefined {
  const part = parseMultipart(body, contentType)?.parts.find(({ name }) => name === 'operations')
  if (part === undefined || isOtherJson(latin1(part.bytes, 0, part.bytes.length))) return undefined
  return parseJsonRequests(decodeText(part.bytes, 'application/json', !part.isWhole)?.text ?? '', part.isWhole, 'multipart')
}
