import type { Probe } from '../protocol.ts'
import { MAX_STARTUP_BYTES } from './limits.ts'
import { BACKEND, D, E, FRONTEND, HEAD_BYTES, H, LOWER_D, N, P, Q, R, S, T, Z, u32 } from './message-shape.ts'

export const SSL_REQUEST = 80877103
export const GSS_REQUEST = 80877104
export const CANCEL_REQUEST = 80877102
const MAJOR_3 = 3
/** Minor versions that exist or are tried to see whether servers negotiate (3.9999). */
const MAX_MINOR = 9999
/** Length and code. */
export const STARTUP_HEAD_BYTES = 8
const CANCEL_BYTES = 16
/** Keys are as long as 256 bytes since version 3.2. */
const MAX_CANCEL_BYTES = 12 + 256
const MAX_PARAMETER_NAME = 63
/** Text of a statement that is believed without its end. */
const PROBE_TEXT_BYTES = 32

/**
 * A start-up or a request for encryption; where the beginning was missed, a chunk that is whole messages, one of which can hardly be anything else.
 */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) {
    const verdict = client[0] === 0 ? probeStartup(client) : probeFrontend(client)
    if (verdict !== 'more' || server.length === 0) return verdict
  }
  return server.length > 0 ? probeBackend(server) : 'more'
}

/** Could the code behind the length be one of a first packet of this length? */
export function isStartup(code: number, length: number): boolean {
  if (code === SSL_REQUEST || code === GSS_REQUEST) return length === STARTUP_HEAD_BYTES
  if (code === CANCEL_REQUEST) return length >= CANCEL_BYTES && length <= MAX_CANCEL_BYTES
  return code >>> 16 === MAJOR_3 && (code & 0xffff) <= MAX_MINOR && length > STARTUP_HEAD_BYTES && length <= MAX_STARTUP_BYTES
}

export function probeStartup(bytes: Uint8Array): Probe {
  if (bytes[0] !== 0 || (bytes.length > 1 && bytes[1] !== 0)) return 'no'
  if (bytes.length < STARTUP_HEAD_BYTES) return mayBeCode(bytes) ? 'more' : 'no'
  const code = u32(bytes, 4)
  if (!isStartup(code, u32(bytes, 0))) return 'no'
  return code >>> 16 === MAJOR_3 ? probeName(bytes) : 'yes'
}

function mayBeCode(bytes: Uint8Array): boolean {
  if (bytes.length > 4 && bytes[4] !== 0 && bytes[4] !== 0x04) return false
  return bytes.length < 6 || bytes[5] === MAJOR_3 || bytes[5] === 0xd2
}

/** The name of the first parameter, `user` mostly. What else begins with a length and 0 3 0 0 (Kafka) has other bytes here. */
function probeName(bytes: Uint8Array): Probe {
  for (let i = STARTUP_HEAD_BYTES; i <= STARTUP_HEAD_BYTES + MAX_PARAMETER_NAME; i++) {
    const byte = bytes[i]
    if (byte === undefined) return 'more'
    if (byte === 0) return i > STARTUP_HEAD_BYTES + 1 ? 'yes' : 'no'
    if (!isNameByte(byte)) return 'no'
  }
  return 'no'
}

function isNameByte(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte === 0x2e
}

const UNSURE = 0
const SURE = 1
const WRONG = 2

/** Messages of a client, the first of which begins where the bytes do. */
export function probeFrontend(bytes: Uint8Array): Probe {
  if (!FRONTEND.has(bytes[0]!) || (bytes.length > 1 && bytes[1] !== 0)) return 'no'
  let sure = false
  let count = 0
  for (let at = 0; at < bytes.length; count++) {
    if (bytes.length - at < HEAD_BYTES) return sure ? 'yes' : mayBeHead(bytes, at)
    const length = u32(bytes, at + 1)
    if (!FRONTEND.fits(bytes[at]!, length)) return 'no'
    const end = at + 1 + length
    const verdict = frontendContent(bytes, at, end)
    if (verdict === WRONG) return 'no'
    sure ||= verdict === SURE || (count > 0 && length === 4 && (bytes[at] === S || bytes[at] === H))
    at = end
  }
  return sure ? 'yes' : 'no'
}

/** Lengths are small enough for their first byte to be 0. */
function mayBeHead(bytes: Uint8Array, at: number): Probe {
  return at === 0 && bytes.length > 1 && bytes[1] !== 0 ? 'no' : 'more'
}

