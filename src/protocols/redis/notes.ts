import type { Sentences } from '../sentences.ts'
import { MAX_CONFIRMATIONS, MAX_INLINE_BYTES, MAX_QUEUED } from './limits.ts'

// What was noticed about a command or a reply: one bit each, so that noting something costs nothing until somebody reads it.

export const END_WITHIN = 1 << 0
export const LOST_WITHIN = 1 << 1
export const BROKEN = 1 << 2
/** With any of these the half is not complete. */
export const INCOMPLETE = END_WITHIN | LOST_WITHIN | BROKEN

export const AFTER_LOSS = 1 << 3
const TOO_LONG_INLINE = 1 << 4
export const CONFIRMATIONS_CUT = 1 << 5
export const QUEUE_CUT = 1 << 6

export const SENTENCES: Sentences = [
  [END_WITHIN, 'the connection ends within it'],
  [LOST_WITHIN, 'bytes of it were lost'],
  [TOO_LONG_INLINE, `the inline command is longer than ${MAX_INLINE_BYTES} bytes`],
  [BROKEN, 'it breaks the protocol'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
  [CONFIRMATIONS_CUT, `more than ${MAX_CONFIRMATIONS} confirmations, the rest is not listed`],
  [QUEUE_CUT, `more queued commands than are remembered (${MAX_QUEUED}), the results are not joined to them`],
]
