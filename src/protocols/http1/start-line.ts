import { CR, HT, LF, SP, TOKEN, isDigit, isSpace, isText } from '../http/bytes.ts'
import type { Half } from './half.ts'
import { CONNECT, HEAD } from './half.ts'
import { MAX_METHOD_BYTES } from './limits.ts'
import { nextControl } from './four-bytes.ts'
import { BARE_LF, CONTROL_IN_HEAD, LOOSE_START } from './notes.ts'

/** The line has no end yet. */
export const UNFINISHED = -1
/** The line is none of HTTP/1. */
export const NOT_HTTP = -2

const VERSION = 'HTTP/1.'
const VERSION_BYTES = 8

/** Offset of the next LF, or -1. Notes control characters on the way. */
function lineFeed(half: Half, buf: Uint8Array, from: number, to: number): number {
  for (let i = nextControl(buf, from, to); i < to; i = nextControl(buf, i + 1, to)) {
    const byte = buf[i]
    if (byte === LF) return i
    if (byte !== HT && !(byte === CR && (i + 1 === to || buf[i + 1] === LF))) half.bits |= CONTROL_IN_HEAD
  }
  return -1
}

/** Where the text of a line ends: before CR LF, or a bare LF, or white space before it. */
function endOfText(half: Half, buf: Uint8Array, from: number, lf: number): number {
  let end = lf
  if (end > from && buf[end - 1] === CR) end--
  else half.bits |= BARE_LF
  if (!isSpace(buf[end - 1])) return end
  half.bits |= LOOSE_START
  while (end > from && isSpace(buf[end - 1])) end--
  return end
}

/**
 * `METHOD SP target SP HTTP/1.y` (RFC 9112 §3) from `from`. Fills the positions, which are relative to `from`.
 * Returns the offset behind the line, UNFINISHED or NOT_HTTP.
 */
export function scanRequestLine(half: Half, buf: Uint8Array, from: number, to: number): number {
  const lf = lineFeed(half, buf, from, to)
  if (lf < 0) return UNFINISHED
  const end = endOfText(half, buf, from, lf)
  let wordEnd = from
  while (TOKEN[buf[wordEnd]!] === 1) wordEnd++
  const versionAt = end - VERSION_BYTES
  if (wordEnd === from || wordEnd - from > MAX_METHOD_BYTES || buf[wordEnd] !== SP) return NOT_HTTP
  if (versionAt <= wordEnd || !isSpace(buf[versionAt - 1]) || !isVersion(buf, versionAt, end)) return NOT_HTTP
  let textAt = wordEnd + 1
  let textEnd = versionAt - 1
  while (textAt < textEnd && isSpace(buf[textAt])) textAt++
  while (textEnd > textAt && isSpace(buf[textEnd - 1])) textEnd--
  if (textAt >= textEnd) return NOT_HTTP
  if (textAt > wordEnd + 1 || textEnd < versionAt - 1 || hasSpace(buf, textAt, textEnd)) half.bits |= LOOSE_START
  half.wordEnd = wordEnd - from
  half.textAt = textAt - from
  half.textEnd = textEnd - from
  half.minor = buf[end - 1]! - 0x30
  if (wordEnd - from === 4 && isText(buf, from, to, 'HEAD')) half.method = HEAD
  else if (wordEnd - from === 7 && isText(buf, from, to, 'CONNECT')) half.method = CONNECT
  return lf + 1
}

/** The line of a request or of a response. As below. */
export function scanStartLine(half: Half, buf: Uint8Array, from: number, to: number): number {
  return half.isRequest ? scanRequestLine(half, buf, from, to) : scanStatusLine(half, buf, from, to)
}

/** `HTTP/1.y SP 3DIGIT [SP reason]` (RFC 9112 §4). As above. */
export function scanStatusLine(half: Half, buf: Uint8Array, from: number, to: number): number {
  const lf = lineFeed(half, buf, from, to)
  if (lf < 0) return UNFINISHED
  const end = endOfText(half, buf, from, lf)
  if (!isVersion(buf, from, end)) return NOT_HTTP
  let at = from + VERSION_BYTES
  while (at < end && isSpace(buf[at])) at++
  const statusEnd = at + 3
  if (at === from + VERSION_BYTES || statusEnd > end || !isDigit(buf[at]) || !isDigit(buf[at + 1]) || !isDigit(buf[at + 2])) return NOT_HTTP
  if (statusEnd < end && !isSpace(buf[statusEnd])) return NOT_HTTP
  if (at > from + VERSION_BYTES + 1) half.bits |= LOOSE_START
  half.status = (buf[at]! - 0x30) * 100 + (buf[at + 1]! - 0x30) * 10 + buf[at + 2]! - 0x30
  if (half.status < 100) return NOT_HTTP
  half.minor = buf[from + VERSION_BYTES - 1]! - 0x30
  half.wordEnd = statusEnd - from
  half.textAt = Math.min(statusEnd + 1, end) - from
  half.textEnd = end - from
  return lf + 1
}

function isVersion(buf: Uint8Array, at: number, to: number): boolean {
  return at >= 0 && at + VERSION_BYTES <= to && isText(buf, at, to, VERSION) && isDigit(buf[at + VERSION_BYTES - 1])
}

function hasSpace(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (buf[i] === SP || buf[i] === HT) return true
  return false
}

/** Could these first bytes of an unfinished line become a request line? Looks at the method only. */
export function mayBeRequestLine(buf: Uint8Array, from: number, to: number): boolean {
  let i = from
  while (i < to && TOKEN[buf[i]!] === 1) i++
  if (i - from > MAX_METHOD_BYTES) return false
  return i === to || (i > from && buf[i] === SP)
}

/** Could these first bytes of an unfinished line become a status line? */
export function mayBeStatusLine(buf: Uint8Array, from: number, to: number): boolean {
  const known = Math.min(to - from, VERSION.length)
  if (!isText(buf, from, to, VERSION.slice(0, known))) return false
  if (to - from > 7 && !isDigit(buf[from + 7])) return false
  if (to - from > 8 && !isSpace(buf[from + 8])) return false
  return to - from <= 9 || isDigit(buf[from + 9]) || isSpace(buf[from + 9])
}

/**
 * Could these bytes become a regular start line? Stops at the first byte that says no, so that trying every offset of hostile bytes
 * stays linear.
 */
export function mayBeStrictStart(isRequest: boolean, buf: Uint8Array, from: number, to: number): boolean {
  if (!isRequest) return mayBeStatusLine(buf, from, to)
  let i = from
  while (i < to && TOKEN[buf[i]!] === 1) i++
  if (i < to && buf[i] !== SP) return false
  const textAt = ++i
  while (i < to && buf[i]! > SP) i++
  if (i >= to) return true
  if (buf[i] !== SP || i === textAt) return false
  const versionAt = i + 1
  const known = Math.min(to - versionAt, VERSION.length)
  if (!isText(buf, versionAt, to, VERSION.slice(0, known))) return false
  if (versionAt + 7 < to && !isDigit(buf[versionAt + 7])) return false
  const after = buf[versionAt + 8]
  return versionAt + 8 >= to || after === CR || after === LF
}
