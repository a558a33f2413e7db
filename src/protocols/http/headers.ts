import { Buffer, isUtf8 } from 'node:buffer'
import { MAX_HEADERS } from './limits.ts'

/** As sent: spelling, order and repetitions are kept. */
export interface Header { name: string, value: string }

const HT = 9
const SP = 32
const COLON = ':'
/** Up to there a loop is quicker than a call into the runtime. */
const SHORT_CHARS = 64

export function isAscii(latin1: string): boolean {
  if (latin1.length <= SHORT_CHARS) return isAsciiIn(latin1, 0, latin1.length)
  // Only ASCII takes one byte a character. Eight times as quick as a regular expression.
  return Buffer.byteLength(latin1) === latin1.length
}

/** The same for a part that is short enough for a loop to be quicker than a regular expression. */
export function isAsciiIn(latin1: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (latin1.charCodeAt(i) > 0x7f) return false
  return true
}

/** Text of captured bytes, given with one character a byte: UTF-8 where it is that, ISO 8859-1 where not (RFC 9110 §5.5). */
export function textOf(latin1: string): string {
  if (isAscii(latin1)) return latin1
  const bytes = Buffer.from(latin1, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : latin1
}

/** The header lines of `head` from offset `from`; a line without a colon has its text as name. Folded lines are joined by a space. */
export function parseHeaders(head: string, from: number): Header[] {
  const headers: Header[] = []
  let at = from
  while (at < head.length && headers.length < MAX_HEADERS) {
    const lf = head.indexOf('\n', at)
    let end = lf < 0 ? head.length : lf
    const next = end + 1
    if (end > at && head.charCodeAt(end - 1) === 13) end--
    if (end === at) break
    addLine(headers, head, at, end)
    at = next
  }
  if (!isAscii(head)) for (const header of headers) toText(header)
  return headers
}

function toText(header: Header): void {
  header.name = textOf(header.name)
  header.value = textOf(header.value)
}

function addLine(headers: Header[], head: string, from: number, to: number): void {
  const first = head.charCodeAt(from)
  if ((first === SP || first === HT) && headers.length > 0) {
    const last = headers.at(-1)!
    const more = trimmed(head, from, to)
    last.value = last.value === '' ? more : `${last.value} ${more}`
    return
  }
  const colon = head.indexOf(COLON, from)
  if (colon < 0 || colon >= to) headers.push({ name: trimmed(head, from, to), value: '' })
  else headers.push({ name: trimmed(head, from, colon), value: trimmed(head, colon + 1, to) })
}

/** Without the spaces and tabs at both ends. */
function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === SP || code === HT
}

/** Values of all headers of that name (lower case), joined as a list (RFC 9110 §5.3). Empty where there is none. */
export function headerValue(headers: readonly Header[], name: string): string {
  let value = ''
  for (const header of headers) {
    if (header.name.length === name.length && header.name.toLowerCase() === name) value += value === '' ? header.value : `, ${header.value}`
  }
  return value
}
