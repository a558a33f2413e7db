import { HEADER_BYTES, TYPE_SOA, doubleWord, rcodeOf, word } from './header.ts'
import { nameEnd } from './name.ts'

/** SOA records with the new serial by which a whole zone ends, and by which a list of its changes does (RFC 5936 §2.2, RFC 1995 §4). */
const ENDS_ZONE = 2
const ENDS_CHANGES = 3

/** Counts a zone transfer (AXFR, IXFR) message by message, and finds its end. */
export class Transfer {
  messages = 0
  records = 0
  sizeBytes = 0
  isOver = false
  #serial = -1
  #seen = 0
  #endsAt = ENDS_ZONE

  /** bytes[start, end) is a message that answers. */
  add(bytes: Uint8Array, start: number, end: number): void {
    this.messages++
    this.sizeBytes += end - start
    if (rcodeOf(word(bytes, start + 2)) !== 0) this.isOver = true
    let at = start + HEADER_BYTES
    for (let left = word(bytes, start + 4); left > 0 && at > 0; left--) at = nameEnd(bytes, start, at, end) + 4
    for (let left = word(bytes, start + 6); left > 0; left--) {
      const after = nameEnd(bytes, start, at, end)
      if (after < 0 || after + 10 > end) return
      const next = after + 10 + word(bytes, after + 8)
      if (next > end) return
      this.#record(bytes, start, word(bytes, after), after + 10, next)
      at = next
    }
    // One SOA alone says that nothing has changed, or that it does not fit (RFC 1995 §2).
    if (this.records === 1 && this.messages === 1 && this.#seen === 1) this.isOver = true
  }

  #record(bytes: Uint8Array, start: number, type: number, at: number, end: number): void {
    this.records++
    if (type !== TYPE_SOA) return
    const names = nameEnd(bytes, start, at, end)
    const serialAt = names < 0 ? -1 : nameEnd(bytes, start, names, end)
    if (serialAt < 0 || serialAt + 4 > end) return
    const serial = doubleWord(bytes, serialAt)
    if (this.records === 1) this.#serial = serial
    if (this.records === 2 && serial !== this.#serial) this.#endsAt = ENDS_CHANGES
    if (serial === this.#serial && ++this.#seen >= this.#endsAt) this.isOver = true
  }
}
