import type { BodyView } from '../http/body-view.ts'
import { bodyView } from '../http/body-view.ts'
import type { Half } from './half.ts'
import type { Header } from '../http/headers.ts'
import { isAsciiIn, parseHeaders, textOf } from '../http/headers.ts'

const SLASH = 0x2f

interface HalfView {
  version: string
  headers: Header[]
  bodyBytes: number
  lostBytes: number | undefined
  body: BodyView | undefined
  trailers: Header[] | undefined
  durationMicros: number
  complete: boolean
}

/** What JSON shows of a request; docs/protocols/http1.md has every field. */
export interface RequestView extends HalfView { method: string, path: string, target: string | undefined }

/** What JSON shows of a response. */
export interface ResponseView extends HalfView { status: number | undefined, reason: string, interim: InterimView[] | undefined }

export interface InterimView { status: number, reason: string, headers: Header[] }

export function methodOf(request: Half): string {
  return request.head.slice(0, request.wordEnd)
}

export function targetOf(request: Half): string {
  return textOf(request.head.slice(request.textAt, request.textEnd))
}

/** Path and query of a target; of the other forms the target itself (RFC 9112 §3.2). */
export function pathOf(target: string): string {
  if (target.startsWith('/')) return target
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/is.exec(target)
  if (absolute === null) return target
  return absolute[1]!.startsWith('/') ? absolute[1]! : `/${absolute[1]!}`
}

/** Method and path. */
export function summaryOf(request: Half): string {
  const { head, wordEnd, textAt, textEnd } = request
  // The usual request line has both in one piece; taking them apart and joining them again costs 300 ns.
  if (textAt === wordEnd + 1 && head.charCodeAt(textAt) === SLASH && isAsciiIn(head, textAt, textEnd)) return head.slice(0, textEnd)
  return `${methodOf(request)} ${pathOf(targetOf(request))}`
}

// Absent keys are undefined ones here: JSON leaves them out, and objects of one shape are cheaper to make.

export function requestView(request: Half): RequestView {
  const target = targetOf(request)
  const path = pathOf(target)
  return {
    method: methodOf(request),
    path,
    target: target === path ? undefined : target,
    ...halfView(request),
  }
}

export function responseView(response: Half): ResponseView {
  return {
    status: response.status === 0 ? undefined : response.status,
    reason: reasonOf(response),
    ...halfView(response),
    interim: response.interim?.map(interimView),
  }
}

function reasonOf(response: Half): string {
  return textOf(response.head.slice(response.textAt, response.textEnd))
}

function interimView(interim: Half): InterimView {
  return { status: interim.status, reason: reasonOf(interim), headers: parseHeaders(interim.head, interim.headersAt) }
}

function halfView(half: Half): HalfView {
  const headers = parseHeaders(half.head, half.headersAt)
  const trailers = half.trailers === '' ? [] : parseHeaders(half.trailers, 0)
  return {
    version: half.minor === 1 ? '1.1' : `1.${half.minor}`,
    headers,
    bodyBytes: half.bodyBytes,
    lostBytes: half.lostBytes > 0 ? half.lostBytes : undefined,
    body: half.body === undefined ? undefined : bodyView(half.body, half.bodyBytes, headers),
    trailers: trailers.length > 0 ? trailers : undefined,
    durationMicros: Math.max(0, half.endMicros - half.atMicros),
    complete: half.complete,
  }
}
