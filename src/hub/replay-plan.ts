import type { JsonRecord, ReplayRequest } from '../model/api.ts'
import { bodyBytes } from '../store/body-bytes.ts'
import { headerOf, pairs } from '../store/har.ts'
import { badRequest } from './problem.ts'
import { encodeFields } from './protobuf-fields.ts'

const REDACTED = '[redacted]'
const FRAME_HEADER_BYTES = 5
/** What belongs to the connection or is made anew. */
const DROPPED = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings', 'te', 'trailer', 'accept-encoding'])

export type ReplayProtocol = 'http1' | 'http2' | 'grpc'

/** A request that is ready to be sent. */
export interface ReplayPlan {
  readonly protocol: ReplayProtocol
  /** Where the captured one went, and nowhere else. */
  readonly ip: string
  readonly port: number
  readonly tlsName: string | undefined
  readonly method: string
  readonly path: string
  readonly headers: readonly { readonly name: string, readonly value: string }[]
  readonly body: Buffer
  readonly warnings: readonly string[]
}

/** Where a message could be replayed to; undefined where it cannot. */
export function replayTarget(record: JsonRecord): { target: string, protocol: ReplayProtocol } | undefined {
  const { protocol, request, server } = record
  if (typeof request?.method !== 'string' || typeof request.path !== 'string' || request.method === 'CONNECT' || server.ip === '' || server.port === 0) return undefined
  const kind: ReplayProtocol | undefined = protocol === 'grpc' ? isWebGrpc(request) ? undefined : 'grpc' : protocol === 'http2' ? 'http2' : protocol === 'http1' || protocol === 'graphql' ? 'stream' in request ? 'http2' : 'http1' : undefined
  return kind && { target: `${server.ip.includes(':') ? `[${server.ip}]` : server.ip}:${server.port}`, protocol: kind }
}

function isWebGrpc(request: Readonly<Record<string, unknown>>): boolean {
  return (request.grpc as { framing?: unknown } | undefined)?.framing !== 'grpc'
}

/** Encodes a message of gRPC out of its JSON; throws where it cannot. */
export type EncodeMessage = (typeName: string, json: unknown) => Buffer

/** Throws ApiProblem 400 for what cannot be sent. */
export function planReplay(record: JsonRecord, edits: ReplayRequest, encode: EncodeMessage): ReplayPlan {
  const found = replayTarget(record)
  if (found === undefined) throw badRequest('a message of this kind cannot be replayed', 'HTTP/1, HTTP/2 and gRPC can')
  const original = record.request!
  const method = edits.method ?? String(original.method)
  const path = edits.path ?? String(original.path)
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/.test(method)) throw badRequest('the method is not a token (RFC 9110 §9.1)')
  if (!/^(\/|\*)[\x21-\x7e]*$/.test(path)) throw badRequest('the path begins with / and has no spaces or control characters')
  const headers = (edits.headers ?? pairs(original.headers)).filter(({ name }) => !DROPPED.has(name.toLowerCase()) && !name.startsWith(':'))
  for (const { name, value } of headers) if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[^\t\x20-\x7e\x80-\xff]/.test(value)) throw badRequest(`the header ${JSON.stringify(name.slice(0, 60))} cannot be sent`)
  const kept = headers.filter(({ value }) => !value.includes(REDACTED))
  const hidden = headers.filter(({ value }) => value.includes(REDACTED)).map(({ name }) => name)
  const body = found.protocol === 'grpc' ? grpcBody(record, edits, encode) : bodyOf(record, edits)
  const { ip, port } = record.server
  return {
    protocol: found.protocol, ip, port, method, path, headers: kept, body: body.bytes,
    tlsName: record.decrypted === true || original.scheme === 'https' ? hostName(record, original) : undefined,
    warnings: [...warningsOf(record, method), ...hidden.map((name) => `${name} is redacted and is left out`), ...body.warnings],
  }
}

function hostName(record: JsonRecord, original: Readonly<Record<string, unknown>>): string {
  const host = typeof original.authority === 'string' ? original.authority : headerOf(pairs(original.headers), 'host') ?? record.server.ip
  return host.replace(/:\d+$/, '')
}

