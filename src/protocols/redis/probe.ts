import { latin1 } from '../http/bytes.ts'
import type { Probe } from '../protocol.ts'
import { isKnownCommand } from './commands.ts'
import { MAX_NAME_BYTES } from './limits.ts'
import { ARRAY, BULK_STRING, CR, ERROR, LF, LINE, NO_TYPE, SCALAR, SIMPLE_STRING, formOf, isDigit } from './resp.ts'

const MAX_PROBE_LINE_BYTES = 512
/** Arguments of one command, as the server bounds them. */
const MAX_ARGUMENT_DIGITS = 7
/** Two of them in inline form are no other protocol's. */
const OWN_LINE = /^(?:ping|info|command|dbsize|multi|monitor)$/i
const OWN_STATUS = /^\+(?:PONG|QUEUED|FULLRESYNC [0-9a-f]{40} |CONTINUE)/
const OWN_ERROR = /^-(?:WRONGTYPE|MOVED \d|ASK \d|NOAUTH|WRONGPASS|NOPERM|DENIED|LOADING|OOM|EXECABORT|NOSCRIPT|BUSYGROUP|MISCONF|READONLY|CLUSTERDOWN|CROSSSLOT|ERR [a-z]+ )/i

/**
 * A command as an array of strings whose first is a name. An inline command only where the server's answer is one of Redis, or where
 * no other protocol has that line; `get x` is memcached's as well.
 */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length === 0) return server.length === 0 ? 'more' : probeReplies(server)
  if (client[0] === ARRAY) return probeArray(client)
  const verdict = probeInline(client)
  return verdict === 'more' && server.length > 0 ? probeFirstReply(server) : verdict
}

/** `*2\r\n$3\r\nGET\r\n` */
export function probeArray(buf: Uint8Array, from = 0): Probe {
  const size = sizedLine(buf, from, ARRAY, MAX_ARGUMENT_DIGITS)
  if (size <= 0) return size === 0 ? 'more' : 'no'
  if (buf[from + 1] === 0x30) return 'no'
  const name = from + size
  const line = sizedLine(buf, name, BULK_STRING, 2)
  if (line <= 0) return line === 0 ? 'more' : 'no'
  const bytes = Number(latin1(buf, name + 1, name + line - 2))
  if (bytes === 0 || bytes > MAX_NAME_BYTES) return 'no'
  return probeName(buf, name + line, bytes)
}

function probeName(buf: Uint8Array, from: number, bytes: number): Probe {
  const text = latin1(buf, from, Math.min(buf.length, from + bytes))
  if (text !== '' && !/^[a-z][\w.|-]*$/i.test(text)) return 'no'
  if (text.length < bytes) return 'more'
  return endsLine(buf, from + bytes)
}

function endsLine(buf: Uint8Array, at: number): Probe {
  if (at < buf.length && buf[at] !== CR) return 'no'
  if (at + 1 < buf.length && buf[at + 1] !== LF) return 'no'
  return at + 1 < buf.length ? 'yes' : 'more'
}

/** Length of a line of a type byte, digits and CR LF at `at`; 0 where it is cut, -1 where it is none. */
function sizedLine(buf: Uint8Array, at: number, type: number, maxDigits: number): number {
  if (at >= buf.length) return 0
  if (buf[at] !== type) return -1
  let i = at + 1
  while (isDigit(buf[i])) i++
  const digits = i - at - 1
  if (digits > maxDigits) return -1
  if (i >= buf.length) return 0
  if (digits === 0 || buf[i] !== CR) return -1
  if (i + 1 >= buf.length) return 0
  return buf[i + 1] === LF ? i + 2 - at : -1
}

function probeInline(buf: Uint8Array): Probe {
  let end = 0
  while (end < buf.length && buf[end] !== LF) {
    const byte = buf[end++]!
    if ((byte < 0x20 && byte !== CR) || byte === 0x7f || end > MAX_PROBE_LINE_BYTES) return 'no'
  }
  const line = latin1(buf, 0, end).trimEnd()
  // A version at the end: HTTP, RTSP, SIP, whose GET and OPTIONS would be words of ours.
  if (/ [A-Z]+\/\d\.\d$/.test(line)) return 'no'
  const name = /^[a-z_-]*/i.exec(line)![0]
  const isWhole = end < buf.length
  if (isWhole || name.length < line.length) {
    if (!isKnownCommand(name) || (line.length > name.length && line[name.length] !== ' ')) return 'no'
    return isWhole && OWN_LINE.test(line) ? 'yes' : 'more'
  }
  return name.length <= MAX_NAME_BYTES && (line === '' ? buf[0] === CR : true) ? 'more' : 'no'
}

