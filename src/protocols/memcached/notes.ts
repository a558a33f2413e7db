import type { Sentences } from '../sentences.ts'
import { MAX_ITEMS } from './limits.ts'

// What was noticed about a command or an answer: one bit each.

export const END_WITHIN = 1 << 0
export const LOST_WITHIN = 1 << 1
export const BROKEN = 1 << 2
/** With any of these the half is not complete. */
export const INCOMPLETE = END_WITHIN | LOST_WITHIN | BROKEN

export const AFTER_LOSS = 1 << 3
export const ITEMS_CUT = 1 << 4

export const SENTENCES: Sentences = [
  [END_WITHIN, 'the connection ends within it'],
  [LOST_WITHIN, 'bytes of it were lost'],
  [BROKEN, 'its value does not end where it should'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
  [ITEMS_CUT, `more items than are kept (${MAX_ITEMS}, or their size)`],
]
