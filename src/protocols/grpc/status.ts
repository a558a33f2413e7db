import { Buffer } from 'node:buffer'
import type { Outcome } from '../../model/message.ts'
import { MAX_STATUS_MESSAGE_LENGTH } from './limits.ts'

/** By number. https://grpc.io/docs/guides/status-codes/ */
export const STATUS_NAMES: readonly string[] = [
  'OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED',
]

const CLIENT_ERRORS: ReadonlySet<string> = new Set([
  'CANCELLED', 'INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'FAILED_PRECONDITION', 'OUT_OF_RANGE', 'UNAUTHENTICATED',
])

/** What a client makes of an answer without grpc-status. https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const OF_HTTP: Readonly<Record<number, string>> = {
  400: 'INTERNAL', 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED', 404: 'UNIMPLEMENTED', 429: 'UNAVAILABLE', 502: 'UNAVAILABLE', 503: 'UNAVAILABLE', 504: 'UNAVAILABLE',
}

export function clientStatusOf(httpStatus: number): string {
  return OF_HTTP[httpStatus] ?? 'UNKNOWN'
}

/** The number in `grpc-status`; undefined where it is none. */
export function parseStatus(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

export function outcomeOf(name: string): Outcome {
  if (name === 'OK') return 'ok'
  return CLIENT_ERRORS.has(name) ? 'client-error' : 'server-error'
}

export function outcomeOfHttp(status: number): Outcome {
  return status >= 500 ? 'server-error' : status >= 400 ? 'client-error' : status >= 300 ? 'redirect' : 'none'
}

/** The text of `grpc-message`: percent-encoded UTF-8, of which broken parts stand as they are. */
export function parseStatusMessage(text: string): string {
  const sent = text.slice(0, MAX_STATUS_MESSAGE_LENGTH)
  if (!sent.includes('%')) return sent
  const latin1 = Buffer.from(sent).toString('latin1').replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(latin1, 'latin1').toString('utf8')
}
