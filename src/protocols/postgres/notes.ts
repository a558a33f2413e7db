import type { Sentences } from '../sentences.ts'

// What was noticed about an operation: one bit each.

export const END_IN_REQUEST = 1 << 0
export const LOST_IN_REQUEST = 1 << 1
export const NO_REQUEST = 1 << 2
export const NO_ANSWER = 1 << 3
export const GIVEN_UP = 1 << 4
export const ANSWER_CUT = 1 << 5
export const LOST_IN_ANSWER = 1 << 6
export const NOT_FITTING = 1 << 7
/** With any of these the message is not complete. */
export const INCOMPLETE = END_IN_REQUEST | LOST_IN_REQUEST | NO_REQUEST | NO_ANSWER | GIVEN_UP | ANSWER_CUT | LOST_IN_ANSWER | NOT_FITTING

export const SKIPPED = 1 << 8
export const AFTER_LOSS = 1 << 9
export const UNKNOWN_STATEMENT = 1 << 10
export const RESULTS_CUT = 1 << 11
export const NOTICES_CUT = 1 << 12
export const NO_REPLY_KIND = 1 << 13

export const SENTENCES: Sentences = [
  [NO_REQUEST, 'the request was not captured'],
  [END_IN_REQUEST, 'request: the connection ends within it'],
  [LOST_IN_REQUEST, 'request: bytes of it were lost'],
  [GIVEN_UP, 'given up: too many requests wait for an answer'],
  [NO_ANSWER, 'no answer was captured'],
  [ANSWER_CUT, 'response: the connection ends within it'],
  [LOST_IN_ANSWER, 'response: bytes of it were lost'],
  [NOT_FITTING, 'response: not what the request asks for, the rest up to the next ReadyForQuery was left out'],
  [SKIPPED, 'skipped by the server, for a request before it in the same batch failed'],
  [AFTER_LOSS, 'bytes before it were lost'],
  [UNKNOWN_STATEMENT, 'the statement was prepared before the capture, or is no longer remembered'],
  [RESULTS_CUT, 'response: too many results, the rest is not listed'],
  [NOTICES_CUT, 'response: too many notices, the rest is not listed'],
  [NO_REPLY_KIND, 'a cancel request is never answered'],
]
