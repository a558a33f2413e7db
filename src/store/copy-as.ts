import type { CopyAs, JsonRecord } from '../model/api.ts'
import { bodyString } from './body-bytes.ts'
import { pairs, urlOf } from './har.ts'

const REDACTED = '[redacted]'
/** The client makes these itself. */
const OWN_HEADERS = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'accept-encoding', 'te', 'trailer', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings'])
/** A command line has its bounds. */
const MAX_BODY_CHARS = 100_000

type Half = Readonly<Record<string, unknown>>

/** Commands that say again what a record says. They are text for a person to look at: peers' bytes in them are quoted, whatever they are. */
export function copyAs(record: JsonRecord): CopyAs[] {
  const { request, protocol } = record
  if (request === undefined) return []
  if (protocol === 'redis') return redisCli(record, request)
  if (typeof request.method !== 'string' || typeof request.path !== 'string' || request.method === 'CONNECT') return []
  const call = callOf(record, request)
  const http: CopyAs[] = [
    { kind: 'curl', text: curl(call, protocol), notes: call.notes }, { kind: 'httpie', text: httpie(call), notes: call.notes }, { kind: 'fetch', text: fetchCall(call), notes: call.notes },
  ]
  return protocol === 'grpc' ? [...grpcurl(record, request), ...http.slice(0, 1)] : http
}

interface Call { readonly method: string, readonly url: string, readonly headers: readonly { name: string, value: string }[], readonly body: string | undefined, readonly notes: readonly string[] }

function callOf(record: JsonRecord, request: Half): Call {
  const all = pairs(request.headers).filter(({ name }) => !OWN_HEADERS.has(name.toLowerCase()) && !name.startsWith(':'))
  const body = request.body as Half | undefined
  const text = body === undefined ? undefined : bodyString(body)
  return {
    method: String(request.method), url: urlOf(record, request), headers: all, body: text?.slice(0, MAX_BODY_CHARS),
    notes: [...redactedNotes(all, request), ...bodyNotes(body, text, request)],
  }
}

function redactedNotes(headers: readonly { name: string, value: string }[], request: Half): string[] {
  const hidden = headers.filter(({ value }) => value.includes(REDACTED)).map(({ name }) => name)
  return [...hidden.map((name) => `${name} is redacted: put its value in`), ...(String(request.path).includes(REDACTED) ? ['a part of the path is redacted'] : [])]
}

function bodyNotes(body: Half | undefined, text: string | undefined, request: Half): string[] {
  if (body === undefined) return typeof request.bodyBytes === 'number' && request.bodyBytes > 0 ? ['the body was not kept'] : []
  return [
    ...(text === undefined ? ['the body is not text and was left out'] : []), ...(body.truncated === true || (text?.length ?? 0) > MAX_BODY_CHARS ? ['only the first part of the body is here'] : []),
    ...(typeof body.encoding === 'string' ? [`the body was sent with ${body.encoding}, and is here without`] : []), ...(text?.includes(REDACTED) === true ? ['a part of the body is redacted'] : []),
  ]
}

function curl({ method, url, headers, body }: Call, protocol: string): string {
  const isPlainHttp2 = protocol !== 'http1' && url.startsWith('http:')
  const parts = [
    `curl${isPlainHttp2 ? ' --http2-prior-knowledge' : ''}${method === 'HEAD' ? ' --head' : method === (body === undefined ? 'GET' : 'POST') ? '' : ` -X ${quote(method)}`} ${quote(url)}`,
    ...headers.map(({ name, value }) => `-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${quote(body)}`]),
  ]
  return parts.join(' \\\n  ')
}

/** HTTPie's items take `:` and `=` apart at the first of them; a backslash takes their meaning away. */
function httpie({ method, url, headers, body }: Call): string {
  const items = headers.map(({ name, value }) => quote(value === '' ? `${escapeItem(name)};` : `${escapeItem(name)}:${value}`))
  return [`http${body === undefined ? ' --ignore-stdin' : ` --raw ${quote(body)}`} ${quote(method)} ${quote(url)}`, ...items].join(' \\\n  ')
}

function escapeItem(name: string): string {
  return name.replace(/[:=@;\\]/g, '\\$&')
}

function fetchCall({ method, url, headers, body }: Call): string {
  const options = { method, ...(headers.length > 0 && { headers: headers.map(({ name, value }) => [name, value]) }), ...(body !== undefined && { body }) }
  return `await fetch(${JSON.stringify(url)}, ${JSON.stringify(options, undefined, 2)})`
}

function grpcurl(record: JsonRecord, request: Half): CopyAs[] {
  const grpc = request.grpc as { service?: string, method?: string, messages?: readonly { value?: unknown }[] } | undefined
  if (grpc?.service === undefined || grpc.method === undefined) return []
  const headers = pairs(request.headers).filter(({ name }) => !OWN_HEADERS.has(name.toLowerCase()) && !/^(?::|content-type|grpc-|user-agent$)/i.test(name))
  const messages = (grpc.messages ?? []).map((message) => message.value)
  const known = messages.every((value) => value !== undefined)
  const url = new URL(urlOf(record, request))
  const parts = [
    `grpcurl${record.decrypted === true ? '' : ' -plaintext'}`, ...headers.map(({ name, value }) => `-H ${quote(`${name}: ${value}`)}`),
    ...(known && messages.length > 0 ? [`-d ${quote(messages.map((value) => JSON.stringify(value)).join('\n'))}`] : []),
    `${quote(url.port === '' ? `${url.hostname}:${record.server.port}` : url.host)} ${quote(`${grpc.service}/${grpc.method}`)}`,
  ]
  const notes = [...(known ? [] : ['the types of its messages are not known: give them with --proto']), ...redactedNotes(headers, request)]
  return [{ kind: 'grpcurl', text: parts.join(' \\\n  '), notes }]
}

function redisCli(record: JsonRecord, request: Half): CopyAs[] {
  if (typeof request.command !== 'string') return []
  const words = Array.isArray(request.arguments) ? request.arguments.map((value: unknown) => typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)) : []
  const { ip, port } = record.server
  const notes = [...(request.truncated === true ? ['only the first part of it is here'] : []), ...(words.some((word) => word.includes(REDACTED)) ? ['a part is redacted'] : [])]
  return [{ kind: 'redis-cli', text: ['redis-cli', '-h', quote(ip), '-p', String(port), ...request.command.split(' ').map(quote), ...words.map(quote)].join(' '), notes }]
}

/** For a POSIX shell: within single quotes nothing has a meaning. What a terminal would obey is written as its code in bash's $'…'. */
function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text) && !text.startsWith('-')) return text
  // eslint-disable-next-line no-control-regex
  if (!/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(text)) return `'${text.replaceAll('\'', '\'\\\'\'')}'`
  // eslint-disable-next-line no-control-regex
  return `$'${text.replace(/[\\']/g, '\\$&').replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)}'`
}
