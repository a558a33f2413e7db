import type { Micros } from '../../model/time.ts'
import { CR, LF, latin1 } from '../http/bytes.ts'
import { guessStartLine } from './guess.ts'
import { Half } from './half.ts'
import type { HeadMemo } from './head-memo.ts'
import { scanHead } from './head-scan.ts'
import { MAX_HEAD_BYTES } from './limits.ts'
import { EMPTY_LINES, END_IN_HEAD, HEAD_TOO_LONG, LOST_IN_HEAD } from './notes.ts'
import { ENDED, PartialHead, REFUSED } from './partial-head.ts'
import type { Spares } from './spares.ts'
import { NOT_HTTP, UNFINISHED } from './start-line.ts'
import { NOWHERE } from './whole-heads.ts'

/** Whom heads are read for. */
export interface HeadOwner {
  /** The head is buf[from, to). */
  begin(half: Half, buf: Uint8Array, from: number, to: number, at: Micros): void
  /** `half.head` is all that will ever be of it. */
  cutHead(half: Half, at: Micros): void
  /** What begins at `i` of the bytes that are being read is no head: `result` of `scanHead`. Returns where to go on searching. */
  refuse(i: number, result: number): number
  /** Neither is what was held; `offset` and `at` are of its first byte. */
  refuseHeld(bytes: Uint8Array, result: number, offset: number, at: Micros): void
  malformed(what: string, offset: number): void
  /** Messages may have been missed. */
  lost(): void
  /** The next start line has to be searched for. */
  seek(): void
}

/** Reads heads of requests or of responses, whole or in pieces, and keeps the pieces. */
export class HeadReader {
  /** Set while a start line is tried that was searched for. */
  isStrict = false
  /** For the notes of the next message. */
  bits = 0
  readonly #owner: HeadOwner
  readonly #isRequest: boolean
  readonly #memo: HeadMemo
  readonly #spares: Spares | undefined
  /** Where the memo has the head that was read last, as a whole. */
  #place = NOWHERE
  readonly #partial: PartialHead

  constructor(owner: HeadOwner, isRequest: boolean, memo: HeadMemo, spares: Spares | undefined) {
    this.#owner = owner
    this.#isRequest = isRequest
    this.#memo = memo
    this.#spares = spares
    this.#partial = new PartialHead(isRequest)
  }

  /** Of a head that is not whole yet. */
  get heldBytes(): number {
    return this.#partial.length
  }

  /** Forgets what it has of a head. */
  clear(): void {
    this.isStrict = false
    this.#partial.clear()
  }

  /** Reads buf[i, to), `base` is the stream offset of buf[0]. Returns where it came to. */
  read(buf: Uint8Array, i: number, to: number, base: number, at: Micros): number {
    return this.#partial.length === 0 ? this.#readHead(buf, i, to, base, at) : this.#continueHead(buf, i, to, at)
  }

