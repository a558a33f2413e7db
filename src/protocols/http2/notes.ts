import type { Sentences } from '../sentences.ts'
import { MAX_HEADERS } from '../http/limits.ts'
import { MAX_BLOCK_BYTES, MAX_INTERIM, MAX_RESETS_A_SECOND } from './limits.ts'

// What was noticed about a request or a response: one bit each, so that noting something costs nothing until somebody reads it.

export const END_IN_HEAD = 1 << 0
export const END_IN_BODY = 1 << 1
export const LOST_IN_BODY = 1 << 2
export const LOST_AROUND = 1 << 3
export const HEAD_BROKEN = 1 << 4
export const HEAD_TOO_LONG = 1 << 5
export const NO_HEAD = 1 << 6
export const UNKNOWN_FIELDS = 1 << 7
export const NOT_FINAL = 1 << 8
/** With any of these the message is not complete. */
export const INCOMPLETE = END_IN_HEAD | END_IN_BODY | LOST_IN_BODY | LOST_AROUND | HEAD_BROKEN | HEAD_TOO_LONG | NO_HEAD | UNKNOWN_FIELDS | NOT_FINAL

export const LIST_CUT = 1 << 9
export const INTERIM_CUT = 1 << 10
export const AFTER_LOSS = 1 << 11
export const BY_UPGRADE = 1 << 12
export const PUSHED = 1 << 13
export const RESET_FLOOD = 1 << 14
export const NOT_KEPT = 1 << 15
export const CUT_AT_START = 1 << 16
export const MORE_TRAILERS = 1 << 17

/** In the order in which they are told: what explains an incomplete message first. */
export const SENTENCES: Sentences = [
  [NO_HEAD, 'the headers were not captured'],
  [UNKNOWN_FIELDS, 'some header fields are unknown: the table entries that they refer to were not captured'],
  [END_IN_HEAD, 'the connection ends within the headers'],
  [END_IN_BODY, 'the connection ends before the stream does'],
  [LOST_IN_BODY, 'bytes of the body were lost'],
  [LOST_AROUND, 'frames of the connection were lost meanwhile, some of them may belong here'],
  [HEAD_BROKEN, 'the header block is broken, what was read before that is shown'],
  [HEAD_TOO_LONG, `the header block is longer than ${MAX_BLOCK_BYTES} bytes or has too many frames, it was skipped`],
  [NOT_FINAL, 'no final response followed'],
  [LIST_CUT, `more than ${MAX_HEADERS} header fields or too large a list, the rest is not listed`],
  [INTERIM_CUT, `more than ${MAX_INTERIM} interim responses, the rest is not listed`],
  [MORE_TRAILERS, 'further header blocks behind the trailers, they are not listed'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
  [BY_UPGRADE, 'it came as HTTP/1.1 with Upgrade, and is a message of its own there'],
  [PUSHED, 'promised by the server (PUSH_PROMISE)'],
  [RESET_FLOOD, `more than ${MAX_RESETS_A_SECOND} streams were reset within a second; a sign of a rapid reset attack`],
  [NOT_KEPT, 'the body was not kept: too much of other streams is'],
  [CUT_AT_START, 'the body is not shown: it begins within a message whose first part was over the limit'],
]
