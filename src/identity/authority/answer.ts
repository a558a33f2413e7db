import { jsonText } from '../../base/json-text.ts'

/** What a request is answered with, before any socket. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function jsonAnswer(status: number, value: object, headers?: Answer['headers']): Answer {
  return { status, type: 'application/json', body: `${jsonText(value)}\n`, headers }
}

/** `{"error": {"code", "message"}}`. */
export function refusal(status: number, code: string, message: string, headers?: Answer['headers']): Answer {
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : undefined
  return jsonAnswer(status, { error: { code, message } }, challenge === undefined && headers === undefined ? undefined : { ...challenge, ...headers })
}
