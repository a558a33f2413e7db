import type { Buffer } from 'node:buffer'
import { latin1 } from '../http/bytes.ts'
import { codingsOf } from '../http/content-coding.ts'
import type { Header } from '../http/headers.ts'
import { parseHeaders } from '../http/headers.ts'
import type { HttpCall, HttpHalf, HttpHeads, Lens } from '../http/lens.ts'
import { lensFor } from '../http/lenses.ts'
import type { KeptBody } from '../http/lensed.ts'
import { decodeKept } from '../http/lensed.ts'
import type { Half } from './half.ts'
import { methodOf, targetOf } from './view.ts'

const QUESTION_MARK = 0x3f
const EQUALS_SIGN = 0x3d
const LOWER_S = 0x73
const LOWER_Y = 0x79

/** The lens that claims an exchange as far as it is here. Most are told to have none by two flags. */
export function lensOf(request: Half | undefined, response: Half | undefined): Lens | undefined {
  if (response?.hasLensType === true) {
    if (request === undefined) return lensFor(new Http1Heads(request, response))
    if (response.lens === null) response.lens = lensFor(new Http1Heads(request, response))
    return response.lens
  }
  if (request === undefined) return undefined
  if (request.lens === null) request.lens = request.hasLensType || hasQuery(request) ? lensFor(new Http1Heads(request, undefined)) : undefined
  return request.lens
}

/** GraphQL may stand in the query. */
export function hasQuery(request: Half): boolean {
  const { line } = request
  return line === undefined ? searchQuery(request) : line.hasQuery ??= searchQuery(request)
}

function searchQuery({ head, textAt, textEnd }: Half): boolean {
  let mark = textAt
  while (mark < textEnd && head.charCodeAt(mark) !== QUESTION_MARK) mark++
  if (mark === textEnd) return false
  // Nearly no target has what both names end with, and searching for them costs 100 ns.
  let equals = mark + 1
  while (equals < textEnd && !(head.charCodeAt(equals) === EQUALS_SIGN && isNameEnd(head.charCodeAt(equals - 1)))) equals++
  if (equals === textEnd) return false
  const target = head.slice(mark, textEnd)
  return target.includes('query=') || target.includes('extensions=')
}

function isNameEnd(code: number): boolean {
  return code === LOWER_Y || code === LOWER_S
}

/** What the lenses decide by, read out of the heads when they ask: most answers need one field. */
export class Http1Heads implements HttpHeads {
  readonly #request: Half | undefined
  readonly #response: Half | undefined
  #requestType: string | undefined
  #responseType: string | undefined

  constructor(request: Half | undefined, response: Half | undefined) {
    this.#request = request
    this.#response = response
  }

  get method(): string {
    return this.#request === undefined ? '' : methodOf(this.#request)
  }

  get target(): string {
    return this.#request === undefined ? '' : targetOf(this.#request)
  }

  get requestType(): string {
    return this.#requestType ??= this.#request === undefined ? '' : typeOf(this.#request)
  }

  get responseType(): string {
    return this.#responseType ??= this.#response === undefined ? '' : typeOf(this.#response)
  }
}

/** Content-Type in lower case, with its parameters. */
function typeOf(half: Half): string {
  const { block, head, typeAt, typeEnd } = half
  if (typeEnd === 0) return ''
  return block === undefined ? head.slice(typeAt, typeEnd).toLowerCase() : block.type ??= head.slice(typeAt, typeEnd).toLowerCase()
}

export function callOf(request: Half | undefined, response: Half | undefined): HttpCall {
  return {
    method: request === undefined ? '' : methodOf(request),
    target: request === undefined ? '' : targetOf(request),
    status: response === undefined || response.status === 0 ? undefined : response.status,
    request: request && new Http1LensHalf(request),
    response: response && new Http1LensHalf(response),
  }
}

const NONE: readonly Header[] = []

/** Headers are parsed only where the lens goes on to ask for them: most JSON is none of GraphQL's. */
class Http1LensHalf implements HttpHalf {
  readonly #half: Half
  #headers: readonly Header[] | undefined
  #body: KeptBody | undefined

  constructor(half: Half) {
    this.#half = half
  }

  get headers(): readonly Header[] {
    return this.#headers ??= parseHeaders(this.#half.head, this.#half.headersAt)
  }

  get trailers(): readonly Header[] {
    return this.#half.trailers === '' ? NONE : parseHeaders(this.#half.trailers, 0)
  }

  get bodyBytes(): number {
    return this.#half.bodyBytes
  }

  get contentType(): string {
    const { head, typeAt, typeEnd } = this.#half
    return typeEnd === 0 ? '' : head.slice(typeAt, typeEnd)
  }

  body(): Buffer {
    return this.#kept.bytes
  }

  bodyLatin1(): string {
    const piece = this.#half.hasCoding ? undefined : this.#half.body?.piece
    return piece ?? latin1(this.#kept.bytes, 0, this.#kept.bytes.length)
  }

  get bodyIsWhole(): boolean {
    const { body, bodyBytes, complete, hasCoding } = this.#half
    return hasCoding || body === undefined ? this.#kept.isWhole : complete && body.length >= bodyBytes
  }

  get #kept(): KeptBody {
    return this.#body ??= this.#decode()
  }

  #decode(): KeptBody {
    const { body, bodyBytes, complete } = this.#half
    return decodeKept(body, bodyBytes, complete, this.#half.hasCoding ? codingsOf(this.headers) : [])
  }
}
