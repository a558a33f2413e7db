import { Buffer } from 'node:buffer'
import { latin1 } from './bytes.ts'
import type { Header } from './headers.ts'
import { headerValue, parseHeaders } from './headers.ts'
import { MAX_PARTS } from './limits.ts'
import { parameterOf } from './media-type.ts'

/** RFC 2046 §5.1.1 allows 70 characters. */
const MAX_BOUNDARY_CHARS = 256
const MAX_PART_HEAD_BYTES = 16 * 1024
const CR = 13
const LF = 10

export interface Part {
  /** Unredacted. */
  readonly headers: readonly Header[]
  readonly name: string | undefined
  readonly filename: string | undefined
  readonly bytes: Buffer
  /** The boundary behind it was there. */
  readonly isWhole: boolean
}

export interface Multipart {
  readonly parts: Part[]
  /** MAX_PARTS was reached. */
  readonly isCut: boolean
}

/** The parts of a multipart body (RFC 2046 §5.1, RFC 7578); undefined where it has no boundary or none of it stands in the body. */
export function parseMultipart(bytes: Buffer, contentType: string): Multipart | undefined {
  const boundary = parameterOf(contentType, 'boundary') ?? ''
  if (boundary === '' || boundary.length > MAX_BOUNDARY_CHARS) return undefined
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  let line = nextDelimiter(bytes, delimiter, 0)
  if (line < 0) return undefined
  const parts: Part[] = []
  for (;;) {
    const behind = line + delimiter.length
    const from = bytes.indexOf(LF, behind) + 1
    if (from === 0 || isText(bytes, behind, '--')) break
    if (parts.length === MAX_PARTS) return { parts, isCut: true }
    line = nextDelimiter(bytes, delimiter, from)
    parts.push(partOf(bytes, from, line < 0 ? bytes.length : withoutLineEnd(bytes, from, line), line >= 0))
    if (line < 0) break
  }
  return { parts, isCut: false }
}

function isText(bytes: Buffer, at: number, text: string): boolean {
  return latin1(bytes, at, Math.min(bytes.length, at + text.length)) === text
}

/** It stands at the beginning of a line. */
function nextDelimiter(bytes: Buffer, delimiter: Buffer, from: number): number {
  for (let at = bytes.indexOf(delimiter, from); at >= 0; at = bytes.indexOf(delimiter, at + 1)) {
    if (at === 0 || bytes[at - 1] === LF) return at
  }
  return -1
}

/** The line end before a boundary belongs to the boundary. */
function withoutLineEnd(bytes: Buffer, from: number, line: number): number {
  const end = line - (bytes[line - 2] === CR ? 2 : 1)
  return Math.max(from, end)
}

function partOf(bytes: Buffer, from: number, to: number, isWhole: boolean): Part {
  const head = latin1(bytes, from, Math.min(to, from + MAX_PART_HEAD_BYTES))
  const end = /^\r?\n|\r?\n\r?\n/.exec(head)
  const bodyAt = end === null ? to : from + end.index + end[0].length
  const headers = parseHeaders(head.slice(0, bodyAt - from), 0)
  const disposition = headerValue(headers, 'content-disposition')
  return {
    headers, bytes: bytes.subarray(bodyAt, to), isWhole,
    name: parameterOf(disposition, 'name'),
    filename: extended(parameterOf(disposition, 'filename*')) ?? parameterOf(disposition, 'filename'),
  }
}

/** RFC 8187: `UTF-8''na%C3%AFve.txt`. */
function extended(value: string | undefined): string | undefined {
  const encoded = value === undefined ? null : /^utf-8'[^']*'(.*)$/is.exec(value)
  if (encoded === null) return undefined
  try {
    return decodeURIComponent(encoded[1]!)
  } catch {
    return undefined
  }
}
