import { CR, LF, SP, latin1 } from '../http/bytes.ts'
import { viewOf } from '../memory-view.ts'
import { hasControl } from './four-bytes.ts'
import type { Half } from './half.ts'
import type { HeadMemo } from './head-memo.ts'
import { BlockFacts, LineFacts, MAX_BLOCK_BYTES, MAX_LINE_BYTES, mixed } from './head-memo.ts'
import { scanHeaders } from './header-scan.ts'
import { scanStartLine } from './start-line.ts'

/** As scanStartLine. */
export function recallStartLine(memo: HeadMemo, half: Half, buf: Uint8Array, from: number, to: number): number {
  if (!memo.lineWorth.isGiven) return scanStartLine(half, buf, from, to)
  const limit = Math.min(to, from + MAX_LINE_BYTES)
  const words = viewOf(buf)
  const { byteOffset } = buf
  let hash = 0
  let at = from
  for (; at + 4 <= limit; at += 4) {
    const four = words.getInt32(byteOffset + at, true)
    if (hasControl(four)) break
    hash = mixed(hash, four)
  }
  while (at < limit && buf[at]! >= SP) at++
  const isLine = at + 2 <= limit && buf[at] === CR && buf[at + 1] === LF
  return isLine ? recallLine(memo, half, buf, from, at + 2, to, hash) : scanStartLine(half, buf, from, to)
}

/** The line is buf[from, end). */
function recallLine(memo: HeadMemo, half: Half, buf: Uint8Array, from: number, end: number, to: number, hash: number): number {
  const place = memo.line(hash)
  const { seen, facts } = place
  const isHit = seen.length === end - from && seen.begins(buf, from, end)
  memo.lineWorth.looked(isHit)
  if (isHit) {
    facts!.fill(half)
    return end
  }
  const found = scanStartLine(half, buf, from, to)
  // What is noted of a line is noted by those who read it.
  if (found === end && half.bits === 0 && seen.missed()) {
    half.line = new LineFacts(half, latin1(buf, from, end))
    place.remember(half.line, buf, from, end)
  }
  return found
}

/** As scanHeaders, not strict. */
export function recallHeaders(memo: HeadMemo, half: Half, buf: Uint8Array, from: number, to: number): number {
  const place = memo.blockWorth.isGiven ? memo.block(buf, from, to) : undefined
  if (place === undefined) return scanHeaders(half, buf, from, to, false)
  const { seen, facts } = place
  // A block ends where its empty line does: what follows is no part of it.
  const isHit = seen.begins(buf, from, to)
  memo.blockWorth.looked(isHit)
  if (isHit) {
    facts!.fill(half, from)
    return from + seen.length
  }
  const { bits } = half
  const end = scanHeaders(half, buf, from, to, false)
  if (end > 0 && end - from <= MAX_BLOCK_BYTES && bits === half.bits && seen.missed()) {
    half.block = new BlockFacts(half, latin1(buf, from, end), from)
    place.remember(half.block, buf, from, end)
  }
  return end
}
