import type { BodyView } from '../http/body-view.ts'
import { bodyView } from '../http/body-view.ts'
import type { Header } from '../http/headers.ts'
import { textOf } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { redactedHeaders } from '../http/redacted-headers.ts'
import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import type { Half } from './half.ts'
import { HeaderField, UNKNOWN_NAME } from './header-field.ts'
import { headersOf } from './heads.ts'

interface HalfView {
  headers: readonly Header[]
  bodyBytes: number
  lostBytes: number | undefined
  body: BodyView | undefined
  trailers: readonly Header[] | undefined
  durationMicros: number
  complete: boolean
}

interface Place { readonly stream: number, readonly part: number, readonly isOpen: boolean }

/** What JSON shows of a request; docs/protocols/http2.md has every field. */
export interface RequestView extends HalfView {
  stream: number
  part: number | undefined
  method: string
  path: string
  scheme: string | undefined
  authority: string | undefined
  /** Of an extended CONNECT (RFC 8441). */
  protocol: string | undefined
}

/** What JSON shows of a response. */
export interface ResponseView extends HalfView { stream: number, part: number | undefined, status: number | undefined, interim: InterimView[] | undefined }

export interface InterimView { status: number, headers: readonly Header[] }

function pseudo(half: Half, name: string): string | undefined {
  const value = half.fields.find((field) => field.name === name)?.value
  return value === undefined ? undefined : textOf(value)
}

/** CONNECT has no path: its target is the authority. */
function targetOf(request: Half): string {
  if (request.path !== '') return textOf(request.path)
  return request.method === 'CONNECT' ? pseudo(request, ':authority') ?? '' : request.hasHead ? UNKNOWN_NAME : ''
}

function methodOf(request: Half): string {
  return request.method === '' && request.hasHead ? UNKNOWN_NAME : textOf(request.method)
}

/** Method and path, redacted. */
export function summaryOf(request: Half | undefined, redactor: Redactor): string {
  if (request === undefined) return 'response without request'
  if (!request.hasHead) return 'request without headers'
  return `${redactor.text(methodOf(request))} ${redactor.target(redactor.authority(targetOf(request)))}`
}

/** `showsBody`: where no lens does. */
export function requestView(place: Place, request: Half, reading: Reading, showsBody: boolean): RequestView {
  const { redactor } = reading
  const authority = pseudo(request, ':authority')
  return {
    stream: place.stream,
    part: partOf(place),
    method: redactor.text(methodOf(request)),
    path: redactor.target(redactor.authority(targetOf(request))),
    scheme: pseudo(request, ':scheme'),
    authority: authority === undefined ? undefined : redactedAuthority(authority, redactor),
    protocol: pseudo(request, ':protocol'),
    ...halfView(place, request, reading, showsBody),
  }
}

/** RFC 9113 §8.3.1 forbids user information here, and some send it. */
function redactedAuthority(authority: string, redactor: Redactor): string {
  const at = authority.lastIndexOf('@')
  return redactor.text(at >= 0 && redactor.credentials ? `${REDACTED}${authority.slice(at)}` : authority)
}

export function responseView(place: Place, response: Half, reading: Reading, showsBody: boolean): ResponseView {
  return {
    stream: place.stream,
    part: partOf(place),
    status: response.status === 0 ? undefined : response.status,
    ...halfView(place, response, reading, showsBody),
    interim: response.interim?.map(({ status, fields }) => ({ status, headers: shownHeaders(fields, reading) })),
  }
}

function partOf({ part, isOpen }: Place): number | undefined {
  return part > 1 || isOpen ? part : undefined
}

/** A field whose name is not known may be any, so its value is hidden as soon as one is to be hidden. */
function shownHeaders(fields: readonly HeaderField[], { settings, redactor }: Reading): readonly Header[] {
  const isDoubtful = settings.redaction.headers.length > 0 && fields.some(({ isNameless }) => isNameless)
  return redactedHeaders(headersOf(isDoubtful ? fields.map(withoutSecret) : fields), redactor)
}

function withoutSecret(field: HeaderField): HeaderField {
  return field.isNameless && !field.isUnknown ? new HeaderField(field.name, REDACTED, 0, 0, true) : field
}

/** A further part shows what is new: the headers stand in the first. */
function halfView({ part }: Place, half: Half, reading: Reading, showsBody: boolean): HalfView {
  const { settings } = reading
  const { body, bodyBytes, lostBytes, trailers } = half
  return {
    headers: part > 1 ? [] : shownHeaders(half.fields, reading),
    bodyBytes,
    lostBytes: lostBytes > 0 ? lostBytes : undefined,
    body: showsBody && body !== undefined && settings.bodyLimitBytes > 0 ? bodyView(body, bodyBytes, headersOf(half.fields), settings) : undefined,
    trailers: trailers === undefined ? undefined : shownHeaders(trailers, reading),
    durationMicros: Math.max(0, half.endMicros - half.atMicros),
    complete: half.complete,
  }
}
