import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import { LAST_ERROR_CODE } from './error-codes.ts'
import {
  ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_HEADER_BYTES, GOAWAY, HAS_PRIORITY, HEADERS, PADDED, PING, PRIORITY, PUSH_PROMISE,
  RST_STREAM, SETTINGS, WINDOW_UPDATE,
} from './frame-types.ts'
import { HpackDecoder } from './hpack-decoder.ts'
import { UNKNOWN_NAME } from './header-field.ts'

// Frames in bytes that are in the middle of anything: what stands here must be so likely a frame header that it is worth to go on from it.

export const NO = 0
export const YES = 1
/** Frames so far; the last goes beyond the bytes. */
export const MORE = 2
export type Verdict = typeof NO | typeof YES | typeof MORE

/** As many frames one behind the other are no accident. */
const CERTAIN_FRAMES = 3
/** Flags of each type that mean something. Others may be set (RFC 9113 §4.1), and never are. */
const FLAGS = [END_STREAM | PADDED, END_STREAM | END_HEADERS | PADDED | HAS_PRIORITY, 0, 0, ACK, END_HEADERS | PADDED, ACK, 0, 0, END_HEADERS]
/** Length of the frames that have but one; -1 for the others. */
const LENGTHS = [-1, -1, 5, 4, -1, -1, 8, -1, 4, -1]
const LAST_SETTING = 0x10

export function uint24(buf: Uint8Array, at: number): number {
  return buf[at]! << 16 | buf[at + 1]! << 8 | buf[at + 2]!
}

export function uint32(buf: Uint8Array, at: number): number {
  return (buf[at]! << 24 | buf[at + 1]! << 16 | buf[at + 2]! << 8 | buf[at + 3]!) >>> 0
}

/** A stream id or the like: the highest bit is reserved. */
export function uint31(buf: Uint8Array, at: number): number {
  return uint32(buf, at) & 0x7fffffff
}

/** Could `side` have sent the frame header at `at`? All nine bytes are there. */
function isFrameHeader(buf: Uint8Array, at: number, side: Side, maxFrameBytes: number): boolean {
  const type = buf[at + 3]!
  if (type > CONTINUATION) return false
  const length = uint24(buf, at)
  const flags = buf[at + 4]!
  if (length > maxFrameBytes || (flags & ~FLAGS[type]!) !== 0 || buf[at + 5]! > 0x7f) return false
  return isAllowed(type, flags, uint31(buf, at + 5), length, side)
}

/** Length and stream are such as RFC 9113 §6 allows them for the type. */
export function isAllowed(type: number, flags: number, stream: number, length: number, side: Side): boolean {
  if (type > CONTINUATION) return true
  const fixed = LENGTHS[type]!
  return (fixed < 0 || length === fixed) && hasItsStream(type, stream, length, flags, side)
}

function hasItsStream(type: number, stream: number, length: number, flags: number, side: Side): boolean {
  if (type === SETTINGS) return stream === 0 && length % 6 === 0 && ((flags & ACK) === 0 || length === 0)
  if (type === PING) return stream === 0
  if (type === GOAWAY) return stream === 0 && length >= 8
  if (type === WINDOW_UPDATE) return true
  if (type === PUSH_PROMISE && side === CLIENT) return false
  if (type === HEADERS && (length === 0 || (side === CLIENT && stream % 2 === 0))) return false
  return stream > 0
}

/** Likewise for its payload, as far as that tells. */
function isPayload(buf: Uint8Array, at: number, length: number): boolean {
  const type = buf[at + 3]!
  const from = at + FRAME_HEADER_BYTES
  if (type === WINDOW_UPDATE) return uint32(buf, from) > 0 && uint32(buf, from) < 0x80000000
  if (type === RST_STREAM) return uint32(buf, from) <= LAST_ERROR_CODE
  if (type === GOAWAY) return buf[from]! < 0x80 && uint32(buf, from + 4) <= LAST_ERROR_CODE
  if (type === SETTINGS) return areSettings(buf, from, from + length)
  return true
}

function areSettings(buf: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 6) {
    const id = buf[at]! << 8 | buf[at + 1]!
    if (id === 0 || id > LAST_SETTING) return false
  }
  return true
}

