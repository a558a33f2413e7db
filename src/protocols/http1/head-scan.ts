import type { Half } from './half.ts'
import type { HeadMemo } from './head-memo.ts'
import { recallHeaders, recallStartLine } from './head-recall.ts'
import { INVALID_LENGTH, NO_LENGTH, scanHeaders } from './header-scan.ts'
import { CODING_IN_1_0, LENGTH_AND_CODING, LENGTH_INVALID } from './notes.ts'
import { mayStart } from './resync.ts'
import { NOT_HTTP, mayBeStrictStart, scanStartLine } from './start-line.ts'

/**
 * Reads start line and headers from `from` in one pass, in place, and takes out of them what decides about the body.
 * Returns the offset behind the empty line. UNFINISHED: there is none before `to`. NOT_HTTP: the start line is none.
 * `memo`: of heads that go in the same direction; without one everything is read anew.
 * With `strict` nothing irregular passes, for bytes that may be no head at all; a header line that cannot be one is found with `badLineAt`.
 */
export function scanHead(half: Half, buf: Uint8Array, from: number, to: number, strict: boolean, memo?: HeadMemo): number {
  half.bits = 0
  half.line = undefined
  half.block = undefined
  if (strict && !(mayStart(half.isRequest, buf, from, to) && mayBeStrictStart(half.isRequest, buf, from, to))) return NOT_HTTP
  const headersAt = memo === undefined ? scanStartLine(half, buf, from, to) : recallStartLine(memo, half, buf, from, to)
  if (headersAt < 0) return headersAt
  half.headersAt = headersAt - from
  half.contentLength = NO_LENGTH
  half.hasTransferEncoding = half.isChunked = half.hasUpgrade = false
  half.typeEnd = 0
  half.hasCoding = half.hasLensType = false
  const end = memo === undefined || strict ? scanHeaders(half, buf, headersAt, to, strict) : recallHeaders(memo, half, buf, headersAt, to)
  if (half.typeEnd > 0) {
    half.typeAt -= from
    half.typeEnd -= from
  }
  if (end > 0) judge(half)
  return end
}

function judge(half: Half): void {
  if (half.hasTransferEncoding) {
    if (half.contentLength !== NO_LENGTH) half.bits |= LENGTH_AND_CODING
    if (half.minor === 0) half.bits |= CODING_IN_1_0
  } else if (half.contentLength === INVALID_LENGTH) half.bits |= LENGTH_INVALID
}