/** A statement is text that ends with the message and nowhere else; a Parse has two texts. */
function frontendContent(bytes: Uint8Array, at: number, end: number): number {
  const type = bytes[at]
  if (type === Q) {
    const nul = bytes.indexOf(0, at + HEAD_BYTES)
    if (end > bytes.length) return nul < 0 && isText(bytes, at + HEAD_BYTES, bytes.length) && bytes.length - at > PROBE_TEXT_BYTES ? SURE : WRONG
    return nul === end - 1 && isText(bytes, at + HEAD_BYTES, nul) ? SURE : WRONG
  }
  if (type === P) return parseContent(bytes, at + HEAD_BYTES, end)
  if (type === D && end <= bytes.length) return (bytes[at + HEAD_BYTES] === 0x53 || bytes[at + HEAD_BYTES] === 0x50) && bytes[end - 1] === 0 ? UNSURE : WRONG
  if (type === E && end <= bytes.length) return bytes[end - 5] === 0 ? UNSURE : WRONG
  return UNSURE
}

/** Name, statement, count of types and four bytes for each. */
function parseContent(bytes: Uint8Array, from: number, end: number): number {
  const name = bytes.indexOf(0, from)
  if (name < 0 || name >= end || !isText(bytes, from, name)) return WRONG
  const query = bytes.indexOf(0, name + 1)
  if (end > bytes.length) return isText(bytes, name + 1, query < 0 ? bytes.length : query) && bytes.length - from > PROBE_TEXT_BYTES ? SURE : WRONG
  if (query < 0 || query + 3 > end || !isText(bytes, name + 1, query)) return WRONG
  return query + 3 + (bytes[query + 1]! << 8 | bytes[query + 2]!) * 4 === end ? SURE : WRONG
}

function isText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  }
  return true
}

/** Messages of a server, the first of which begins where the bytes do: sure with a row description, an error or a ReadyForQuery among them. */
export function probeBackend(bytes: Uint8Array): Probe {
  let sure = false
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < HEAD_BYTES) return sure ? 'yes' : BACKEND.has(bytes[at]!) && (bytes.length === at + 1 || bytes[at + 1] === 0) ? 'more' : 'no'
    const type = bytes[at]!
    const length = u32(bytes, at + 1)
    if (!BACKEND.fits(type, length)) return 'no'
    const end = at + 1 + length
    if (end > bytes.length) return sure ? 'yes' : 'no'
    if (type === T) {
      if (!isDescription(bytes, at + HEAD_BYTES, end)) return 'no'
      sure = true
    } else if (type === E || type === N) {
      if (!isError(bytes, at + HEAD_BYTES, end)) return 'no'
      sure = true
    } else if (type === Z) {
      if (!isReady(bytes[at + HEAD_BYTES]!)) return 'no'
      sure = true
    } else if (type === D && !isRow(bytes, at + HEAD_BYTES, end)) return 'no'
    else if (type === R && !isAuthentication(bytes, at)) return 'no'
    else if (type === LOWER_D) return 'no'
    at = end
  }
  return sure ? 'yes' : 'no'
}

export function isReady(state: number): boolean {
  return state === 0x49 || state === 0x54 || state === 0x45
}

function isAuthentication(bytes: Uint8Array, at: number): boolean {
  return u32(bytes, at + HEAD_BYTES) <= 12
}

/** Each field: a code, a text, NUL; a NUL ends the list. It begins with the severity. */
function isError(bytes: Uint8Array, from: number, end: number): boolean {
  return bytes[from] === S && bytes[end - 1] === 0 && (end - from < 2 || bytes[end - 2] === 0)
}

function isDescription(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from + 2
  for (let count = bytes[from]! << 8 | bytes[from + 1]!; count > 0; count--) {
    const nul = bytes.indexOf(0, at)
    if (nul < 0 || nul + 19 > end) return false
    at = nul + 19
  }
  return at === end
}

function isRow(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from + 2
  for (let count = bytes[from]! << 8 | bytes[from + 1]!; count > 0; count--) {
    if (at + 4 > end) return false
    const size = u32(bytes, at)
    at += 4 + (size === 0xffff_ffff ? 0 : size)
  }
  return at === end
}

/** Where a ReadyForQuery begins, which six bytes say; -1 where there is none. */
export function findReady(chunk: Uint8Array): number {
  for (let at = chunk.indexOf(Z); at >= 0 && at + 6 <= chunk.length; at = chunk.indexOf(Z, at + 1)) {
    if (u32(chunk, at + 1) === 5 && isReady(chunk[at + 5]!)) return at
  }
  return -1
}
