import { Buffer } from 'node:buffer'
import { decodeText } from '../http/body-text.ts'
import { headerValue } from '../http/headers.ts'
import type { HttpCall } from '../http/lens.ts'
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
  if (isOtherJson(request.body())) return undefined
  const contentType = headerValue(request.headers, 'content-type')
  const type = essenceOf(contentType)
  if (JSON_TYPES.has(type)) return ofJson(request.body(), contentType, request.bodyIsWhole, 'json')
  if (type === 'application/graphql') return ofDocument(textOf(request.body(), contentType, request.bodyIsWhole), request.bodyIsWhole)
  return type === 'multipart/form-data' ? ofMultipart(request.body(), contentType) : undefined
}

/** One of these is in every request: a document, or the hash of one. */
const NAMES = ['"query"', '"extensions"'].map((name) => Buffer.from(name))
const BRACE = 0x7b
const BRACKET = 0x5b
const QUOTE = 0x22

/** Most JSON is none of GraphQL's, and this tells without looking at headers or taking it apart. A document has no quote there. */
function isOtherJson(body: Buffer): boolean {
  let at = 0
  while (body[at]! <= 0x20) at++
  if (body[at] !== BRACE && body[at] !== BRACKET) return false
  do at++; while (body[at]! <= 0x20)
  return (body[at] === QUOTE || body[at] === BRACE) && !NAMES.some((name) => body.includes(name))
}

function ofJson(body: Buffer, contentType: string, isWhole: boolean, carrier: 'json' | 'multipart'): GraphqlRequests | undefined {
  if (isOtherJson(body)) return undefined
  const parsed = parseJsonObjects(textOf(body, contentType, isWhole))
  if (parsed === undefined) return undefined
  const requests: GraphqlRequest[] = []
  for (const object of parsed.objects) {
    const request = ofObject(object)
    if (request === undefined) return undefined
    requests.push(request)
  }
  return { requests, isBatch: parsed.isArray, isWhole: parsed.isWhole && isWhole, carrier }
}

function textOf(body: Buffer, contentType: string, isWhole: boolean): string {
  return decodeText(body, contentType, !isWhole)?.text ?? ''
}

const MEMBERS: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions'])

function ofObject({ members, isWhole }: JsonObject): GraphqlRequest | undefined {
  const request = requestOf(members.get('query'), members.get('operationName'), members.get('variables'), members.get('extensions'), isWhole)
  return request && { ...request, hasMore: [...members.keys()].some((name) => !MEMBERS.has(name)) }
}

/** Undefined where it can be no request of GraphQL: neither a document nor the hash of one. */
function requestOf(query: unknown, operationName: unknown, variables: unknown, extensions: unknown, isWhole: boolean): GraphqlRequest | undefined {
  const document = typeof query === 'string' && query !== '' ? query : undefined
  if (document === undefined && query !== undefined && query !== null && query !== '') return undefined
  const operations = document === undefined ? [] : parseOperations(document)
  const persistedHash = hashOf(extensions)
  if (operations === undefined || (document === undefined && persistedHash === undefined)) return undefined
  return {
    query: document, operationName: typeof operationName === 'string' && operationName !== '' ? operationName : undefined,
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
  return parsed?.isWhole === true && !parsed.isArray ? Object.fromEntries(parsed.objects[0]!.members) : text
}

function ofDocument(query: string, isWhole: boolean): GraphqlRequests | undefined {
  const request = requestOf(query, undefined, undefined, undefined, isWhole)
  return request && { requests: [request], isBatch: false, isWhole, carrier: 'document' }
}

/** The multipart request spec for uploads: the field `operations` is what would else be the body. */
function ofMultipart(body: Buffer, contentType: string): GraphqlRequests | undefined {
  const part = parseMultipart(body, contentType)?.parts.find(({ name }) => name === 'operations')
  return part && ofJson(part.bytes, 'application/json', part.isWhole, 'multipart')
}
