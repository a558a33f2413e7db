import type { Sentences } from '../sentences.ts'
import { MAX_HEADERS } from '../http/limits.ts'
import { MAX_HEAD_BYTES, MAX_INTERIM, MAX_TRAILER_BYTES } from './limits.ts'

// What was noticed about a request or a response: one bit each, so that noting something costs nothing until somebody reads it.

export const END_IN_HEAD = 1 << 0
export const END_IN_BODY = 1 << 1
export const LOST_IN_HEAD = 1 << 2
export const LOST_IN_BODY = 1 << 3
export const HEAD_TOO_LONG = 1 << 4
export const BAD_CHUNK = 1 << 5
export const LENGTH_INVALID = 1 << 6
export const CODING_UNKNOWN_END = 1 << 7
export const NOT_FINAL = 1 << 8
/** With any of these the message is not complete. */
export const INCOMPLETE = END_IN_HEAD | END_IN_BODY | LOST_IN_HEAD | LOST_IN_BODY | HEAD_TOO_LONG | BAD_CHUNK | LENGTH_INVALID
  | CODING_UNKNOWN_END | NOT_FINAL

export const LENGTH_AND_CODING = 1 << 9
export const LENGTHS_DIFFER = 1 << 10
export const LENGTH_REPEATED = 1 << 11
export const CODING_IN_1_0 = 1 << 12
export const SPACE_BEFORE_COLON = 1 << 13
export const BAD_NAME = 1 << 14
export const CONTROL_IN_HEAD = 1 << 15
export const FOLDED = 1 << 16
export const BARE_LF = 1 << 17
export const EMPTY_LINES = 1 << 18
export const LOOSE_START = 1 << 19
export const TOO_MANY_HEADERS = 1 << 20
export const TRAILERS_CUT = 1 << 21
export const UNTIL_CLOSE = 1 << 22
export const AFTER_LOSS = 1 << 23
export const INTERIM_CUT = 1 << 24

/** In the order in which they are told: what explains an incomplete message first. */
export const SENTENCES: Sentences = [
  [END_IN_HEAD, 'the connection ends within the head'],
  [END_IN_BODY, 'the connection ends within the body'],
  [LOST_IN_HEAD, 'bytes of the head were lost'],
  [LOST_IN_BODY, 'bytes of the body were lost'],
  [HEAD_TOO_LONG, `the head is longer than ${MAX_HEAD_BYTES} bytes, the rest was skipped`],
  [BAD_CHUNK, 'the chunked coding is broken, the rest of the body was skipped'],
  [LENGTH_INVALID, 'Content-Length is not a number, the body was skipped'],
  [CODING_UNKNOWN_END, 'the last Transfer-Encoding is not chunked, so the end of the body cannot be known'],
  [NOT_FINAL, 'no final response followed'],
  [LENGTH_AND_CODING, 'Content-Length and Transfer-Encoding together, the latter was used; a sign of request smuggling'],
  [LENGTHS_DIFFER, 'several Content-Length that differ, the first was used; a sign of request smuggling'],
  [LENGTH_REPEATED, 'Content-Length is repeated'],
  [CODING_IN_1_0, 'Transfer-Encoding in an HTTP/1.0 message; a sign of request smuggling'],
  [SPACE_BEFORE_COLON, 'white space before the colon of a header; a sign of request smuggling'],
  [BAD_NAME, 'a header line without a valid name'],
  [CONTROL_IN_HEAD, 'control characters in the head'],
  [FOLDED, 'folded header lines (obs-fold)'],
  [BARE_LF, 'lines that end without CR'],
  [EMPTY_LINES, 'empty lines before the start line'],
  [LOOSE_START, 'irregular white space in the start line'],
  [TOO_MANY_HEADERS, `more than ${MAX_HEADERS} header lines, the rest is not listed`],
  [TRAILERS_CUT, `trailers longer than ${MAX_TRAILER_BYTES} bytes, the rest is not listed`],
  [UNTIL_CLOSE, 'the body ends with the connection, so its length cannot be verified'],
  [AFTER_LOSS, 'bytes before it were lost or skipped'],
  [INTERIM_CUT, `more than ${MAX_INTERIM} interim responses, the rest is not listed`],
]
