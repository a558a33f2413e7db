import type { Micros } from '../../model/time.ts'
import { BodyReader } from './body-reader.ts'
import { CR, LF, latin1 } from '../http/bytes.ts'
import type { Framing } from './framing.ts'
import { NO_BODY, TUNNEL, UNKNOWN } from './framing.ts'
import { Half } from './half.ts'
import type { HeadMemo } from './head-memo.ts'
import type { Spares } from './spares.ts'
import { shortHead, wholeHead } from './head-text.ts'
import { guessStartLine } from './guess.ts'
import { scanHead } from './head-scan.ts'
import { badLineAt } from './header-scan.ts'
import { MAX_HEAD_BYTES, MAX_HELD_BYTES } from './limits.ts'
import { AFTER_LOSS, EMPTY_LINES, END_IN_HEAD, HEAD_TOO_LONG, LOST_IN_HEAD } from './notes.ts'
import { ENDED, PartialHead, REFUSED } from './partial-head.ts'
import { findStart } from './resync.ts'
import { NOT_HTTP, UNFINISHED } from './start-line.ts'
import { NOWHERE } from './whole-heads.ts'

const AT_START = 0
const IN_BODY = 1
/** In the middle of anything: the next start line is searched for. */
const SEEKING = 2
/** What comes now may belong to another protocol; the answer will tell. */
const HOLDING = 3
const HANDING_OVER = 4
const OFF = 5

const NONE = new Uint8Array(0)

/** The connection that a reader works for. */
export interface HalfOwner {
  /** False: of heads no more is kept than lines and lenses read. */
  readonly details: boolean
  /** Does a response need its head in spite of that? Asked when it has begun. */
  needsHead(response: Half): boolean
  /** The head is there, or all that will ever be of it: how does the body end? */
  began(half: Half): Framing
  /** How many bytes of its body are kept. */
  bodyLimitBytes(half: Half): number
  /** `half.over`: the body is there, or all that will ever be of it. */
  finished(half: Half): void
  /** Whether what follows this request may be something else than the next request. */
  awaitsSwitch(request: Half): boolean
  /** Not HTTP from the very start: true where the connection is given up. */
  refuses(): boolean
  malformed(isRequest: boolean, what: string, offset: number): void
  /** Messages may have been missed. */
  lostCount(isRequest: boolean): void
  /** Everything from here on belongs to another protocol. */
  handOver(rest: Uint8Array): void
}

/** Cuts the bytes of one side into requests or responses. */
export class HalfReader {
  readonly #owner: HalfOwner
  readonly #isRequest: boolean
  readonly #body: BodyReader
  readonly #memo: HeadMemo
  readonly #spares: Spares | undefined
  /** Where the memo has the head that was read last, as a whole. */
  #place = NOWHERE
  #phase = AT_START
  /** Set while a start line is tried that was searched for. */
  #isStrict = false
  /** A head that is not whole yet, or what is held back. */
  readonly #pending: PartialHead
  /** For the notes of the next message. */
  #bits = 0
  /** Stream offset of the bytes that are being read. */
  #base = 0
  #offset = 0

  constructor(owner: HalfOwner, isRequest: boolean, memo: HeadMemo, spares: Spares | undefined) {
    this.#owner = owner
    this.#isRequest = isRequest
    this.#memo = memo
    this.#spares = spares
    this.#pending = new PartialHead(isRequest)
    this.#body = new BodyReader()
  }

  /** Of a head, of what is held back, and of a body that is being read. */
  get heldBytes(): number {
    return this.#pending.length + this.#body.heldBytes
  }

  /** The start was missed: begin by searching. */
  seek(): void {
    this.#phase = SEEKING
    this.#isStrict = false
    this.#pending.clear()
  }

  stop(): void {
    this.seek()
    this.#phase = OFF
  }

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    const end = this.#run(buf, from, to, this.#offset - from, at)
    this.#offset += to - from
    if (this.#phase === IN_BODY) this.#body.settle()
    if (this.#phase === HANDING_OVER) this.#handOver(buf, end, to, at)
  }

  #handOver(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#phase = OFF
    if (this.#pending.length === 0) this.#owner.handOver(from < to ? buf.subarray(from, to) : NONE)
    else {
      this.#pending.hold(buf, from, to, at, 0)
      this.#owner.handOver(this.#pending.take())
    }
  }

  /** `base`: stream offset of buf[0]. Returns how far it came: to the end, or to where the connection is handed over. */
  #run(buf: Uint8Array, from: number, to: number, base: number, at: Micros): number {
    this.#base = base
    let i = from
    while (i < to && this.#phase < HANDING_OVER) i = this.#step(buf, i, to, at)
    return i
  }

  /** Reads what the phase is about, returns where the next begins. */
  #step(buf: Uint8Array, i: number, to: number, at: Micros): number {
    switch (this.#phase) {
      case AT_START: return this.#pending.length === 0 ? this.#readHead(buf, i, to, at) : this.#continueHead(buf, i, to, at)
      case IN_BODY: return this.#readBody(buf, i, to, at)
      case SEEKING: return this.#search(buf, i, to)
      default: return this.#hold(buf, i, to, at)
    }
  }