/** The answer to an inline command that looks like one of ours. */
function probeFirstReply(server: Uint8Array): Probe {
  const end = server.indexOf(LF)
  const line = latin1(server, 0, Math.min(end < 0 ? server.length : end, MAX_PROBE_LINE_BYTES))
  if (formOf(server[0]!) === NO_TYPE) return 'no'
  if (end < 0) return server.length > MAX_PROBE_LINE_BYTES ? 'no' : 'more'
  if (!line.endsWith('\r')) return 'no'
  const text = line.slice(0, -1)
  if (server[0] === SIMPLE_STRING) return /^\+[A-Z]{2,10}$/.test(text) ? 'yes' : 'no'
  if (server[0] === ERROR) return /^-[A-Z]+ /.test(text) ? 'yes' : 'no'
  return /^[:$*%~>(=,#_][-\d.?tf]*$/.test(text) ? 'yes' : 'no'
}

/** Replies alone, of a connection whose start was missed: `+OK` is POP3's as well, so what follows it must tell. */
function probeReplies(server: Uint8Array): Probe {
  let at = 0
  for (let lines = 0; lines < 4 && at < server.length; lines++) {
    const verdict = probeReply(server, at)
    if (verdict !== 'more') return verdict
    const end = server.indexOf(LF, at)
    if (end < 0) return server.length - at > MAX_PROBE_LINE_BYTES ? 'no' : 'more'
    if (!isOneLine(server, at, end)) return 'more'
    at = end + 1
  }
  return at < server.length ? 'yes' : 'more'
}

/** A status, a number, a null: what follows the line is the next reply. */
function isOneLine(buf: Uint8Array, at: number, end: number): boolean {
  const form = formOf(buf[at]!)
  return form === LINE || form === SCALAR || /^(?:[$*]-1|[*%~>]0)\r/.test(latin1(buf, at, Math.min(end, at + 4)))
}

/** `more` for what only may be a reply. */
function probeReply(buf: Uint8Array, at: number): Probe {
  const type = buf[at]!
  const form = formOf(type)
  if (form === NO_TYPE) return 'no'
  const end = buf.indexOf(LF, at)
  const line = latin1(buf, at, end < 0 ? Math.min(buf.length, at + MAX_PROBE_LINE_BYTES) : Math.min(end + 1, at + MAX_PROBE_LINE_BYTES))
  if (end >= 0 && !line.endsWith('\r\n')) return 'no'
  if (type === SIMPLE_STRING) return OWN_STATUS.test(line) ? 'yes' : /^\+(?:O?K?\r?\n?)$/.test(line) ? 'more' : 'no'
  if (type === ERROR) return OWN_ERROR.test(line) ? 'yes' : /^-[A-Z]*( [a-z]*)?$/.test(line) ? 'more' : 'no'
  if (form === SCALAR) return /^.[\d.+eE-]{0,20}[tf]?\r?\n?$/.test(line) ? 'more' : 'no'
  return probeSized(buf, at, line)
}

/** A string with its end, or an aggregate with the head of its first value. */
function probeSized(buf: Uint8Array, at: number, line: string): Probe {
  const match = /^[$*%~>=](-1|\d{1,9})\r\n$/.exec(line)
  if (match === null) return /^[$*%~>=](-1?|\d{0,9})\r?$/.test(line) ? 'more' : 'no'
  const size = Number(match[1])
  const next = at + line.length
  if (size <= 0) return 'more'
  if (line[0] === '$' || line[0] === '=') return next + size < buf.length ? endsLine(buf, next + size) : 'more'
  if (next >= buf.length) return 'more'
  // A command's own form: whoever sends it is the client.
  if (line[0] === '*' && isCommand(buf, at)) return 'more'
  const inner = formOf(buf[next]!)
  return inner === NO_TYPE ? 'no' : /^.(?:-1|\d{1,9})\r\n/.test(latin1(buf, next, Math.min(buf.length, next + 16))) ? 'yes' : 'more'
}

function isCommand(buf: Uint8Array, at: number): boolean {
  if (probeArray(buf, at) === 'no') return false
  const [, name] = /^\*\d+\r\n\$\d+\r\n([^\r]*)/.exec(latin1(buf, at, Math.min(buf.length, at + 64))) ?? []
  return name === undefined || probeArray(buf, at) === 'more' || isKnownCommand(name)
}
