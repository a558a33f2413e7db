import type { JsonRecord } from '../model/api.ts'
import { bodyString } from './body-bytes.ts'

/** HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/), as far as it is written here. */
export interface HarEntry {
  readonly startedDateTime: string
  /** Milliseconds. */
  readonly time: number
  readonly request: HarRequest
  readonly response: HarResponse
  readonly cache: Record<string, never>
  readonly timings: { readonly send: number, readonly wait: number, readonly receive: number }
  readonly serverIPAddress: string
  readonly connection: string
  readonly comment?: string
}

interface HarPair { readonly name: string, readonly value: string }

interface HarMessage {
  readonly httpVersion: string
  readonly cookies: readonly HarPair[]
  readonly headers: readonly HarPair[]
  readonly headersSize: -1
  readonly bodySize: number
}

export interface HarRequest extends HarMessage {
  readonly method: string
  readonly url: string
  readonly queryString: readonly HarPair[]
  readonly postData?: { readonly mimeType: string, readonly text: string, readonly params: readonly HarPair[] }
}

export interface HarResponse extends HarMessage {
  readonly status: number
  readonly statusText: string
  readonly content: { readonly size: number, readonly mimeType: string, readonly text?: string, readonly encoding?: 'base64' }
  readonly redirectURL: string
}

type Half = Readonly<Record<string, unknown>>

/** What stands before and behind the entries; between them commas. */
export function harFrame(version: string): { readonly head: string, readonly tail: string } {
  return { head: `{"log":{"version":"1.2","creator":${JSON.stringify({ name: 'mtlscope', version })},"entries":[`, tail: ']}}\n' }
}

/** The entry of an exchange of HTTP; undefined for any other record. What is redacted in the record is redacted here. */
export function harEntry(record: JsonRecord): HarEntry | undefined {
  const request = record.request
  if (request === undefined || typeof request.method !== 'string' || typeof request.path !== 'string' || !Array.isArray(request.headers)) return undefined
  const response = record.response ?? {}
  const wait = millis(record.elapsedMicros)
  const [send, receive] = [millis(request.durationMicros), millis(response.durationMicros)]
  return {
    startedDateTime: record.at, time: send + wait + receive,
    request: harRequest(record, request), response: harResponse(record, response),
    cache: {}, timings: { send, wait, receive }, serverIPAddress: record.server.ip, connection: record.flow,
    ...(record.notes !== undefined && record.notes.length > 0 && { comment: record.notes.join('; ') }),
  }
}

function harRequest(record: JsonRecord, request: Half): HarRequest {
  const headers = pairs(request.headers)
  const url = urlOf(record, request)
  const body = request.body as Half | undefined
  const text = body && (bodyString(body) ?? (typeof body.base64 === 'string' ? body.base64 : undefined))
  return {
    method: String(request.method), url, httpVersion: versionOf(record, request), cookies: cookiesOf(headers, 'cookie'), headers,
    queryString: [...new URL(url).searchParams].map(([name, value]) => ({ name, value })), headersSize: -1, bodySize: sizeOf(request),
    ...(text !== undefined && { postData: { mimeType: headerOf(headers, 'content-type') ?? '', text, params: Array.isArray(body!.form) ? pairs(body!.form) : [] } }),
  }
}

function harResponse(record: JsonRecord, response: Half): HarResponse {
  const headers = pairs(response.headers)
  const body = response.body as Half | undefined
  const text = body && bodyString(body)
  const base64 = text === undefined && typeof body?.base64 === 'string' ? body.base64 : undefined
  const size = text !== undefined ? Buffer.byteLength(text) : base64 !== undefined ? Buffer.byteLength(base64, 'base64') : Math.max(0, sizeOf(response))
  return {
    // 0 stands for an answer that did not come.
    status: typeof response.status === 'number' ? response.status : typeof record.status === 'number' ? record.status : 0,
    statusText: typeof response.reason === 'string' ? response.reason : '', httpVersion: versionOf(record, response), cookies: cookiesOf(headers, 'set-cookie'), headers,
    content: { size, mimeType: headerOf(headers, 'content-type') ?? 'x-unknown', ...(text !== undefined ? { text } : base64 !== undefined && { text: base64, encoding: 'base64' as const }) },
    redirectURL: headerOf(headers, 'location') ?? '', headersSize: -1, bodySize: sizeOf(response),
  }
}

/** The address as a client would write it; what cannot be one becomes the server's address with what fits. */
export function urlOf(record: Pick<JsonRecord, 'server' | 'decrypted'>, request: Half): string {
  const scheme = typeof request.scheme === 'string' ? request.scheme : record.decrypted === true ? 'https' : 'http'
  const { ip, port } = record.server
  const address = `${ip.includes(':') ? `[${ip}]` : ip}:${port}`
  const host = typeof request.authority === 'string' ? request.authority : headerOf(pairs(request.headers), 'host') ?? address
  const path = String(request.path).startsWith('/') ? String(request.path) : '/'
  for (const candidate of [`${scheme}://${host}${path}`, `http://${address}${path}`]) if (URL.canParse(candidate)) return new URL(candidate).href
  return `http://${address}/`
}

function versionOf(record: JsonRecord, half: Half): string {
  return typeof half.version === 'string' ? `HTTP/${half.version}` : record.protocol === 'http1' ? 'HTTP/1.1' : 'HTTP/2'
}

export function pairs(value: unknown): HarPair[] {
  return Array.isArray(value) ? value.map((pair: { name?: unknown, value?: unknown }) => ({ name: String(pair?.name ?? ''), value: String(pair?.value ?? '') })) : []
}

export function headerOf(headers: readonly HarPair[], name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value
}

function cookiesOf(headers: readonly HarPair[], name: 'cookie' | 'set-cookie'): HarPair[] {
  return headers.filter((header) => header.name.toLowerCase() === name)
    .flatMap(({ value }) => name === 'cookie' ? value.split(';') : [value.split(';')[0]!])
    .map((part) => ({ name: part.slice(0, Math.max(0, part.indexOf('='))).trim(), value: part.slice(part.indexOf('=') + 1).trim() }))
    .filter((cookie) => cookie.name !== '')
}

function sizeOf(half: Half): number {
  return typeof half.bodyBytes === 'number' ? half.bodyBytes : -1
}

function millis(micros: unknown): number {
  return typeof micros === 'number' ? micros / 1000 : 0
}
