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

/** Throws ApiProblem 400 for what cannot be sent. */
export function planReplay(record: JsonRecord, edits: ReplayRequest): ReplayPlan {
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
  const body = bodyOf(record, edits, found.protocol)
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

function bodyOf(record: JsonRecord, edits: ReplayRequest, protocol: ReplayProtocol): { bytes: Buffer, warnings: string[] } {
  if (protocol === 'grpc') return grpcBody(record, edits)
  if (edits.body !== undefined) return { bytes: Buffer.from(edits.body, edits.bodyBase64 === true ? 'base64' : 'utf8'), warnings: [] }
  const kept = bodyBytes(record, 'request')
  const sent = Number(record.request!.bodyBytes ?? 0)
  if (kept === undefined) return { bytes: Buffer.alloc(0), warnings: sent > 0 ? ['the body was not kept and is left out'] : [] }
  const encoding = (record.request!.body as { encoding?: unknown }).encoding
  return { bytes: kept.bytes, warnings: [...(kept.truncated ? ['only the first part of the body was kept'] : []), ...(encoding === undefined ? [] : [`the body was sent with ${String(encoding)}: leave out content-encoding, or send it so`])] }
}

/** One message of gRPC in its frame (five bytes: not compressed, length). */
function grpcBody(record: JsonRecord, edits: ReplayRequest): { bytes: Buffer, warnings: string[] } {
  const { messages = [] } = record.request!.grpc as { messages?: readonly { fields?: unknown, base64?: unknown, bytes?: unknown }[] }
  if (messages.length > 1) throw badRequest('a call with several messages of the client cannot be replayed')
  const message = edits.body === undefined ? messageBytes(messages[0]) : Buffer.from(edits.body, edits.bodyBase64 === true ? 'base64' : 'utf8')
  if (message === undefined) throw badRequest('the message cannot be encoded again from what was kept', 'give its bytes: body in base64, bodyBase64: true')
  const frame = Buffer.alloc(FRAME_HEADER_BYTES + message.length)
  frame.writeUInt32BE(message.length, 1)
  message.copy(frame, FRAME_HEADER_BYTES)
  return { bytes: frame, warnings: [] }
}

function messageBytes(message: { fields?: unknown, base64?: unknown, bytes?: unknown } | undefined): Buffer | undefined {
  if (message === undefined || message.bytes === 0) return Buffer.alloc(0)
  return typeof message.base64 === 'string' ? Buffer.from(message.base64, 'base64') : encodeFields(message.fields)
}
