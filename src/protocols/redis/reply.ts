import type { Outcome } from '../../model/message.ts'
import type { Redactor } from '../redaction.ts'
import type { Frame } from './frame.ts'
import type { Json } from './value.ts'
import { ValueReader, errorValue, typeName } from './value.ts'

/** The server sends the client elsewhere (Redis Cluster). */
const REDIRECTS: ReadonlySet<string> = new Set(['MOVED', 'ASK'])
/** The server is not able to, whoever asks. All other errors are the client's. */
const SERVER_ERRORS: ReadonlySet<string> = new Set(['OOM', 'LOADING', 'BUSY', 'MASTERDOWN', 'MISCONF', 'CLUSTERDOWN', 'TRYAGAIN', 'NOREPLICAS', 'IOERR', 'INPROG',
  'NOMASTERLINK', 'NOGOODSLAVE', 'UNBLOCKED'])
const SERVER_SENTENCES = /^ERR (?:max number of clients|internal|.*(?:disk|fork))/i
/** A simple string that says how it went. */
const STATUS_WORD = /^[A-Z][A-Z_]{0,15}$/

/** Where the value of a reply begins, behind its attributes. */
function valueAt(text: string, redactor: Redactor): number {
  if (!text.startsWith('|')) return 0
  const reader = new ValueReader(text, 0, redactor)
  reader.type()
  return reader.at
}

/** The text of an error reply; undefined for all others. */
export function errorLine(text: string, at: number): string | undefined {
  if (text[at] === '-') return lineAt(text, at + 1)
  if (text[at] !== '!') return undefined
  const from = text.indexOf('\r\n', at)
  return from < 0 ? '' : text.slice(from + 2, from + 2 + (Number(text.slice(at + 1, from)) || 0))
}

function lineAt(text: string, from: number): string {
  const end = text.indexOf('\r\n', from)
  return text.slice(from, end < 0 ? text.length : end)
}

export function isNull(text: string, at: number): boolean {
  return text[at] === '_' || text.startsWith('-1\r', at + 1) && (text[at] === '$' || text[at] === '*')
}

/** The code of an error, the word of a status, `nil`, or `OK` for all that has a value. */
export function replyStatus(frame: Frame, redactor: Redactor): string {
  const { text } = frame
  if (text === '+OK\r\n') return 'OK'
  const at = valueAt(text, redactor)
  const error = errorLine(text, at)
  if (error !== undefined) return errorValue(error, redactor).code
  if (isNull(text, at)) return 'nil'
  if (text[at] !== '+') return 'OK'
  const line = lineAt(text, at + 1)
  return STATUS_WORD.test(line) ? line : 'OK'
}

export function replyOutcome(frame: Frame, redactor: Redactor): Outcome {
  const error = errorLine(frame.text, valueAt(frame.text, redactor))
  return error === undefined ? 'ok' : errorOutcome(error)
}

export function errorOutcome(line: string): Outcome {
  const space = line.indexOf(' ')
  const code = space < 0 ? line : line.slice(0, space)
  if (REDIRECTS.has(code)) return 'redirect'
  return SERVER_ERRORS.has(code) || SERVER_SENTENCES.test(line) ? 'server-error' : 'client-error'
}

export interface ErrorView { code: string, message: string, slot: number | undefined, endpoint: string | undefined }

/** What JSON shows of a reply; docs/protocols/redis.md has every field. */
export interface ReplyView {
  type: string
  value: Json | undefined
  error: ErrorView | undefined
  attributes: Json | undefined
  bytes: number
  truncated: true | undefined
  durationMicros: number
}

/** `change`: what is done to the value before it is shown. Without `withValues` only errors and statuses are shown. */
export function replyView(frame: Frame, redactor: Redactor, withValues: boolean, change: (value: Json) => Json = (value) => value): ReplyView {
  const reader = new ValueReader(frame.text, 0, redactor)
  const type = reader.type()
  const error = errorLine(frame.text, reader.at)
  const isShown = error === undefined && (withValues || type === '+')
  const value = isShown ? reader.read() : undefined
  return {
    type: typeName(type),
    value: value === undefined ? undefined : change(value),
    error: error === undefined ? undefined : errorView(error, redactor),
    attributes: withValues ? reader.attributes : undefined,
    bytes: frame.sizeBytes,
    truncated: frame.isCut ? true : undefined,
    durationMicros: Math.max(0, frame.endMicros - frame.atMicros),
  }
}

function errorView(line: string, redactor: Redactor): ErrorView {
  const { code, message } = errorValue(line, redactor)
  const target = REDIRECTS.has(code) ? /^(\d+) (\S+)/.exec(message) : null
  return { code, message, slot: target === null ? undefined : Number(target[1]), endpoint: target?.[2] }
}
