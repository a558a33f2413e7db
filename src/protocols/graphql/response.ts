import type { Outcome } from '../../model/message.ts'
import { decodeText } from '../http/body-text.ts'
import { headerValue } from '../http/headers.ts'
import type { HttpHalf } from '../http/lens.ts'
import type { JsonObject } from './json-objects.ts'
import { parseJsonObjects } from './json-objects.ts'
import { MAX_ERRORS } from './limits.ts'

export interface GraphqlError {
  message: string
  /** Where in the data: names and indices. */
  path: unknown
  /** Where in the document. */
  locations: unknown
  /** `extensions.code`, which servers agree on more or less. */
  code: string | undefined
  extensions: unknown
}

/** The answer to one request (§7.1). */
export interface GraphqlResponse {
  readonly errors: readonly GraphqlError[]
  /** Errors beyond MAX_ERRORS. */
  readonly moreErrors: number
  readonly data: unknown
  /** Something stands in `data`: what has errors too is a partial answer. */
  readonly hasData: boolean
  /** `data` is not there at all: the request was refused before it was executed. */
  readonly isRefused: boolean
  readonly extensions: unknown
  /** Beside the fields above there is more in it. */
  readonly hasMore: boolean
}

export interface GraphqlResponses { readonly responses: GraphqlResponse[], readonly isArray: boolean, readonly isWhole: boolean }

export function parseResponses(half: HttpHalf): GraphqlResponses | undefined {
  const contentType = headerValue(half.headers, 'content-type')
  if (!/json/i.test(contentType)) return undefined
  const parsed = parseJsonObjects(decodeText(half.body(), contentType, !half.bodyIsWhole)?.text ?? '')
  if (parsed === undefined) return undefined
  return { responses: parsed.objects.map(responseOf), isArray: parsed.isArray, isWhole: parsed.isWhole && half.bodyIsWhole }
}

const MEMBERS: ReadonlySet<string> = new Set(['data', 'errors', 'extensions'])

function responseOf({ members, cutMember, isWhole }: JsonObject): GraphqlResponse {
  const listed = members.get('errors')
  const errors: unknown[] = Array.isArray(listed) ? listed : []
  const data = members.get('data')
  return {
    errors: errors.slice(0, MAX_ERRORS).map(errorOf),
    moreErrors: Math.max(0, errors.length - MAX_ERRORS),
    data,
    hasData: (data !== undefined && data !== null) || cutMember === 'data',
    isRefused: isWhole && data === undefined,
    extensions: members.get('extensions'),
    hasMore: errors.length > MAX_ERRORS || [...members.keys()].some((name) => !MEMBERS.has(name)) || (listed !== undefined && listed !== errors),
  }
}

function errorOf(error: unknown): GraphqlError {
  const { message, path, locations, extensions } = (typeof error === 'object' && error !== null ? error : { message: error }) as Record<string, unknown>
  const code: unknown = (extensions as { code?: unknown } | null | undefined)?.code
  return {
    message: typeof message === 'string' ? message : JSON.stringify(message) ?? '', path, locations,
    code: typeof code === 'string' || typeof code === 'number' ? String(code) : undefined, extensions,
  }
}

/** Codes that say that the client must change something; others are the server's fault. */
const CLIENT_CODES: ReadonlySet<string> = new Set([
  'GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT', 'BAD_REQUEST', 'UNAUTHENTICATED', 'UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND',
  'CONFLICT', 'PERSISTED_QUERY_NOT_FOUND', 'PERSISTED_QUERY_NOT_SUPPORTED', 'OPERATION_RESOLUTION_FAILURE', 'TOO_MANY_REQUESTS', 'RATE_LIMITED',
])

/** How one answer without data failed; `status` is that of HTTP. */
export function outcomeOf(response: GraphqlResponse, status: number | undefined): Outcome {
  if (status !== undefined && status >= 400) return status >= 500 ? 'server-error' : 'client-error'
  const code = response.errors.find((error) => error.code !== undefined)?.code
  if (code !== undefined) return CLIENT_CODES.has(code.toUpperCase()) ? 'client-error' : 'server-error'
  return response.isRefused ? 'client-error' : 'server-error'
}
