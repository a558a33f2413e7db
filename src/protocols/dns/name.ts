import { latin1 } from '../http/bytes.ts'
import { HEADER_BYTES } from './header.ts'
import { MAX_NAME_BYTES } from './limits.ts'

/** The name reaches beyond the bytes. */
export const NAME_CUT = -1
/** It breaks RFC 1035 §3.1 or §4.1.4: too long, an unknown kind of label, a pointer that does not point back. */
export const NAME_BAD = -2

/**
 * Where the name at `at` ends, or NAME_CUT or NAME_BAD. `start` is where the message begins.
 * Each pointer must lead to before the place where the last one led, so there is no loop.
 */
export function nameEnd(bytes: Uint8Array, start: number, at: number, end: number): number {
  let position = at
  let after = 0
  let lowest = at
  let size = 1
  for (;;) {
    if (position >= end) return NAME_CUT
    const length = bytes[position]!
    if (length === 0) return after === 0 ? position + 1 : after
    if (length < 0x40) {
      size += length + 1
      if (size > MAX_NAME_BYTES) return NAME_BAD
      position += length + 1
      continue
    }
    if (length < 0xc0) return NAME_BAD
    if (position + 1 >= end) return NAME_CUT
    const target = start + ((length & 0x3f) << 8 | bytes[position + 1]!)
    if (after === 0) after = position + 2
    if (target >= lowest || target < start + HEADER_BYTES) return NAME_BAD
    position = lowest = target
  }
}

const DOT = 0x2e
const BACKSLASH = 0x5c
const QUOTE = 0x22

/** The name that is being written, with a dot behind each label. */
const room = new Uint8Array(MAX_NAME_BYTES)

/** A name that nameEnd() accepted, without the dot at its end; the root is `.`. Odd characters as RFC 1035 §5.1 writes them. */
export function nameText(bytes: Uint8Array, start: number, at: number): string {
  let length = 0
  let position = at
  for (let size = bytes[position]!; size !== 0; size = bytes[position]!) {
    if (size >= 0xc0) {
      position = start + ((size & 0x3f) << 8 | bytes[position + 1]!)
      continue
    }
    for (const end = position + size; position < end;) {
      const byte = bytes[++position]!
      if (byte <= 0x20 || byte >= 0x7f || byte === DOT || byte === BACKSLASH) return oddNameText(bytes, start, at)
      room[length++] = byte
    }
    position++
    room[length++] = DOT
  }
  return length === 0 ? '.' : latin1(room, 0, length - 1)
}

function oddNameText(bytes: Uint8Array, start: number, at: number): string {
  let text = ''
  let position = at
  for (let length = bytes[position]!; length !== 0; length = bytes[position]!) {
    if (length >= 0xc0) {
      position = start + ((length & 0x3f) << 8 | bytes[position + 1]!)
      continue
    }
    if (text !== '') text += '.'
    text += labelText(bytes, position + 1, position + 1 + length)
    position += length + 1
  }
  return text === '' ? '.' : text
}

function labelText(bytes: Uint8Array, from: number, to: number): string {
  let text = ''
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte === DOT || byte === BACKSLASH) text += '\\' + String.fromCharCode(byte)
    else text += byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : decimal(byte)
  }
  return text
}

function decimal(byte: number): string {
  return '\\' + String(byte).padStart(3, '0')
}

/** A <character-string> in quotes (RFC 1035 §5.1). */
export function quoted(bytes: Uint8Array, from: number, to: number): string {
  let text = '"'
  for (let i = from; i < to; i++) {
    const byte = bytes[i]!
    if (byte === QUOTE || byte === BACKSLASH) text += '\\' + String.fromCharCode(byte)
    else text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : decimal(byte)
  }
  return text + '"'
}
