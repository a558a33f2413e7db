import type { Probe } from '../protocol.ts'
import { PROTOCOL_41, SSL } from './capabilities.ts'
import { QUERY, STMT_EXECUTE, STMT_PREPARE, fitsCommand } from './commands.ts'
import { u24 } from './packet-side.ts'

const HEAD_BYTES = 4
const MAX_GREETING_BYTES = 512
const MIN_GREETING_BYTES = 24
const MAX_VERSION_BYTES = 80
const VERSION_10 = 10
const ERROR = 0xff
const MAX_ERROR_BYTES = 512
/** Capabilities, greatest packet, character set, 23 bytes of zeros (the last four may be flags of MariaDB). */
export const SSL_REQUEST_BYTES = 32
const MAX_LOGIN_BYTES = 64 * 1024
/** Of a statement: so far it must be text. */
const MAX_LOOK_BYTES = 64
const RESERVED_FROM = 9
const RESERVED_TO = 28

/** The greeting of a server; a login; where the beginning was missed, a command or the head of a result. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (server.length > 0) {
    const verdict = probeServer(server)
    if (verdict !== 'more' || client.length === 0) return verdict
  }
  return client.length > 0 ? probeClient(client) : 'more'
}

function probeServer(bytes: Uint8Array): Probe {
  if (bytes.length < HEAD_BYTES) return bytes.length < 3 || bytes[2] === 0 ? 'more' : 'no'
  if (bytes[2] !== 0) return 'no'
  const size = u24(bytes, 0)
  if (bytes[3] === 1) return probeResult(bytes)
  if (bytes[3] !== 0) return 'no'
  if (bytes.length === HEAD_BYTES) return size >= 4 && size <= MAX_GREETING_BYTES ? 'more' : 'no'
  if (bytes[HEAD_BYTES] === ERROR) return probeError(bytes, size)
  return bytes[HEAD_BYTES] === VERSION_10 && size >= MIN_GREETING_BYTES && size <= MAX_GREETING_BYTES ? probeGreeting(bytes) : 'no'
}

/** A printable version, the connection's number, eight bytes of a challenge that have no zero, a zero. */
function probeGreeting(bytes: Uint8Array): Probe {
  let at = HEAD_BYTES + 1
  for (; bytes[at] !== 0; at++) {
    if (at === bytes.length) return 'more'
    if (at > HEAD_BYTES + MAX_VERSION_BYTES || bytes[at]! < 0x20 || bytes[at]! > 0x7e) return 'no'
  }
  if (at === HEAD_BYTES + 1) return 'no'
  const filler = at + 13
  if (bytes.length <= filler) return 'more'
  return bytes[filler] === 0 ? 'yes' : 'no'
}

/** An error instead of a greeting (too many connections, host not allowed): number, then a sentence. */
function probeError(bytes: Uint8Array, size: number): Probe {
  if (size < 8 || size > MAX_ERROR_BYTES) return 'no'
  if (bytes.length < HEAD_BYTES + 3) return 'more'
  const code = bytes[HEAD_BYTES + 1]! | bytes[HEAD_BYTES + 2]! << 8
  if (code < 1000 || code > 5000) return 'no'
  const end = HEAD_BYTES + size
  for (let at = HEAD_BYTES + 3; at < Math.min(end, bytes.length); at++) if (bytes[at]! < 0x20) return 'no'
  if (bytes.length < end) return 'more'
  return bytes.length === end ? 'yes' : 'no'
}

/** The head of a result: a count of columns, then definitions, whose catalog is always `def`. */
function probeResult(bytes: Uint8Array): Probe {
  const size = u24(bytes, 0)
  const next = HEAD_BYTES + size
  if (size < 1 || size > 3 || (size === 1 ? bytes[HEAD_BYTES] === 0 || bytes[HEAD_BYTES]! > 250 : bytes[HEAD_BYTES] !== 0xfc)) return 'no'
  if (bytes.length < next + HEAD_BYTES + HEAD_BYTES) return 'no'
  const isDefinition = bytes[next + 3] === 2 && bytes[next + 4] === 3 && bytes[next + 5] === 0x64 && bytes[next + 6] === 0x65 && bytes[next + 7] === 0x66
  return isDefinition ? 'yes' : 'no'
}

