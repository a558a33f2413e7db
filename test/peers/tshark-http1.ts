import { createHash } from 'node:crypto'
import { all, bytesOf, first, packetsOf } from './pdml.ts'
import type { Field } from './pdml.ts'

/** Bytes of a body and their SHA-256, so that a golden stays small. */
export interface BodyView { readonly bytes: number, readonly sha256: string }

interface HalfView {
  readonly version: string
  /** Names and values as sent, in order. */
  readonly headers: readonly (readonly [string, string])[]
  /** After chunks and content codings are taken off. */
  readonly body?: BodyView
  /** Bytes sent of a body with a content coding. */
  readonly packedBytes?: number
  readonly trailers?: readonly (readonly [string, string])[]
}

export interface RequestView extends HalfView { readonly method: string, readonly uri: string }
export interface ResponseView extends HalfView { readonly status: number, readonly reason: string }

/** One TCP connection: who sent requests to whom, and all that was said. */
export interface Http1Stream {
  readonly client: string
  readonly server: string
  readonly requests: RequestView[]
  readonly responses: ResponseView[]
  /** Pairs that the reader made, as positions: request, then its final response. */
  readonly pairs: (readonly [number, number])[]
}

export function bodyView(bytes: Uint8Array): BodyView {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** What tshark makes of the HTTP/1 in a capture, a connection at a time. */
export function tsharkHttp1(path: string, options: readonly string[] = []): Http1Stream[] {
  const streams = new Map<string, StreamReading>()
  for (const packet of packetsOf(path, 'http', options)) {
    const ends = endsOf(packet)
    let reading = streams.get(ends.stream)
    if (reading === undefined) streams.set(ends.stream, reading = new StreamReading())
    for (const http of packet.fields.filter((f) => f.name === 'http')) reading.take(http, ends)
  }
  return [...streams.values()].map((s) => s.view).filter((s) => s.requests.length + s.responses.length > 0)
}

interface Ends { stream: string, frame: string, sender: string, receiver: string }

/** The innermost addresses, as a tunnel has several. */
export function endsOf(packet: Field): Ends {
  const last = (name: string): string => all(packet, name).at(-1)?.show ?? ''
  const [from, to] = packet.fields.findLast((f) => f.name === 'ip' || f.name === 'ipv6')?.name === 'ipv6'
    ? [last('ipv6.src'), last('ipv6.dst')] : [last('ip.src'), last('ip.dst')]
  return { stream: last('tcp.stream'), frame: last('num'), sender: `${from} ${last('tcp.srcport')}`, receiver: `${to} ${last('tcp.dstport')}` }
}

class StreamReading {
  readonly #requests: RequestView[] = []
  readonly #responses: ResponseView[] = []
  readonly #pairs: (readonly [number, number])[] = []
  /** Frame → the one request that ended in it; -1 where several did. */
  readonly #requestsByFrame = new Map<string, number>()
  #client = ''
  #server = ''

  get view(): Http1Stream {
    return { client: this.#client, server: this.#server, requests: this.#requests, responses: this.#responses, pairs: this.#pairs }
  }

  take(http: Field, ends: Ends): void {
    const method = first(http, 'http.request.method')
    const code = first(http, 'http.response.code')
    if (method !== undefined && first(http, 'http.request.version') !== undefined) this.#request(http, method.show, ends)
    else if (code !== undefined) this.#response(http, Number(code.show), ends)
  }

  #request(http: Field, method: string, ends: Ends): void {
    [this.#client, this.#server] = [ends.sender, ends.receiver]
    this.#requestsByFrame.set(ends.frame, this.#requestsByFrame.has(ends.frame) ? -1 : this.#requests.length)
    this.#requests.push({ method, uri: textOf(first(http, 'http.request.uri')), ...halfOf(http, 'request') })
  }

  #response(http: Field, status: number, ends: Ends): void {
    if (this.#client === '') [this.#client, this.#server] = [ends.receiver, ends.sender]
    const request = this.#requestsByFrame.get(first(http, 'http.request_in')?.show ?? '') ?? -1
    if (request >= 0 && (status >= 200 || status === 101)) this.#pairs.push([request, this.#responses.length])
    this.#responses.push({ status, reason: textOf(first(http, 'http.response.phrase')), ...halfOf(http, 'response') })
  }
}

function halfOf(http: Field, kind: 'request' | 'response'): HalfView {
  const file = first(http, 'http.file_data')
  const body = bytesOf(file)
  const trailers = all(http, 'http.chunked_trailer_part').flatMap((f) => headersIn(bytesOf(f)))
  const packed = allFields(http).map((f) => /^Content-encoded entity body \([^)]*\): (\d+) bytes/.exec(f.label || f.show)?.[1]).find(Boolean)
  return {
    version: first(http, `http.${kind}.version`)?.show ?? '',
    headers: all(http, `http.${kind}.line`).flatMap((f) => headersIn(bytesOf(f))),
    ...body.length > 0 && { body: bodyView(body) },
    ...packed !== undefined && { packedBytes: Number(packed) },
    ...trailers.length > 0 && { trailers },
  }
}

function allFields(field: Field): Field[] {
  return field.fields.flatMap((f) => [f, ...allFields(f)])
}

function textOf(field: Field | undefined): string {
  return bytesOf(field).toString('latin1')
}

function headersIn(bytes: Buffer): [string, string][] {
  return bytes.toString('latin1').split(/\r?\n/).filter(Boolean).map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
}
