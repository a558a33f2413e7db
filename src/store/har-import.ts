import type { JsonRecord } from '../model/api.ts'

/** What came of a HAR file: records, and what was wrong with it, a few sentences. */
export interface HarRead { readonly records: readonly JsonRecord[], readonly problems: readonly string[] }

const MAX_PROBLEMS = 10

/** What must not be shown, as protocols/redaction.ts has it. */
export interface HarRedaction {
  header(name: string, value: string): string
  target(target: string): string
  text(text: string): string
}

type Fields = Readonly<Record<string, unknown>>

/** Whether a file's first bytes may be a HAR: JSON whose first key is `log`. */
export function looksLikeHar(head: string): boolean {
  return /^\uFEFF?\s*\{\s*"log"\s*:/.test(head)
}

/**
 * Records of a HAR 1.2 file, and of the older and the crooked ones that tools write: what an entry lacks is left out, an entry without a request is named and skipped.
 * Undefined where the text is no HAR at all.
 */
export function readHar(text: string, redaction: HarRedaction): HarRead | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return undefined
  }
  const entries = (parsed as { log?: { entries?: unknown } } | null)?.log?.entries
  if (!Array.isArray(entries)) return undefined
  const records: JsonRecord[] = []
  const problems: string[] = []
  for (const [i, entry] of entries.entries()) {
    const record = recordOf(entry, i, redaction)
    if (typeof record === 'string') problems.push(`entry ${i + 1}: ${record}`)
    else records.push(record)
  }
  const told = problems.slice(0, MAX_PROBLEMS)
  return { records, problems: problems.length > told.length ? [...told, `and ${problems.length - told.length} more`] : told }
}

function recordOf(value: unknown, index: number, redaction: HarRedaction): JsonRecord | string {
  const entry = fields(value)
  const request = fields(entry.request)
  const response = fields(entry.response)
  if (typeof request.method !== 'string' || typeof request.url !== 'string') return 'it has no request with a method and a URL'
  if (!URL.canParse(request.url)) return `not a URL: ${request.url.slice(0, 100)}`
  const atMs = Date.parse(String(entry.startedDateTime))
  if (Number.isNaN(atMs)) return `startedDateTime is no time: ${String(entry.startedDateTime).slice(0, 40)}`
  const url = new URL(request.url)
  const path = redaction.target(url.pathname + url.search)
  const status = typeof response.status === 'number' && response.status > 0 ? response.status : undefined
  const elapsed = waitOf(entry)
  const protocol = /2|h2/i.test(String(request.httpVersion ?? response.httpVersion ?? '').replace(/^HTTP\/1.*/i, '')) ? 'http2' : 'http1'
  return {
    at: new Date(atMs).toISOString().replace('Z', '000Z'), protocol, capture: 'pcap', hop: 'wire', flow: `har.${String(entry.connection ?? index)}`,
    client: { ip: '', port: 0, name: 'browser' },
    server: { ip: typeof entry.serverIPAddress === 'string' ? entry.serverIPAddress.replace(/^\[|\]$/g, '') : '', port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80), name: url.hostname },
    ...(elapsed !== undefined && status !== undefined && { elapsedMicros: elapsed }),
    what: `${request.method} ${path}`, ...(status !== undefined && { status }), outcome: outcomeOf(status),
    ...(url.protocol === 'https:' && { decrypted: true }), complete: status !== undefined, ...(status === undefined && { notes: ['no response was recorded'] }),
    request: halfOf(request, redaction, { method: request.method, path, scheme: url.protocol.slice(0, -1), authority: url.host, body: bodyOf(fields(request.postData), redaction) }),
    ...(status !== undefined && { response: halfOf(response, redaction, { status, reason: String(response.statusText ?? ''), body: bodyOf(fields(response.content), redaction) }) }),
  }
}

function halfOf(half: Fields, redaction: HarRedaction, own: Fields): Readonly<Record<string, unknown>> {
  const headers = Array.isArray(half.headers) ? half.headers.map(fields).filter((h) => typeof h.name === 'string').map((h) => ({ name: h.name as string, value: redaction.header(h.name as string, String(h.value ?? '')) })) : []
  const { body, ...rest } = own
  const size = typeof half.bodySize === 'number' && half.bodySize >= 0 ? half.bodySize : 0
  return { ...rest, version: String(half.httpVersion ?? '').replace(/^HTTP\//i, ''), headers, bodyBytes: size, ...(body !== undefined && { body }), complete: true }
}

/** `content` or `postData` in the forms of docs/protocols/bodies.md. */
function bodyOf({ text: written, encoding, mimeType }: Fields, redaction: HarRedaction): Fields | undefined {
  if (typeof written !== 'string' || written === '') return undefined
  if (encoding === 'base64') {
    const bytes = Buffer.from(written, 'base64')
    const plain = bytes.toString('utf8')
    return Buffer.from(plain).equals(bytes) && !plain.includes('\0') ? bodyOf({ text: plain, mimeType }, redaction) : { base64: written }
  }
  const text = redaction.text(written)
  if (/json/i.test(String(mimeType))) {
    try {
      return { json: JSON.parse(text) as unknown }
    } catch {
      return { text }
    }
  }
  return { text }
}

/** Microseconds until the answer began; the whole time where a tool tells no more. */
function waitOf(entry: Fields): number | undefined {
  const { send, wait, blocked, dns, connect } = fields(entry.timings)
  const parts = [send, wait, blocked, dns, connect].filter((ms) => typeof ms === 'number' && ms >= 0) as number[]
  const ms = typeof wait === 'number' ? parts.reduce((sum, part) => sum + part, 0) : entry.time
  return typeof ms === 'number' && ms >= 0 && Number.isFinite(ms) ? Math.round(ms * 1000) : undefined
}

function outcomeOf(status: number | undefined): string {
  if (status === undefined) return 'none'
  return status < 200 ? 'info' : status < 300 ? 'ok' : status < 400 ? 'redirect' : status < 500 ? 'client-error' : 'server-error'
}

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? value as Fields : {}
}
