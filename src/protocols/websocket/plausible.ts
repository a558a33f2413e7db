import { Buffer, isUtf8 } from 'node:buffer'
import type { FrameHeader } from './frame-header.ts'
import { BROKEN, TEXT, UNFINISHED } from './frame-header.ts'
import { MAX_CHAIN, PROBE_TEXT_BYTES } from './limits.ts'

const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/
/** Shorter texts may be chance. */
const MIN_TEXT_BYTES = 4
const LONG_TEXT_BYTES = 16

/** Text of a frame's payload as far as it is here: -1 where it cannot be text, else the number of its bytes that were looked at. */
export function textBytes(header: FrameHeader, buf: Uint8Array, from: number, to: number): number {
  const size = Math.min(header.payloadBytes, to - from, PROBE_TEXT_BYTES)
  const plain = Buffer.allocUnsafe(size)
  for (let i = 0; i < size; i++) plain[i] = buf[from + i]! ^ header.mask[i & 3]!
  let end = size
  // The last character may be cut in two.
  if (size < header.payloadBytes || !header.isFinal) while (end > 0 && size - end < 3 && !isUtf8(plain.subarray(0, end))) end--
  const text = plain.subarray(0, end)
  return isUtf8(text) && !CONTROL.test(text.toString('utf8')) ? size : -1
}

/**
 * Whether a frame begins at `from` in buf[from, to), which may be anything: a chain of frames that ends where the bytes do, and holds what this side
 * would send. `header` is written to. `isStart`: a segment begins here, which frames like to do, so less is asked of it.
 */
export function mayBeFrame(header: FrameHeader, buf: Uint8Array, from: number, to: number, isMasked: boolean, isStart: boolean): boolean {
  let at = from
  let proof = 0
  for (let count = 0; count < MAX_CHAIN; count++) {
    const size = header.read(buf, at, to)
    if (size === BROKEN || (size !== UNFINISHED && header.isMasked !== isMasked)) return false
    if (size === UNFINISHED) return proof >= (isStart ? 1 : 2)
    if (header.opcode === TEXT && header.reserved === 0) {
      const bytes = textBytes(header, buf, at + size, to)
      if (bytes < 0) return false
      proof += bytes >= LONG_TEXT_BYTES ? 2 : bytes >= MIN_TEXT_BYTES ? 1 : 0
    }
    at += size + header.payloadBytes
    if (at > to) return proof >= (isStart ? 1 : 2)
    // Exactly to the end of a segment is no chance, for a frame of some length.
    if (at === to) return proof + (count > 0 ? 1 : 0) + (header.payloadBytes >= MIN_TEXT_BYTES ? 1 : 0) >= (isStart ? 1 : 2)
  }
  return true
}