  #readHead(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const half = this.#spares === undefined ? new Half(this.#isRequest, at) : this.#spares.half(this.#isRequest, at)
    const known = this.#isStrict ? 0 : this.#memo.wholes.recall(this.#place, half, buf, i, to)
    if (known > 0) {
      this.#begin(half, buf, i, i + known, at)
      return i + known
    }
    return buf[i] === CR || buf[i] === LF ? this.#skipEmptyLines(buf, i, to) : this.#readNewHead(half, buf, i, to, at)
  }

  #readNewHead(half: Half, buf: Uint8Array, i: number, to: number, at: Micros): number {
    const limit = Math.min(to, i + MAX_HEAD_BYTES)
    const end = scanHead(half, buf, i, limit, this.#isStrict, this.#memo)
    if (end > 0) {
      this.#place = this.#memo.wholes.placeOf(half, buf, i, end)
      this.#begin(half, buf, i, end, at)
      return end
    }
    if (end !== UNFINISHED) return this.#refuse(i, end)
    if (limit - i === MAX_HEAD_BYTES) {
      this.#headTooLong(half, latin1(buf, i, limit), this.#base + i, at)
      return limit
    }
    if (this.#pending.begin(buf, i, to, at, this.#base + i, half.headersAt > 0) === REFUSED) this.#refusePending(NOT_HTTP)
    return to
  }

  /** RFC 9112 §2.2. */
  #skipEmptyLines(buf: Uint8Array, from: number, to: number): number {
    this.#bits |= EMPTY_LINES
    let i = from
    while (i < to && (buf[i] === CR || buf[i] === LF)) i++
    return i
  }

  #continueHead(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const pending = this.#pending
    const held = pending.length
    const limit = Math.min(to, i + MAX_HEAD_BYTES - held)
    const state = pending.add(buf, i, limit)
    if (state === REFUSED) this.#refusePending(NOT_HTTP)
    else if (state === ENDED) return this.#endPending(i - held, limit, at)
    else if (pending.length === MAX_HEAD_BYTES) this.#pendingTooLong(at)
    return limit
  }

  /** `shift`: offset in the current bytes of what is pending. */
  #endPending(shift: number, to: number, at: Micros): number {
    const pending = this.#pending
    const half = new Half(this.#isRequest, pending.atMicros)
    const end = scanHead(half, pending.buffer, 0, pending.length, this.#isStrict)
    if (end < 0) {
      this.#refusePending(end)
      return to
    }
    const { buffer } = pending
    pending.clear()
    this.#begin(half, buffer, 0, end, at)
    return end + shift
  }

  /** What begins at `i` is no head. Returns where to go on searching. */
  #refuse(i: number, result: number): number {
    const resume = Math.max(i + 1, badLineAt(result))
    const wasStrict = this.#isStrict
    this.seek()
    if (wasStrict) return resume
    if (this.#owner.refuses()) {
      this.#phase = OFF
      return resume
    }
    this.#owner.malformed(this.#isRequest, this.#isRequest ? 'not a request line' : 'not a status line', this.#base + i)
    this.#lost()
    return resume
  }

  #refusePending(result: number): void {
    const base = this.#base
    const { atMicros, offset } = this.#pending
    const bytes = this.#pending.take()
    this.#base = offset
    const resume = this.#refuse(0, result)
    const end = this.#run(bytes, resume, bytes.length, offset, atMicros)
    if (this.#phase === HANDING_OVER) this.#pending.hold(bytes, end, bytes.length, atMicros, 0)
    this.#base = base
  }

  #pendingTooLong(at: Micros): void {
    const { buffer, length } = this.#pending
    const half = new Half(this.#isRequest, this.#pending.atMicros)
    const result = scanHead(half, buffer, 0, length, this.#isStrict)
    if (result !== UNFINISHED) this.#refusePending(result)
    else {
      const head = latin1(buffer, 0, length)
      this.#pending.clear()
      this.#headTooLong(half, head, this.#pending.offset, at)
    }
  }

  #headTooLong(half: Half, head: string, offset: number, at: Micros): void {
    if (!this.#isStrict) {
      this.#owner.malformed(this.#isRequest, `head longer than ${MAX_HEAD_BYTES} bytes`, offset)
      this.#cutHead(half, head, HEAD_TOO_LONG, at)
      this.#lost()
    }
    this.seek()
  }

  /** A head that will never be whole is shown as far as it goes. */
  #cutHead(half: Half, head: string, bit: number, at: Micros): void {
    half.head = head
    if (half.headersAt === 0) guessStartLine(half)
    half.bits |= bit | this.#bits
    this.#bits = 0
    this.#isStrict = false
    this.#owner.began(half)
    this.#finish(half, at)
  }

  /** The head is buf[from, to). */
  #begin(half: Half, buf: Uint8Array, from: number, to: number, at: Micros): void {
    const owner = this.#owner
    half.bits |= this.#bits
    this.#bits = 0
    this.#isStrict = false
    half.head = owner.details ? wholeHead(half, buf, from, to) : shortHead(half, buf, from, to)
    const framing = owner.began(half)
    if (half.head === '' && owner.needsHead(half)) half.head = wholeHead(half, buf, from, to)
    if (framing === NO_BODY) this.#finish(half, at)
    else if (framing === TUNNEL) this.#leave(half, at)
    else if (framing === UNKNOWN) this.#skipBody(half, at)
    else {
      this.#body.begin(half, framing, this.#owner.bodyLimitBytes(half))
      this.#phase = IN_BODY
    }
  }

  #skipBody(half: Half, at: Micros): void {
    this.#finish(half, at)
    this.seek()
    this.#lost()
  }

  #leave(half: Half, at: Micros): void {
    this.#finish(half, at)
    this.#phase = HANDING_OVER
  }

  #finish(half: Half, at: Micros): void {
    half.endMicros = at
    half.over = true
    this.#body.release()
    this.#phase = this.#isRequest && this.#owner.awaitsSwitch(half) ? HOLDING : AT_START
    this.#owner.finished(half)
  }

  #readBody(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const body = this.#body
    const end = body.feed(buf, i, to)
    if (body.isOver) this.#finish(body.half, at)
    if (!body.isBroken) return end
    // The byte that breaks it may be the first of the next message.
    const broken = end - 1
    this.#owner.malformed(this.#isRequest, 'broken chunked coding', this.#base + broken)
    this.#skipBody(body.half, at)
    return broken
  }

  #search(buf: Uint8Array, i: number, to: number): number {
    const start = findStart(this.#isRequest, buf, i, to)
    if (start < to) {
      this.#phase = AT_START
      this.#isStrict = true
    }
    return start
  }

  #lost(): void {
    this.#bits |= AFTER_LOSS
    this.#owner.lostCount(this.#isRequest)
  }

  #hold(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const limit = Math.min(to, i + MAX_HELD_BYTES - this.#pending.length)
    this.#pending.hold(buf, i, limit, at, this.#base + i)
    if (limit < to) {
      this.#owner.malformed(this.#isRequest, `more than ${MAX_HELD_BYTES} bytes before the answer to an upgrade`, this.#pending.offset)
      this.seek()
      this.#lost()
    }
    return limit
  }

  /** There is no switch: what was held back are requests. */
  release(): void {
    if (this.#phase !== HOLDING) return
    this.#phase = AT_START
    if (this.#pending.length === 0) return
    const { atMicros, offset } = this.#pending
    const held = this.#pending.take()
    this.#run(held, 0, held.length, offset, atMicros)
  }

  /** There is a switch: what was held back is the other protocol's. */
  takeHeld(): Uint8Array {
    const bytes = this.#phase === HOLDING ? this.#pending.take() : NONE
    this.stop()
    return bytes
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    switch (this.#phase) {
      case AT_START: return this.#loseHead(at)
      case IN_BODY: return this.#loseBody(bytes, at)
      case HOLDING: return this.#loseHead(at)
      case SEEKING: return this.#lost()
      default:
    }
  }

  #loseHead(at: Micros): void {
    if (this.#phase === AT_START && this.#pending.length > 0 && !this.#isStrict) this.#cutPending(LOST_IN_HEAD, at)
    this.seek()
    this.#lost()
  }

  /** Within a body only bytes are lost, and not the place. */
  #loseBody(bytes: number, at: Micros): void {
    const body = this.#body
    if (!body.lose(bytes)) this.#skipBody(body.half, at)
    else if (body.isOver) this.#finish(body.half, at)
  }

  #cutPending(bit: number, at: Micros): void {
    const { buffer, length } = this.#pending
    const half = new Half(this.#isRequest, this.#pending.atMicros)
    scanHead(half, buffer, 0, length, false)
    const head = latin1(buffer, 0, length)
    this.#pending.clear()
    this.#cutHead(half, head, bit, at)
  }

  end(at: Micros): void {
    if (this.#phase === AT_START) this.#endHead(at)
    if (this.#phase === IN_BODY) {
      this.#body.end()
      this.#finish(this.#body.half, at)
    }
    this.stop()
  }

  #endHead(at: Micros): void {
    while (this.#pending.length > 0 && this.#phase === AT_START) {
      if (!this.#isStrict) return this.#cutPending(END_IN_HEAD, at)
      const half = new Half(this.#isRequest, this.#pending.atMicros)
      const result = scanHead(half, this.#pending.buffer, 0, this.#pending.length, true)
      if (result !== UNFINISHED) this.#refusePending(result)
      else if (half.headersAt > 0) return this.#cutPending(END_IN_HEAD, at)
      else return
    }
  }
}