  #readHead(buf: Uint8Array, i: number, to: number, base: number, at: Micros): number {
    const half = this.#spares === undefined ? new Half(this.#isRequest, at) : this.#spares.half(this.#isRequest, at)
    const known = this.isStrict ? 0 : this.#memo.wholes.recall(this.#place, half, buf, i, to)
    if (known > 0) {
      this.#begin(half, buf, i, i + known, at)
      return i + known
    }
    return buf[i] === CR || buf[i] === LF ? this.#skipEmptyLines(buf, i, to) : this.#readNewHead(half, buf, i, to, base, at)
  }

  #readNewHead(half: Half, buf: Uint8Array, i: number, to: number, base: number, at: Micros): number {
    const limit = Math.min(to, i + MAX_HEAD_BYTES)
    const end = scanHead(half, buf, i, limit, this.isStrict, this.#memo)
    if (end > 0) {
      this.#place = this.#memo.wholes.placeOf(half, buf, i, end)
      this.#begin(half, buf, i, end, at)
      return end
    }
    if (end !== UNFINISHED) return this.#owner.refuse(i, end)
    if (limit - i === MAX_HEAD_BYTES) {
      this.#tooLong(half, latin1(buf, i, limit), base + i, at)
      return limit
    }
    if (this.#partial.begin(buf, i, to, at, base + i, half.headersAt > 0) === REFUSED) this.#refusePartial(NOT_HTTP)
    return to
  }

  /** RFC 9112 §2.2. */
  #skipEmptyLines(buf: Uint8Array, from: number, to: number): number {
    this.bits |= EMPTY_LINES
    let i = from
    while (i < to && (buf[i] === CR || buf[i] === LF)) i++
    return i
  }

  #continueHead(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const partial = this.#partial
    const held = partial.length
    const limit = Math.min(to, i + MAX_HEAD_BYTES - held)
    const state = partial.continue(buf, i, limit)
    if (state === REFUSED) this.#refusePartial(NOT_HTTP)
    else if (state === ENDED) return this.#endPartial(i - held, limit, at)
    else if (partial.length === MAX_HEAD_BYTES) this.#partialTooLong(at)
    return limit
  }

  /** `shift`: offset in the current bytes of what is held. */
  #endPartial(shift: number, to: number, at: Micros): number {
    const partial = this.#partial
    const half = new Half(this.#isRequest, partial.atMicros)
    const end = scanHead(half, partial.buffer, 0, partial.length, this.isStrict)
    if (end < 0) {
      this.#refusePartial(end)
      return to
    }
    const { buffer } = partial
    partial.clear()
    this.#begin(half, buffer, 0, end, at)
    return end + shift
  }

  #begin(half: Half, buf: Uint8Array, from: number, to: number, at: Micros): void {
    half.bits |= this.bits
    this.bits = 0
    this.isStrict = false
    this.#owner.begin(half, buf, from, to, at)
  }

  #refusePartial(result: number): void {
    const { atMicros, offset } = this.#partial
    this.#owner.refuseHeld(this.#partial.take(), result, offset, atMicros)
  }

  #partialTooLong(at: Micros): void {
    const { buffer, length } = this.#partial
    const half = new Half(this.#isRequest, this.#partial.atMicros)
    const result = scanHead(half, buffer, 0, length, this.isStrict)
    if (result !== UNFINISHED) this.#refusePartial(result)
    else {
      const head = latin1(buffer, 0, length)
      this.#partial.clear()
      this.#tooLong(half, head, this.#partial.offset, at)
    }
  }

  #tooLong(half: Half, head: string, offset: number, at: Micros): void {
    if (!this.isStrict) {
      this.#owner.malformed(`head longer than ${MAX_HEAD_BYTES} bytes`, offset)
      this.#cutHead(half, head, HEAD_TOO_LONG, at)
      this.#owner.lost()
    }
    this.#owner.seek()
  }

  /** A head that will never be whole is shown as far as it goes. */
  #cutHead(half: Half, head: string, bit: number, at: Micros): void {
    half.head = head
    if (half.headersAt === 0) guessStartLine(half)
    half.bits |= bit | this.bits
    this.bits = 0
    this.isStrict = false
    this.#owner.cutHead(half, at)
  }

  #cutPartial(bit: number, at: Micros): void {
    const { buffer, length } = this.#partial
    const half = new Half(this.#isRequest, this.#partial.atMicros)
    scanHead(half, buffer, 0, length, false)
    const head = latin1(buffer, 0, length)
    this.#partial.clear()
    this.#cutHead(half, head, bit, at)
  }

  /** Bytes of the head were lost. */
  lose(at: Micros): void {
    if (this.#partial.length > 0 && !this.isStrict) this.#cutPartial(LOST_IN_HEAD, at)
  }

  /** No more bytes will come. True: what was held was no head and has been read anew, so that it may have left another one to end. */
  end(at: Micros): boolean {
    if (this.#partial.length === 0) return false
    const half = new Half(this.#isRequest, this.#partial.atMicros)
    const result = this.isStrict ? scanHead(half, this.#partial.buffer, 0, this.#partial.length, true) : UNFINISHED
    if (result !== UNFINISHED) {
      this.#refusePartial(result)
      return true
    }
    if (!this.isStrict || half.headersAt > 0) this.#cutPartial(END_IN_HEAD, at)
    return false
  }
}
