import type { Outcome } from '../../model/message.ts'
import type { HttpHalf } from '../http/lens.ts'
import type { JsonObject } from './json-objects.ts'
import { parseJsonObjects } from './json-objects.ts'
import { MAX_ERRORS } from './limits.ts'
import { textOf } from './request.ts'

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

export interface GraphqlResponses { readonly responses: GraphqlResponse[], readonly isArray: boolean, readonly isWhole: boolean }

/** Cheaper than to take it apart: most answers have none. What may be in another charset is taken apart. */
export function mayHaveErrors(half: HttpHalf): boolean {
  const body = half.bodyLatin1()
  return !/^[{[][\x09-\x7e]/.test(body) || body.includes('"errors"')
}

export function parseResponses(half: HttpHalf): GraphqlResponses | undefined {
  if (!/json/i.test(half.contentType)) return undefined
  return parseJsonResponses(textOf(half), half.bodyIsWhole)
}

/** A JSON text, of which the end may be missing. Undefined where it is neither an object nor an array of them. */
export function parseJsonResponses(text: string, isWhole: boolean): GraphqlResponses | undefined {
  const parsed = parseJsonObjects(text)
  if (parsed === undefined) return undefined
  return { responses: parsed.objects.map((object) => new GraphqlResponse(object)), isArray: parsed.isArray, isWhole: parsed.isWhole && isWhole }
}

const MEMBERS: ReadonlySet<string> = new Set(['data', 'errors', 'extensions'])
const NO_ERRORS: readonly GraphqlError[] = []

/** The answer to one request (§7.1). What it holds is parsed when it is asked for. */
export class GraphqlResponse {
  readonly #object: JsonObject
  #errors: readonly GraphqlError[] | undefined
  #listed: unknown

  constructor(object: JsonObject) {
    this.#object = object
  }

  /** At most MAX_ERRORS. */
  get errors(): readonly GraphqlError[] {
    if (this.#errors !== undefined) return this.#errors
    const listed = this.#listed = this.#object.value('errors')
    return this.#errors = Array.isArray(listed) ? listed.slice(0, MAX_ERRORS).map(errorOf) : NO_ERRORS
  }

  /** Errors beyond MAX_ERRORS. */
  get moreErrors(): number {
    const { errors } = this
    return Array.isArray(this.#listed) ? this.#listed.length - errors.length : 0
  }

  /** Errors, and no data. */
  get hasFailed(): boolean {
    return !this.hasData && this.errors.length > 0
  }

  get data(): unknown {
    return this.#object.value('data')
  }

  /** Something stands in `data`: what has errors too is a partial answer. */
  get hasData(): boolean {
    return this.#object.isThere('data') || this.#object.cutMember === 'data'
  }

  /** `data` is not there at all: the request was refused before it was executed. */
  get isRefused(): boolean {
    return this.#object.isWhole && !this.#object.has('data')
  }

  get extensions(): unknown {
    return this.#object.value('extensions')
  }

  /** Beside the fields above there is more in it. */
  get hasMore(): boolean {
    const hasOddErrors = this.errors === NO_ERRORS && this.#listed !== undefined
    return this.moreErrors > 0 || hasOddErrors || this.#object.names.some((name) => !MEMBERS.has(name))
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
