import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { upperRcode } from './edns.ts'
import { HEADER_BYTES, OPCODE_QUERY, QR, TC, TYPE_AXFR, TYPE_IXFR, opcodeOf, rcodeOf, word } from './header.ts'
import type { Scan } from './scan.ts'
import { CUT, WHOLE } from './scan.ts'

const SHORT_BYTES = 64
const NO_BYTES = new Uint8Array(0)
/** For those of whom only the fixed fields are wanted. */
export const KEEP_NOTHING = -1

/** One DNS message as captured: what is always needed, and the bytes that were kept. */
export class DnsMessage {
  readonly side: Side
  readonly id: number
  readonly flags: number
  readonly atMicros: Micros
  /** A copy, the fixed header at least, and the questions where they are whole; or nothing. */
  readonly bytes: Uint8Array
  /** As sent; more than the bytes where those were cut or not all are kept. */
  readonly sentBytes: number
  /** How many of them were captured. */
  readonly capturedBytes: number
  /** What the scan says: WHOLE, CUT, BAD_QUESTION or BAD_RECORD. */
  readonly verdict: number
  readonly questionEnd: number
  /** Behind the last record. */
  readonly end: number
  /** With its upper bits out of OPT. */
  readonly rcode: number
  readonly optAt: number

  /** Copies from bytes[start, end), which the scan has walked over. @param keepBytes how many are kept; more where the questions need them; KEEP_NOTHING: not even those */
  constructor(side: Side, at: Micros, bytes: Uint8Array, start: number, end: number, missing: number, scan: Scan, keepBytes: number) {
    this.side = side
    this.id = word(bytes, start)
    this.flags = word(bytes, start + 2)
    this.atMicros = at
    this.capturedBytes = end - start
    this.sentBytes = end - start + missing
    this.verdict = scan.verdict
    this.questionEnd = keepBytes < 0 ? HEADER_BYTES : scan.questionEnd
    this.end = scan.end
    this.rcode = rcodeOf(this.flags) | (scan.optAt === 0 ? 0 : upperRcode(bytes, start + scan.optAt))
    this.bytes = keepBytes < 0 ? NO_BYTES : copyOf(bytes, start, Math.min(end, start + Math.max(keepBytes, scan.questionEnd, HEADER_BYTES)))
    this.optAt = scan.optAt + 8 <= this.bytes.length ? scan.optAt : 0
  }

  get opcode(): number {
    return opcodeOf(this.flags)
  }

  get isResponse(): boolean {
    return (this.flags & QR) !== 0
  }

  get isTruncated(): boolean {
    return (this.flags & TC) !== 0
  }

  get isWhole(): boolean {
    return this.verdict === WHOLE
  }

  get isCut(): boolean {
    return this.verdict === CUT
  }

  /** A zone is asked for: many messages answer. */
  get isTransfer(): boolean {
    if (this.opcode !== OPCODE_QUERY || this.questionEnd < HEADER_BYTES + 5) return false
    const type = word(this.bytes, this.questionEnd - 4)
    return type === TYPE_AXFR || type === TYPE_IXFR
  }

  /** Whether its questions are those of a message at `start`, which end at `questionEnd` from there, whatever the case of letters. Without questions it may answer or ask anything. */
  hasQuestionOf(bytes: Uint8Array, start: number, questionEnd: number): boolean {
    if (this.questionEnd === HEADER_BYTES || questionEnd === HEADER_BYTES) return true
    if (this.questionEnd !== questionEnd) return false
    const own = this.bytes
    for (let i = HEADER_BYTES; i < questionEnd; i++) {
      const byte = bytes[start + i]!
      if (own[i] !== byte && lower(own[i]!) !== lower(byte)) return false
    }
    return true
  }
}

/** Most are short, and a view of them would cost more than the loop. Not slice(): that of a Buffer is a view. */
function copyOf(bytes: Uint8Array, from: number, to: number): Uint8Array {
  if (to - from > SHORT_BYTES) return new Uint8Array(bytes.subarray(from, to))
  const copy = new Uint8Array(to - from)
  for (let i = from; i < to; i++) copy[i - from] = bytes[i]!
  return copy
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