function warningsOf(record: JsonRecord, method: string): string[] {
  const { server, namespace, decrypted } = record
  return [
    ...(['GET', 'HEAD', 'OPTIONS'].includes(method) ? [] : [`${method} may change something at the server, once more`]),
    ...(decrypted === true ? ['the certificate of the server is not verified, and none is shown to it'] : []),
    ...(namespace !== undefined && /^127\.|^::1$/.test(server.ip) ? [`${server.ip} was captured within the namespace ${namespace}: from here it is this machine`] : []),
  ]
}

function bodyOf(record: JsonRecord, edits: ReplayRequest): { bytes: Buffer, warnings: string[] } {
  if (edits.body !== undefined) return { bytes: Buffer.from(edits.body, edits.bodyBase64 === true ? 'base64' : 'utf8'), warnings: [] }
  const kept = bodyBytes(record, 'request')
  const sent = Number(record.request!.bodyBytes ?? 0)
  if (kept === undefined) return { bytes: Buffer.alloc(0), warnings: sent > 0 ? ['the body was not kept and is left out'] : [] }
  const encoding = (record.request!.body as { encoding?: unknown }).encoding
  return { bytes: kept.bytes, warnings: [...(kept.truncated ? ['only the first part of the body was kept'] : []), ...(encoding === undefined ? [] : [`the body was sent with ${String(encoding)}: leave out content-encoding, or send it so`])] }
}

interface ShownMessage { readonly type?: unknown, readonly value?: unknown, readonly unknownFields?: unknown, readonly fields?: unknown, readonly base64?: unknown, readonly bytes?: unknown, readonly truncated?: unknown }

/** One message of gRPC in its frame (five bytes: not compressed, length). */
function grpcBody(record: JsonRecord, edits: ReplayRequest, encode: EncodeMessage): { bytes: Buffer, warnings: string[] } {
  const { messages = [] } = (record.request!.grpc ?? {}) as { messages?: readonly ShownMessage[] }
  if (messages.length > 1) throw badRequest('a call with several messages of the client cannot be replayed')
  const [kept] = messages
  const message = edits.body === undefined ? keptMessage(kept, encode) : editedMessage(kept, edits.body, edits.bodyBase64 === true, encode)
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, FRAME_HEADER_BYTES)
  const isPartial = edits.bodyBase64 !== true && Array.isArray(kept?.unknownFields)
  return { bytes: frame, warnings: isPartial ? ['fields that the type of the message does not have are left out'] : [] }
}

/** Text is JSON of the type that the captured message has. */
function editedMessage(kept: ShownMessage | undefined, body: string, isBase64: boolean, encode: EncodeMessage): Buffer {
  if (isBase64) return Buffer.from(body, 'base64')
  if (body.trim() === '') return Buffer.alloc(0)
  if (typeof kept?.type !== 'string') throw badRequest('the type of the message is not known, so that text cannot be encoded', 'name its types: --proto, or give its bytes: body in base64, bodyBase64: true')
  if (body.includes(REDACTED)) throw badRequest('a part of the message is redacted', 'put its value in')
  try {
    return encode(kept.type, JSON.parse(body))
  } catch (error) {
    if (error instanceof SyntaxError) throw badRequest(`the message is no JSON: ${error.message}`)
    throw error
  }
}

function keptMessage(kept: ShownMessage | undefined, encode: EncodeMessage): Buffer {
  if (kept === undefined || kept.bytes === 0) return Buffer.alloc(0)
  if (kept.truncated === true) throw badRequest('only the first part of the message was kept', 'keep more: --body-limit 1MiB')
  if (typeof kept.base64 === 'string') return Buffer.from(kept.base64, 'base64')
  if (JSON.stringify([kept.value, kept.fields]).includes(REDACTED)) throw badRequest('a part of the message is redacted', 'put its value in: body as JSON, or its bytes in base64')
  if (typeof kept.type === 'string' && kept.value !== undefined) return encode(kept.type, kept.value)
  const bytes = encodeFields(kept.fields)
  if (bytes === undefined) throw badRequest('the message cannot be encoded again from what was kept', 'give its bytes: body in base64, bodyBase64: true')
  return bytes
}
