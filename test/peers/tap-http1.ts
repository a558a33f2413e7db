import { NO_REDACTION } from '../../src/protocols/redaction.ts'
import { byFlow, endpoint, tapMessages } from './tap-messages.ts'
import type { Tapped } from './tap-messages.ts'
import { bodyView } from './tshark-http1.ts'
import type { Http1Stream, RequestView, ResponseView } from './tshark-http1.ts'

interface Header { name: string, value: string }
interface Interim { status: number, reason: string, headers: Header[] }
interface Content { text?: string, base64?: string, charset?: string, json?: unknown, form?: { name: string, value: string }[], parts?: Part[] }
interface Part extends Content { headers: Header[] }
interface Body extends Content { encoding?: string, undecoded?: string, truncated?: boolean }
interface Half { version: string, headers: Header[], bodyBytes: number, body?: Body, trailers?: Header[], complete: boolean }
interface Request extends Half { method: string, path: string, target?: string }
interface Response extends Half { status?: number, reason: string, interim?: Interim[] }

/** What the tap makes of the HTTP/1 in a capture, in the words of the comparison: whole halves only, as tshark shows no others. */
export async function tapHttp1(path: string): Promise<Http1Stream[]> {
  const { messages } = await tapMessages(path, { redaction: NO_REDACTION })
  const flows = byFlow(messages.filter(({ message }) => message.protocol === 'http1'))
  return [...flows.values()].map(streamOf).filter((s) => s.requests.length + s.responses.length > 0)
}

function streamOf(list: readonly Tapped[]): Http1Stream {
  const stream: Http1Stream = {
    client: endpoint(list[0]!.flow.client), server: endpoint(list[0]!.flow.server), requests: [], responses: [], pairs: [],
  }
  for (const { message } of list) {
    const request = message.request as Request | undefined
    const response = message.response as Response | undefined
    if (request?.complete) stream.requests.push(requestView(request))
    for (const interim of response?.interim ?? []) stream.responses.push(interimView(interim))
    if (!response?.complete) continue
    if (request?.complete) stream.pairs.push([stream.requests.length - 1, stream.responses.length])
    stream.responses.push(responseView(response))
  }
  return stream
}

function requestView(r: Request): RequestView {
  return { method: r.method, uri: r.target ?? r.path, ...halfView(r) }
}

function responseView(r: Response): ResponseView {
  return { status: r.status!, reason: r.reason, ...halfView(r) }
}

function interimView(r: Interim): ResponseView {
  return { status: r.status, reason: r.reason, version: 'HTTP/1.1', headers: pairs(r.headers) }
}

function halfView(half: Half): Omit<RequestView, 'method' | 'uri'> {
  const bytes = half.body === undefined ? new Uint8Array(0) : bytesOf(half.body, half.headers)
  const coded = half.headers.some((h) => h.name.toLowerCase() === 'content-encoding') && half.bodyBytes > 0
  return {
    version: `HTTP/${half.version}`,
    headers: pairs(half.headers),
    ...bytes.length > 0 && { body: bodyView(bytes) },
    ...coded && { packedBytes: half.bodyBytes },
    ...half.trailers !== undefined && { trailers: pairs(half.trailers) },
  }
}

/** What was shown by its structure, written down again as the peers of the fixtures write it. */
function bytesOf(body: Content, headers: readonly Header[]): Buffer {
  if (body.json !== undefined) return Buffer.from(JSON.stringify(body.json))
  if (body.form !== undefined) return Buffer.from(body.form.map(({ name, value }) => `${name}=${value}`).join('&'))
  if (body.parts !== undefined) return multipartOf(body.parts, headers)
  return textBytesOf(body)
}

function multipartOf(parts: readonly Part[], headers: readonly Header[]): Buffer {
  const boundary = /boundary=(\S+)/.exec(headers.find((h) => h.name.toLowerCase() === 'content-type')!.value)![1]!
  const pieces = parts.flatMap((part) => [`--${boundary}\r\n${part.headers.map((h) => `${h.name}: ${h.value}\r\n`).join('')}\r\n`, bytesOf(part, part.headers), '\r\n'])
  return Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)))
}

/** A text in another charset than UTF-8 cannot be turned back in general; latin1 can. */
function textBytesOf(body: Content): Buffer {
  if (body.base64 !== undefined) return Buffer.from(body.base64, 'base64')
  return Buffer.from(body.text ?? '', body.charset === 'iso-8859-1' || body.charset === 'windows-1252' ? 'latin1' : 'utf8')
}

function pairs(headers: readonly Header[]): [string, string][] {
  return headers.map(({ name, value }) => [name, value])
}
