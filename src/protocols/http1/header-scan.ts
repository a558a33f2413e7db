import { COLON, COMMA, CR, HT, LF, SP, TOKEN, isDigit, isSpace, isWord } from '../http/bytes.ts'
import { MAX_HEADERS } from '../http/limits.ts'
import { nextControl } from './four-bytes.ts'
import type { Half } from './half.ts'
import { isLensType } from './lens-type.ts'
import {
  BAD_NAME, BARE_LF, CONTROL_IN_HEAD, FOLDED, LENGTHS_DIFFER, LENGTH_REPEATED, SPACE_BEFORE_COLON, TOO_MANY_HEADERS,
} from './notes.ts'
import { UNFINISHED } from './start-line.ts'

/** Longest Content-Length that is exact in a double. */
const MAX_LENGTH_DIGITS = 15
export const NO_LENGTH = -1
export const INVALID_LENGTH = -2

const BAD_LINE = -10

/** Offset of the header line that a strict scan stumbled on; -1 where the result says something else. */
export function badLineAt(result: number): number {
  return result <= BAD_LINE ? BAD_LINE - result : -1
}

/** The header lines from `from` on, with the empty line. Returns as scanHead does. */
export function scanHeaders(half: Half, buf: Uint8Array, from: number, to: number, strict: boolean): number {
  let at = from
  let count = 0
  for (; at + 1 < to; count++) {
    const byte = buf[at]!
    if (byte === LF || (byte === CR && buf[at + 1] === LF)) return endOfHead(half, at, byte, count)
    let nameEnd = at
    while (nameEnd < to && TOKEN[buf[nameEnd]!] === 1) nameEnd++
    let colon = nameEnd
    while (colon < to && (buf[colon] === SP || buf[colon] === HT)) colon++
    if (colon >= to) return UNFINISHED
    const isNamed = buf[colon] === COLON && nameEnd > at
    if (!isNamed && strict) return BAD_LINE - at
    const lf = endOfField(half, buf, colon, to)
    if (lf < 0) return UNFINISHED
    if (!isNamed) half.bits |= BAD_NAME
    else {
      if (colon > nameEnd) half.bits |= SPACE_BEFORE_COLON
      noteHeader(half, buf, at, nameEnd - at, colon + 1, lf)
    }
    at = lf + 1
  }
  if (at + 1 === to && buf[at] === LF) return endOfHead(half, at, LF, count)
  return UNFINISHED
}

function endOfHead(half: Half, at: number, byte: number, count: number): number {
  if (count > MAX_HEADERS) half.bits |= TOO_MANY_HEADERS
  if (byte !== LF) return at + 2
  half.bits |= BARE_LF
  return at + 1
}

/** The LF that ends a field with the lines that are folded into it; -1 where the byte behind it is not there yet, which would tell. */
function endOfField(half: Half, buf: Uint8Array, from: number, to: number): number {
  const last = to - 1
  let i = from
  for (;;) {
    i = nextControl(buf, i, last)
    if (i >= last) return -1
    const byte = buf[i]!
    const next = buf[i + 1]!
    if (byte === CR && next === LF) {
      if (i + 2 >= to) return -1
      const after = buf[i + 2]!
      if (after !== SP && after !== HT) return i + 1
      half.bits |= FOLDED
      i += 2
    } else if (byte === LF) {
      half.bits |= BARE_LF
      if (next !== SP && next !== HT) return i
      half.bits |= FOLDED
      i++
    } else {
      if (byte !== HT) half.bits |= CONTROL_IN_HEAD
      i++
    }
  }
}

/** Five names matter here; their lengths tell them apart from nearly all others. */
function noteHeader(half: Half, buf: Uint8Array, at: number, nameLength: number, valueAt: number, valueEnd: number): void {
  if (nameLength === 14) {
    if (isWord(buf, at, 'content-length')) contentLength(half, buf, valueAt, valueEnd)
  } else if (nameLength === 17) {
    if (isWord(buf, at, 'transfer-encoding')) transferEncoding(half, buf, valueAt, valueEnd)
  } else if (nameLength === 12) {
    if (half.typeEnd === 0 && isWord(buf, at, 'content-type')) contentType(half, buf, valueAt, valueEnd)
  } else if (nameLength === 16) {
    if (isWord(buf, at, 'content-encoding')) half.hasCoding = true
  } else if (nameLength === 7 && isWord(buf, at, 'upgrade')) half.hasUpgrade = true
}

function contentType(half: Half, buf: Uint8Array, from: number, to: number): void {
  let at = from
  let end = to
  while (at < end && isSpace(buf[at])) at++
  while (end > at && isSpace(buf[end - 1])) end--
  half.typeAt = at
  half.typeEnd = end
  half.hasLensType = isLensType(half, buf, at, end)
}

/** RFC 9112 §6.2; a list of equal values is tolerated as §6.3 allows. */
function contentLength(half: Half, buf: Uint8Array, from: number, to: number): void {
  let at = from
  while (at <= to) {
    let comma = at
    while (comma < to && buf[comma] !== COMMA) comma++
    const value = decimal(buf, at, comma)
    if (half.contentLength === NO_LENGTH) half.contentLength = value
    else half.bits |= value === half.contentLength ? LENGTH_REPEATED : LENGTHS_DIFFER
    at = comma + 1
  }
}

function decimal(buf: Uint8Array, from: number, to: number): number {
  let at = from
  let end = to
  while (at < end && isSpace(buf[at])) at++
  while (end > at && isSpace(buf[end - 1])) end--
  if (at === end || end - at > MAX_LENGTH_DIGITS) return INVALID_LENGTH
  let value = 0
  for (; at < end; at++) {
    if (!isDigit(buf[at])) return INVALID_LENGTH
    value = value * 10 + buf[at]! - 0x30
  }
  return value
}

/** RFC 9112 §6.1: what counts is whether the very last coding is chunked. */
function transferEncoding(half: Half, buf: Uint8Array, from: number, to: number): void {
  let end = to
  while (end > from && isSpace(buf[end - 1])) end--
  let at = end
  while (at > from && buf[at - 1] !== COMMA) at--
  while (at < end && isSpace(buf[at])) at++
  half.hasTransferEncoding = true
  half.isChunked = end - at === 7 && isWord(buf, at, 'chunked')
  let first = from
  while (first < end && isSpace(buf[first])) first++
  if (!half.isChunked || at > first) half.hasCoding = true
}
