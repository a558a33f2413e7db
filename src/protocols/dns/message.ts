import type { Side } from '../../model/side.ts'
import { CLIENT } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { copyOf } from '../../base/copy-bytes.ts'
import { upperRcode } from './edns.ts'
import { HEADER_BYTES, OPCODE_QUERY, QR, TC, TYPE_AXFR, TYPE_IXFR, opcodeOf, rcodeOf, word } from './header.ts'
import type { Question } from './question.ts'
import type { Scan } from './scan.ts'
import { CUT, WHOLE } from './scan.ts'

const NO_BYTES: Uint8Array = new Uint8Array(0)
/** For those of whom only the fixed fields are wanted. */
export const KEEP_NOTHING = -1

/** One DNS message as captured: what is always needed, and the bytes that were kept. */
export class DnsMessage {
  side: Side = CLIENT
  id = 0
  flags = 0
  atMicros: Micros = 0
  /** A copy, the fixed header at least, and the questions where they are whole; or nothing. With `question` id and flags in it may be those of another message. */
  bytes = NO_BYTES
  /** What it asks, where that is known by its bytes: then no more than the questions is kept. */
  question: Question | undefined = undefined
  /** As sent; more than the bytes where those were cut or not all are kept. */
  sentBytes = 0
  /** How many of them were captured. */
  capturedBytes = 0
  /** What the scan says: WHOLE, CUT, BAD_QUESTION or BAD_RECORD. */
  verdict = WHOLE
  questionEnd = HEADER_BYTES
  /** Behind the last record. */
  end = HEADER_BYTES
  /** With its upper bits out of OPT. */
  rcode = 0
  optAt = 0

  /**
   * Becomes bytes[start, end), which the scan has walked over, and copies of them what is kept.
   * @param keepBytes how many are kept; more where the questions need them; KEEP_NOTHING: not even those
   * @param question its bytes are kept instead
   */
  fill(side: Side, at: Micros, bytes: Uint8Array, start: number, end: number, missing: number, scan: Scan, keepBytes: number, question?: Question): this {
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
    this.bytes = keptOf(bytes, start, end, scan, keepBytes, question)
    this.question = question
    this.optAt = scan.optAt + 8 <= this.bytes.length ? scan.optAt : 0
    return this
  }

  /** Waits to be filled again. */
  clear(): void {
    this.bytes = NO_BYTES
    this.question = undefined
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

  /** Whole, and nothing behind its records: there is nothing to note. */
  get isAsUsual(): boolean {
    return this.verdict === WHOLE && this.end === this.sentBytes
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

function keptOf(bytes: Uint8Array, start: number, end: number, scan: Scan, keepBytes: number, question: Question | undefined): Uint8Array {
  if (question !== undefined) return question.bytes
  return keepBytes < 0 ? NO_BYTES : copyOf(bytes, start, Math.min(end, start + Math.max(keepBytes, scan.questionEnd, HEADER_BYTES)))
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
