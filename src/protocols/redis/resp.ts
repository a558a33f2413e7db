// The type bytes of RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/).
export const SIMPLE_STRING = 0x2b
export const ERROR = 0x2d
export const INTEGER = 0x3a
export const BULK_STRING = 0x24
export const ARRAY = 0x2a
export const NULL = 0x5f
const BOOLEAN = 0x23
export const DOUBLE = 0x2c
const BIG_NUMBER = 0x28
const BULK_ERROR = 0x21
const VERBATIM_STRING = 0x3d
export const MAP = 0x25
export const SET = 0x7e
export const PUSH = 0x3e
export const ATTRIBUTE = 0x7c
/** A piece of a streamed string; the end of a streamed aggregate. */
export const CHUNK = 0x3b
export const STREAM_END = 0x2e

export const CR = 0x0d
export const LF = 0x0a
export const MINUS = 0x2d
export const QUESTION = 0x3f

/** What follows the type byte. */
export const NO_TYPE = 0
/** Any text up to CRLF. */
export const LINE = 1
/** A number or a word up to CRLF. */
export const SCALAR = 2
/** A length, that many bytes, CRLF. */
export const BLOB = 3
/** A count, that many values. */
export const AGGREGATE = 4
/** A count, that many pairs of values. */
export const PAIRS = 5

const FORMS = new Uint8Array(256)
for (const type of [SIMPLE_STRING, ERROR]) FORMS[type] = LINE
for (const type of [INTEGER, NULL, BOOLEAN, DOUBLE, BIG_NUMBER]) FORMS[type] = SCALAR
for (const type of [BULK_STRING, BULK_ERROR, VERBATIM_STRING, CHUNK]) FORMS[type] = BLOB
for (const type of [ARRAY, SET, PUSH]) FORMS[type] = AGGREGATE
for (const type of [MAP, ATTRIBUTE]) FORMS[type] = PAIRS

/** LINE to PAIRS by type byte, NO_TYPE for all other bytes. */
export function formOf(type: number): number {
  return FORMS[type]!
}

/** 1 for each byte that a SCALAR may hold: digits, signs, exponents, `inf`, `nan`, `t`, `f`. */
export const SCALAR_BYTES = new Uint8Array(256)
for (const c of '0123456789+-.eEinfatINFAT') SCALAR_BYTES[c.charCodeAt(0)] = 1

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
