import { HEADER_BYTES, TYPE_OPT, word } from './header.ts'
import { NAME_BAD, NAME_CUT, nameEnd } from './name.ts'

export const WHOLE = 0
/** It goes on beyond the bytes at hand. */
export const CUT = 1
/** Its questions break the format, or it claims more of them than fit: this is no DNS message. */
export const BAD_QUESTION = 2
/** A record breaks the format. What is before it can be shown. */
export const BAD_RECORD = 3

/** What walking over a message once finds out. One object is reused: copy what must stay. */
export class Scan {
  /** WHOLE, CUT, BAD_QUESTION or BAD_RECORD. */
  verdict = WHOLE
  /** Behind the last question; the header's end where there is none. Counted from the start of the message. */
  questionEnd = HEADER_BYTES
  /** Where the records were found to end. Bytes may follow. */
  end = HEADER_BYTES
  /** Where the OPT record's class is, or 0. */
  optAt = 0
  /** All records that were found, of all three sections. */
  records = 0

  /** Walks over bytes[start, end): no text is made, nothing allocated. `isCut`: more was sent than is here. */
  run(bytes: Uint8Array, start: number, end: number, isCut: boolean): number {
    this.optAt = this.records = 0
    this.questionEnd = this.end = HEADER_BYTES
    this.verdict = WHOLE
    if (end - start < HEADER_BYTES) return this.verdict = isCut ? CUT : BAD_QUESTION
    const afterQuestions = this.#questions(bytes, start, end, isCut)
    if (this.verdict !== WHOLE) return this.verdict
    this.questionEnd = this.end = afterQuestions - start
    this.#records(bytes, start, end, isCut)
    return this.verdict
  }

  #questions(bytes: Uint8Array, start: number, end: number, isCut: boolean): number {
    let at = start + HEADER_BYTES
    for (let left = word(bytes, start + 4); left > 0; left--) {
      const after = nameEnd(bytes, start, at, end)
      if (after === NAME_BAD || ((after === NAME_CUT || after + 4 > end) && !isCut)) {
        this.verdict = BAD_QUESTION
        return at
      }
      if (after === NAME_CUT || after + 4 > end) {
        this.verdict = CUT
        return at
      }
      at = after + 4
    }
    return at
  }

  #records(bytes: Uint8Array, start: number, end: number, isCut: boolean): void {
    let at = start + this.questionEnd
    for (let left = word(bytes, start + 6) + word(bytes, start + 8) + word(bytes, start + 10); left > 0; left--) {
      const after = nameEnd(bytes, start, at, end)
      const next = after < 0 || after + 10 > end ? NAME_CUT : after + 10 + word(bytes, after + 8)
      if (after === NAME_BAD || next < 0 || next > end) {
        this.verdict = after !== NAME_BAD && isCut ? CUT : BAD_RECORD
        return
      }
      if (word(bytes, after) === TYPE_OPT) this.optAt = after + 2 - start
      this.records++
      at = next
      this.end = at - start
    }
  }
}
