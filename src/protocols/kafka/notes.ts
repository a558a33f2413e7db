import type { Sentences } from '../sentences.ts'
import { MAX_STRUCTURE_BYTES } from './limits.ts'

// What was noticed about a request or an answer: one bit each.

export const END_WITHIN = 1 << 0
export const LOST_WITHIN = 1 << 1
export const TOO_SHORT = 1 << 2
/** With any of these it is not complete. */
export const INCOMPLETE = END_WITHIN | LOST_WITHIN | TOO_SHORT

export const STRUCTURE_CUT = 1 << 3
export const UNKNOWN_VERSION = 1 << 4
export const BYTES_BEHIND = 1 << 5
export const AFTER_LOSS = 1 << 6
export const FIELDS_UNKNOWN = 1 << 7

export const SENTENCES: Sentences = [
  [END_WITHIN, 'the connection ends within it'],
  [LOST_WITHIN, 'bytes of it were lost'],
  [TOO_SHORT, 'its fields do not fit its length'],
  [STRUCTURE_CUT, `more than ${MAX_STRUCTURE_BYTES} bytes besides the records, the rest is not shown`],
  [UNKNOWN_VERSION, 'its version is not known, so its fields are not shown'],
  [FIELDS_UNKNOWN, 'its fields are not known'],
  [BYTES_BEHIND, 'bytes behind its last known field'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
]
