import type { JsonRecord, ReplayRequest } from '../../../../src/model/api.ts'

/** A request as text that can be edited. */
export interface ReplayDraft {
  readonly method: string
  readonly path: string
  /** `Name: value`, one a line. */
  readonly headers: string
  readonly body: string
  /** Headers that were left out because their values are not known. */
  readonly redacted: number
  /** The body is not text: it is sent as captured while `body` is empty. */
  readonly isBodyKept: boolean
}

const REDACTED = '[redacted]'
/** What belongs to the connection or to the length of the body: the hub sets it. */
const OWN = new Set(['content-length', 'connection', 'transfer-encoding', 'keep-alive', 'te', 'upgrade'])

export function draftOf(record: JsonRecord): ReplayDraft {
  const request = record.request ?? {}
  const all = (Array.isArray(request.headers) ? request.headers as { name: string, value: string }[] : []).filter(({ name }) => !OWN.has(name.toLowerCase()))
  const kept = all.filter(({ value }) => !value.includes(REDACTED))
  const body = bodyText(request)
  return {
    method: typeof request.method === 'string' ? request.method : 'POST',
    path: typeof request.path === 'string' ? request.path : '/',
    headers: kept.map(({ name, value }) => `${name}: ${value}`).join('\n'),
    body: body ?? '',
    redacted: all.length - kept.length,
    isBodyKept: body === undefined,
  }
}

export function requestOf(message: number, draft: ReplayDraft): ReplayRequest {
  const headers = draft.headers.split('\n').filter((line) => line.trim() !== '').map((line) => {
    const at = line.indexOf(':')
    return at < 0 ? { name: line.trim(), value: '' } : { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() }
  })
  return { message, method: draft.method, path: draft.path, headers, ...draft.isBodyKept && draft.body === '' ? {} : { body: draft.body } }
}

/** undefined: it is not text. */
function bodyText(request: Readonly<Record<string, unknown>>): string | undefined {
  const grpc = request.grpc as { messages?: readonly { value?: unknown }[] } | undefined
  if (grpc !== undefined) return grpc.messages?.length === 1 && grpc.messages[0]?.value !== undefined ? JSON.stringify(grpc.messages[0].value, undefined, 2) : undefined
  const body = request.body as Readonly<Record<string, unknown>> | undefined
  if (body === undefined) return request.bodyBytes === 0 || request.bodyBytes === undefined ? '' : undefined
  if (body.json !== undefined) return JSON.stringify(body.json, undefined, 2)
  if (typeof body.text === 'string') return body.text
  if (Array.isArray(body.form)) return new URLSearchParams((body.form as { name: string, value: string }[]).map(({ name, value }) => [name, value])).toString()
  return undefined
}
