import type { BodyView } from '../http/body-view.ts'
import { bodyView } from '../http/body-view.ts'
import type { Half } from './half.ts'
import type { Header } from '../http/headers.ts'
import { isAsciiIn, parseHeaders, textOf } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { redactedHeaders } from '../http/redacted-headers.ts'
import type { Redactor } from '../redaction.ts'

const SLASH = 0x2f

interface HalfView {
  headers: readonly Header[]
  bodyBytes: number
  lostBytes: number | undefined
  body: BodyView | undefined
  trailers: readonly Header[] | undefined
  durationMicros: number
  complete: boolean
}

/** What JSON shows of a request; docs/protocols/http1.md has every field. */
export interface RequestView extends HalfView, RequestLineView {}

export interface RequestLineView { method: string, path: string, target: string | undefined, version: string }

/** What JSON shows of a response. */
export interface ResponseView extends HalfView, StatusLineView { interim: InterimView[] | undefined }

export interface StatusLineView { status: number | undefined, reason: string, version: string }

export interface InterimView { status: number, reason: string, headers: readonly Header[] }

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

/** Method and path, redacted. */
export function summaryOf(request: Half, redactor: Redactor): string {
  if (redactor.changesTargets) return `${redactor.text(methodOf(request))} ${redactor.target(redactor.authority(pathOf(targetOf(request))))}`

  const { line } = request
  return line === undefined ? ordinarySummary(request, redactor) : line.what ??= ordinarySummary(request, redactor)
}

function ordinarySummary(request: Half, redactor: Redactor): string {
  const { head, wordEnd, textAt, textEnd } = request
  // The usual request line has both in one piece; taking them apart and joining them again costs 300 ns.
  if (textAt === wordEnd + 1 && head.charCodeAt(textAt) === SLASH && isAsciiIn(head, textAt, textEnd)) return redactor.urls(head.slice(0, textEnd))
  return `${methodOf(request)} ${redactor.urls(redactor.authority(pathOf(targetOf(request))))}`
}

// Absent keys are undefined ones here: JSON leaves them out, and objects of one shape are cheaper to make.

/** `showsBody`: where no lens does. */
export function requestView(request: Half, reading: Reading, showsBody: boolean): RequestView {
  return { ...requestLineView(request, reading.redactor), ...halfView(request, reading, showsBody) }
}

export function requestLineView(request: Half, redactor: Redactor): RequestLineView {
  const captured = targetOf(request)
  const target = redactor.target(redactor.authority(captured))
  const path = redactor.target(redactor.authority(pathOf(captured)))
  return { method: redactor.text(methodOf(request)), path, target: target === path ? undefined : target, version: versionOf(request) }
}

function versionOf(half: Half): string {
  return half.minor === 1 ? '1.1' : `1.${half.minor}`
}

export function responseView(response: Half, reading: Reading, showsBody: boolean): ResponseView {
  const { redactor } = reading
  return {
    ...statusLineView(response, redactor),
    ...halfView(response, reading, showsBody),
    interim: response.interim?.map((interim) => interimView(interim, redactor)),
  }
}

export function statusLineView(response: Half, redactor: Redactor): StatusLineView {
  return { status: response.status === 0 ? undefined : response.status, reason: reasonOf(response, redactor), version: versionOf(response) }
}

function reasonOf(response: Half, redactor: Redactor): string {
  return redactor.text(textOf(response.head.slice(response.textAt, response.textEnd)))
}

function interimView(interim: Half, redactor: Redactor): InterimView {
  return { status: interim.status, reason: reasonOf(interim, redactor), headers: redactedHeaders(parseHeaders(interim.head, interim.headersAt), redactor, interim.bits !== 0) }
}

function halfView(half: Half, reading: Reading, showsBody: boolean): HalfView {
  const { settings, redactor } = reading
  const headers = parseHeaders(half.head, half.headersAt)
  const trailers = half.trailers === '' ? [] : parseHeaders(half.trailers, 0)
  return {
    headers: redactedHeaders(headers, redactor, half.bits !== 0),
    bodyBytes: half.bodyBytes,
    lostBytes: half.lostBytes > 0 ? half.lostBytes : undefined,
    body: showsBody && half.body !== undefined && settings.bodyLimitBytes > 0 ? bodyView(half.body, half.bodyBytes, headers, settings) : undefined,
    trailers: trailers.length > 0 ? redactedHeaders(trailers, redactor, true) : undefined,
    durationMicros: Math.max(0, half.endMicros - half.atMicros),
    complete: half.complete,
  }
}
