import { Buffer } from 'node:buffer'
import type { Probe } from '../protocol.ts'
import { MIN_DOCUMENT_BYTES, isType } from './bson.ts'
import { MAX_MESSAGE_BYTES, MAX_NAMESPACE_BYTES } from './limits.ts'
import { CHECKSUM_PRESENT, EXHAUST_ALLOWED, HEADER_BYTES, MORE_TO_COME, OP_COMPRESSED, OP_KILL_CURSORS, OP_MSG, OP_REPLY, isOp } from './op.ts'

const KNOWN_FLAGS = CHECKSUM_PRESENT | MORE_TO_COME | EXHAUST_ALLOWED
const MIN_MESSAGE_BYTES = HEADER_BYTES + MIN_DOCUMENT_BYTES
const LAST_COMPRESSOR = 3
const MAX_LEGACY_FLAGS = 0xff
const MAX_REPLY_FLAGS = 0xf
const MAX_NAME_LOOK_BYTES = 64
const MAX_RETURNED = 1_000_000

/** A header that holds together with the first bytes behind it. */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) {
    const verdict = probeSide(client, true)
    if (verdict !== 'more' || server.length === 0) return verdict
  }
  return server.length > 0 ? probeSide(server, false) : 'more'
}

export function probeSide(bytes: Uint8Array, isClient: boolean): Probe {
  const buf = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (buf.length < 4) return 'more'
  const size = buf.readInt32LE(0)
  if (size < MIN_MESSAGE_BYTES || size > MAX_MESSAGE_BYTES) return 'no'
  if (buf.length < HEADER_BYTES) return 'more'
  const responseTo = buf.readInt32LE(8)
  const op = buf.readInt32LE(12)
  if (!isOp(op, isClient) || (isClient && responseTo !== 0 && responseTo !== -1)) return 'no'
  if (op === OP_MSG) return probeMessage(buf, size)
  if (op === OP_COMPRESSED) return probeCompressed(buf, isClient)
  return op === OP_REPLY ? probeReply(buf, size) : probeLegacy(buf, op)
}

/** Flags, the kind of the first section, its document up to the type of its first element. */
function probeMessage(buf: Buffer, size: number): Probe {
  if (buf.length < 26) return 'more'
  const kind = buf[20]!
  if ((buf.readInt32LE(16) & ~KNOWN_FLAGS) !== 0 || kind > 1) return 'no'
  const inner = buf.readInt32LE(21)
  if (inner < MIN_DOCUMENT_BYTES || inner > size - 21) return 'no'
  return kind === 1 || isEmpty(inner, buf[25]!) || isType(buf[25]!) ? 'yes' : 'no'
}

function probeCompressed(buf: Buffer, isClient: boolean): Probe {
  if (buf.length < 25) return 'more'
  const size = buf.readInt32LE(20)
  const original = buf.readInt32LE(16)
  return original !== OP_COMPRESSED && isOp(original, isClient) && size > 0 && size <= MAX_MESSAGE_BYTES && buf[24]! <= LAST_COMPRESSOR ? 'yes' : 'no'
}

function probeReply(buf: Buffer, size: number): Probe {
  if (buf.length < 36) return 'more'
  const returned = buf.readInt32LE(32)
  if ((buf.readInt32LE(16) & ~MAX_REPLY_FLAGS) !== 0 || returned < 0 || returned > MAX_RETURNED) return 'no'
  if (returned === 0) return size === 36 ? 'yes' : 'no'
  if (buf.length < 41) return 'more'
  const document = buf.readInt32LE(36)
  return document >= MIN_DOCUMENT_BYTES && document <= size - 36 && (isEmpty(document, buf[40]!) || (isType(buf[40]!) && isName(buf, 41))) ? 'yes' : 'no'
}

/** Only a document without elements ends with its first byte. */
function isEmpty(sizeBytes: number, first: number): boolean {
  return first === 0 && sizeBytes === MIN_DOCUMENT_BYTES
}

/** The name of an element, as far as it goes: zeros are full of empty ones, so it must have a first character. */
function isName(buf: Buffer, from: number): boolean {
  for (let at = from; at < buf.length && at < from + MAX_NAME_LOOK_BYTES; at++) {
    if (buf[at] === 0) return at > from
    if (buf[at]! < 0x20) return false
  }
  return true
}

function probeLegacy(buf: Buffer, op: number): Probe {
  if (buf.length < 20) return 'more'
  if ((buf.readInt32LE(16) & ~MAX_LEGACY_FLAGS) !== 0) return 'no'
  if (op === OP_KILL_CURSORS) return 'yes'
  let dots = 0
  for (let i = 20; i < buf.length; i++) {
    if (buf[i] === 0) return dots > 0 ? 'yes' : 'no'
    if (buf[i]! < 0x20 || i - 20 > MAX_NAMESPACE_BYTES) return 'no'
    if (buf[i] === 0x2e) dots++
  }
  return 'more'
}