function probeClient(bytes: Uint8Array): Probe {
  if (bytes.length < HEAD_BYTES) return bytes.length < 3 || bytes[2] === 0 ? 'more' : 'no'
  if (bytes[3] === 0) return isCommand(bytes) ? 'yes' : 'no'
  return bytes[3] === 1 || bytes[3] === 2 ? probeLogin(bytes) : 'no'
}

/** A login, as it is also the first thing inside TLS: flags of 4.1, and zeros where they must be. */
function probeLogin(bytes: Uint8Array): Probe {
  const size = u24(bytes, 0)
  if (size < SSL_REQUEST_BYTES || size > MAX_LOGIN_BYTES) return 'no'
  if (bytes.length > HEAD_BYTES + 1 && (bytes[HEAD_BYTES + 1]! & PROTOCOL_41 >> 8) === 0) return 'no'
  for (let at = HEAD_BYTES + RESERVED_FROM; at < Math.min(bytes.length, HEAD_BYTES + RESERVED_TO); at++) if (bytes[at] !== 0) return 'no'
  if (bytes.length < HEAD_BYTES + SSL_REQUEST_BYTES) return 'more'
  if (size === SSL_REQUEST_BYTES) return (bytes[HEAD_BYTES + 1]! & SSL >> 8) !== 0 ? 'yes' : 'no'
  const user = bytes[HEAD_BYTES + SSL_REQUEST_BYTES]
  if (user === undefined) return 'more'
  return user === 0 || user > 0x20 ? 'yes' : 'no'
}

const VERBS = ['select', 'insert', 'update', 'delete', 'replace', 'set ', 'show', 'begin', 'commit', 'rollback', 'start', 'create', 'alter', 'drop', 'use ', 'call',
  'with', 'explain', 'describe', 'desc ', 'truncate', 'load', 'lock', 'unlock', 'grant', 'revoke', 'analyze', 'optimize', 'prepare', 'execute', '/*', '-- ', '(']

/** A chunk that is one whole command, and surely so: a statement, or an execution. */
function isCommand(bytes: Uint8Array): boolean {
  const size = u24(bytes, 0)
  const code = bytes[HEAD_BYTES]
  if (bytes.length < 5 || size + HEAD_BYTES < bytes.length || size === 0) return false
  if (code === QUERY || code === STMT_PREPARE) {
    const from = HEAD_BYTES + 1 + (code === QUERY && bytes[5] === 0 && bytes[6] === 1 ? 2 : 0)
    return isStatement(bytes, from)
  }
  if (code !== STMT_EXECUTE || size + HEAD_BYTES !== bytes.length || size < 10) return false
  return bytes[9]! <= 0x0f && bytes[10] === 1 && bytes[11] === 0 && bytes[12] === 0 && bytes[13] === 0
}

function isStatement(bytes: Uint8Array, from: number): boolean {
  let at = from
  while (at < bytes.length && (bytes[at] === 0x20 || (bytes[at]! >= 0x09 && bytes[at]! <= 0x0d))) at++
  return VERBS.some((verb) => isVerb(bytes, at, verb)) && !hasControl(bytes, at, Math.min(bytes.length, at + MAX_LOOK_BYTES))
}

function hasControl(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at]! < 0x09 || (bytes[at]! > 0x0d && bytes[at]! < 0x20)) return true
  return false
}

function isVerb(bytes: Uint8Array, at: number, verb: string): boolean {
  if (at + verb.length > bytes.length) return false
  for (let i = 0; i < verb.length; i++) {
    const byte = bytes[at + i]!
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
    if (lower !== verb.charCodeAt(i)) return false
  }
  return true
}

/** After a loss: a chunk that is one command, the first in it at least. */
export function isCommandChunk(chunk: Uint8Array): boolean {
  if (chunk.length <= HEAD_BYTES || chunk[3] !== 0) return false
  const size = u24(chunk, 0)
  const code = chunk[HEAD_BYTES]!
  return fitsCommand(code, size) && (isCommand(chunk) || (size + HEAD_BYTES === chunk.length && code !== QUERY && code !== STMT_PREPARE))
}