/** Do frames of `side` begin at `at`? For bytes in which they are expected. */
export function frameChain(buf: Uint8Array, at: number, to: number, side: Side, maxFrameBytes: number): Verdict {
  // Zeros before a frame would read as an empty DATA frame of some stream.
  if (to - at >= 5 && isZeros(buf, at)) return NO
  let frames = 0
  for (let pos = at; ;) {
    if (pos === to || frames >= CERTAIN_FRAMES) return YES
    if (to - pos < FRAME_HEADER_BYTES) return mayBecomeFrame(buf, pos, to, maxFrameBytes) ? MORE : NO
    if (!isFrameHeader(buf, pos, side, maxFrameBytes)) return NO
    const end = pos + FRAME_HEADER_BYTES + uint24(buf, pos)
    if (end > to) return frames > 0 ? YES : MORE
    if (!isPayload(buf, pos, end - pos - FRAME_HEADER_BYTES)) return NO
    frames++
    pos = end
  }
}

function mayBecomeFrame(buf: Uint8Array, at: number, to: number, maxFrameBytes: number): boolean {
  if (to - at >= 1 && buf[at]! > maxFrameBytes >>> 16) return false
  if (to - at >= 4 && buf[at + 3]! > CONTINUATION) return false
  return to - at < 6 || buf[at + 5]! <= 0x7f
}

/** Likewise for bytes in which anything may be: one of the frames must be one that nothing else looks like. */
export function strictChain(buf: Uint8Array, side: Side, maxFrameBytes: number): Verdict {
  let frames = 0
  let isSure = false
  for (let pos = 0; ;) {
    const rest = buf.length - pos
    if (frames >= CERTAIN_FRAMES || (isSure && (rest === 0 || frames > 1))) return YES
    if (rest < FRAME_HEADER_BYTES) return rest === 0 && frames > 0 ? NO : mayBecomeFrame(buf, pos, buf.length, maxFrameBytes) ? MORE : NO
    if (!isFrameHeader(buf, pos, side, maxFrameBytes) || isZeros(buf, pos)) return NO
    const end = pos + FRAME_HEADER_BYTES + uint24(buf, pos)
    if (end > buf.length) return isSure ? YES : MORE
    if (!isPayload(buf, pos, end - pos - FRAME_HEADER_BYTES)) return NO
    const sure = isSurely(buf, pos, end, side)
    if (sure === NO) return NO
    isSure ||= sure === YES
    frames++
    pos = end
  }
}

/** An empty DATA frame without flags, which nobody sends: other protocols are full of zeros. */
function isZeros(buf: Uint8Array, at: number): boolean {
  return (buf[at]! | buf[at + 1]! | buf[at + 2]! | buf[at + 3]! | buf[at + 4]!) === 0
}

function isSurely(buf: Uint8Array, at: number, end: number, side: Side): Verdict {
  const type = buf[at + 3]!
  // Empty SETTINGS are a 4 among zeros.
  if (type === SETTINGS && end - at === FRAME_HEADER_BYTES && buf[at + 4] === 0 && end < buf.length) return MORE
  if (type === HEADERS) return headersVerdict(buf, at, end, side)
  return type === DATA || type === CONTINUATION || type === PRIORITY || type === PUSH_PROMISE ? MORE : YES
}

/** A header block must be one; and where it begins with what a head begins with, it is nothing else. */
function headersVerdict(buf: Uint8Array, at: number, end: number, side: Side): Verdict {
  if ((buf[at + 4]! & END_HEADERS) === 0) return MORE
  const [from, to] = blockOf(buf, at, end)
  if (from > to) return NO
  const decoder = new HpackDecoder()
  decoder.loosen('is not known')
  if (!decoder.decode(buf, from, to)) return NO
  const names = decoder.fields.map(({ name }) => name)
  const first = names[0] ?? ''
  const known = names.filter((name) => name.startsWith(':')).length
  if (side === CLIENT) return known > 1 && (first.startsWith(':') || first === UNKNOWN_NAME) ? YES : MORE
  return first === ':status' ? YES : MORE
}

/** Where the header block of a HEADERS frame begins and ends, without padding and priority; the end before the beginning where they do not fit. */
function blockOf(buf: Uint8Array, at: number, end: number): [number, number] {
  const flags = buf[at + 4]!
  let from = at + FRAME_HEADER_BYTES
  let to = end
  if ((flags & PADDED) !== 0) to -= buf[from++]!
  if ((flags & HAS_PRIORITY) !== 0) from += 5
  return [from, to]
}
