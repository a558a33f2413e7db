import { ARRAY, BULK_STRING, CR, ERROR, INTEGER, LF, SCALAR_BYTES, SIMPLE_STRING, isDigit } from './resp.ts'

/** It may be a frame nevertheless: FrameScan must say. */
export const UNSURE = -1

const DIGIT_0 = 0x30
/** Fewer than MAX_DIGITS, and below MAX_LENGTH whatever they say. */
const MOST_DIGITS = 8
const CRLF_BYTES = 2

/**
 * Where a frame ends that lies whole in the chunk and is of the forms that nearly all have: a line, an integer, a string, an array of strings.
 * What it says FrameScan would say as well, in three times as long. UNSURE for all else, broken or cut or nested.
 */
export function plainEnd(buf: Uint8Array, from: number): number {
  switch (buf[from]) {
    case ARRAY: return arrayEnd(buf, from)
    case BULK_STRING: return stringEnd(buf, from)
    case INTEGER: return scalarEnd(buf, from + 1)
    case SIMPLE_STRING: case ERROR: return lineEnd(buf, from + 1)
    default: return UNSURE
  }
}

function arrayEnd(buf: Uint8Array, from: number): number {
  let at = numberEnd(buf, from + 1)
  if (at === UNSURE) return UNSURE
  for (let left = numberAt(buf, from + 1); left > 0; left--) {
    at = buf[at] === BULK_STRING ? stringEnd(buf, at) : UNSURE
    if (at === UNSURE) return UNSURE
  }
  return at
}

function stringEnd(buf: Uint8Array, from: number): number {
  const body = numberEnd(buf, from + 1)
  if (body === UNSURE) return UNSURE
  const end = body + numberAt(buf, from + 1)
  return end + CRLF_BYTES <= buf.length && buf[end] === CR && buf[end + 1] === LF ? end + CRLF_BYTES : UNSURE
}

/** Behind the CRLF of a number without a sign. */
function numberEnd(buf: Uint8Array, from: number): number {
  let at = from
  while (isDigit(buf[at])) at++
  return at > from && at - from <= MOST_DIGITS && buf[at] === CR && buf[at + 1] === LF ? at + CRLF_BYTES : UNSURE
}

function numberAt(buf: Uint8Array, from: number): number {
  let value = 0
  for (let at = from; buf[at] !== CR; at++) value = value * 10 + buf[at]! - DIGIT_0
  return value
}

function lineEnd(buf: Uint8Array, from: number): number {
  for (let at = from; at < buf.length; at++) {
    if (buf[at] === LF) return UNSURE
    if (buf[at] === CR) return buf[at + 1] === LF ? at + CRLF_BYTES : UNSURE
  }
  return UNSURE
}

function scalarEnd(buf: Uint8Array, from: number): number {
  let at = from
  while (at < buf.length && SCALAR_BYTES[buf[at]!] !== 0) at++
  return buf[at] === CR && buf[at + 1] === LF ? at + CRLF_BYTES : UNSURE
}
