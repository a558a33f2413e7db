import type { Sentences } from '../sentences.ts'
import { MAX_SECTIONS, MAX_VALUES } from './limits.ts'

// What was noticed about a request or a reply: one bit each.

export const END_WITHIN = 1 << 0
export const LOST_WITHIN = 1 << 1
/** With any of these the half is not complete. */
export const INCOMPLETE = END_WITHIN | LOST_WITHIN

export const AFTER_LOSS = 1 << 2
export const UNDECODED = 1 << 3
export const BAD_BSON = 1 << 4
export const TOO_MUCH = 1 << 5

export const SENTENCES: Sentences = [
  [END_WITHIN, 'the connection ends within it'],
  [LOST_WITHIN, 'bytes of it were lost'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
  [UNDECODED, 'it could not be decompressed'],
  [BAD_BSON, 'a document that breaks BSON, shown as far as it goes'],
  [TOO_MUCH, `more than ${MAX_VALUES} values or ${MAX_SECTIONS} sections, the rest is not shown`],
]
