import type { DiffLine, JsonRecord, ReplayAnswer } from '../model/api.ts'
import type { HttpHalf } from '../protocols/http/lens.ts'
import type { Settings } from '../protocols/protocol.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import type { Redactor } from '../protocols/redaction.ts'
import { redactorOf } from '../protocols/redaction.ts'
import { bodyString } from '../store/body-bytes.ts'
import { headerOf, pairs } from '../store/har.ts'
import type { HubOptions } from './hub.ts'
import { diffLines } from './line-diff.ts'
import type { ReplayPlan } from './replay-plan.ts'
import type { ReplayedAnswer } from './replay-send.ts'
import { MAX_ANSWER_BYTES } from './replay-send.ts'

type Pairs = readonly { readonly name: string, readonly value: string }[]
type Shown = Readonly<Record<string, unknown>>

/**
 * Headers of which no two answers have the same: the time (RFC 9110 §6.6.1, RFC 9111 §5.1), what is of the connection (RFC 9110 §7.6.1; a replay has one of its own),
 * names of the one request, and how long it took. A change of nothing else makes no other answer.
 */
const EXPECTED = new Set([
  'date', 'age', 'connection', 'keep-alive', 'proxy-connection', 'transfer-encoding',
  'request-id', 'x-request-id', 'correlation-id', 'x-correlation-id', 'traceparent', 'tracestate', 'b3', 'x-b3-traceid', 'x-b3-spanid', 'x-amzn-trace-id', 'x-amzn-requestid', 'x-cloud-trace-context', 'cf-ray',
  'server-timing', 'x-envoy-upstream-service-time', 'x-response-time', 'x-runtime',
])

/** The answer to a replay as it is shown, and beside the captured one. */
export async function replayAnswer(record: JsonRecord, { protocol, path }: ReplayPlan, answer: ReplayedAnswer, { redaction, schemas }: Pick<HubOptions, 'redaction' | 'schemas'>): Promise<ReplayAnswer> {
  const redactor = redactorOf(redaction)
  const headers = redacted(answer.headers, redactor)
  const trailers = redacted(answer.trailers, redactor)
  const grpc = protocol === 'grpc' ? await grpcOf(path, answer, { ...DEFAULT_SETTINGS, bodyLimitBytes: MAX_ANSWER_BYTES, redaction, ...(schemas && { schemas }) }) : undefined
  const body = grpc === undefined ? shownBody(answer.body, headers, redactor) : undefined
  const grpcStatus = headerOf([...trailers, ...headers], 'grpc-status')
  const before = (record.response ?? {}) as Shown
  const diff = [
    ...diffLines([String(before.status ?? record.status ?? 'no answer')], [String(answer.status)]), ...diffHeaders(pairs(before.headers), headers),
    ...diffLines(['', ...contentLines(before)], ['', ...contentLines({ body, grpc })]), ...diffHeaders(pairs(before.trailers), trailers),
  ]
  return {
    status: grpcStatus === undefined ? answer.status : `grpc-status ${grpcStatus}`, elapsedMicros: answer.elapsedMicros, headers, ...(trailers.length > 0 && { trailers }),
    ...(body && { body }), ...(grpc && { grpc }), bodyBytes: answer.bodyBytes, diff,
  }
}

function redacted(list: Pairs, redactor: Redactor): { name: string, value: string }[] {
  return list.map(({ name, value }) => ({ name, value: redactor.header(name.toLowerCase(), value) }))
}

/** As a record has it under `grpc`, read by the same code and types; undefined where the body is none of gRPC. What reads it is loaded where a call is replayed, and nowhere else. */
async function grpcOf(path: string, answer: ReplayedAnswer, settings: Settings): Promise<Shown | undefined> {
  const { GrpcCall } = await import('../protocols/grpc/call.ts')
  const { headers, trailers, body, bodyBytes } = answer
  const response: HttpHalf = {
    headers: headers as HttpHalf['headers'], trailers: trailers as HttpHalf['trailers'], contentType: headerOf(headers, 'content-type') ?? '', bodyBytes,
    body: () => body, bodyLatin1: () => body.toString('latin1'), bodyIsWhole: body.length === bodyBytes,
  }
  const call = new GrpcCall({ method: 'POST', target: path, status: answer.status, request: undefined, response }, settings)
  return call.showsBody ? call.response as Shown : undefined
}

function shownBody(bytes: Buffer, headers: Pairs, redactor: Redactor): Shown | undefined {
  if (bytes.length === 0) return undefined
  const text = bytes.toString('utf8')
  if (text.includes('\0') || !Buffer.from(text).equals(bytes)) return { base64: bytes.toString('base64') }
  const shown = redactor.text(text)
  if (/json/i.test(headerOf(headers, 'content-type') ?? '')) {
    try {
      return { json: JSON.parse(shown) as unknown }
    } catch {
      // Says it is JSON and is none.
    }
  }
  return { text: shown }
}

/** By name, since their order says nothing. */
function diffHeaders(before: Pairs, after: Pairs): DiffLine[] {
  const linesOf = (headers: Pairs): string[] => headers.map(({ name, value }) => `${name.toLowerCase()}: ${value}`).sort()
  return diffLines(linesOf(before), linesOf(after)).map((line) => line.kind !== 'same' && EXPECTED.has(line.text.slice(0, line.text.indexOf(':'))) ? { ...line, expected: true } : line)
}

/** What an answer carries as lines that compare well: JSON spread out, each message of a call. */
function contentLines({ body, grpc }: { readonly body?: unknown, readonly grpc?: unknown }): string[] {
  const { messages } = (grpc ?? {}) as { readonly messages?: readonly Shown[] }
  if (messages !== undefined) return messages.flatMap(({ value, fields, text, base64, problem }) => jsonLines(value ?? fields ?? text ?? base64 ?? problem ?? ''))
  const shown = body as Shown | undefined
  if (shown === undefined) return ['']
  return shown.json === undefined ? (bodyString(shown) ?? String(shown.base64 ?? '')).split('\n') : jsonLines(shown.json)
}

function jsonLines(value: unknown): string[] {
  return JSON.stringify(value, undefined, 2).split('\n')
}
