import type { Micros } from '../../model/time.ts'
import { BodyReader } from './body-reader.ts'
import type { Framing } from './framing.ts'
import { NO_BODY, TUNNEL, UNKNOWN } from './framing.ts'
import type { Half } from './half.ts'
import type { HeadMemo } from './head-memo.ts'
import type { HeadOwner } from './head-reader.ts'
import { HeadReader } from './head-reader.ts'
import { shortHead, wholeHead } from './head-text.ts'
import { badLineAt } from './header-scan.ts'
import { HeldBytes } from './held-bytes.ts'
import { MAX_HELD_BYTES } from './limits.ts'
import { AFTER_LOSS } from './notes.ts'
import { findStart } from './resync.ts'
import type { Spares } from './spares.ts'

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
export class HalfReader implements HeadOwner {
  readonly #owner: HalfOwner
  readonly #isRequest: boolean
  readonly #heads: HeadReader
  readonly #body = new BodyReader()
  #phase = AT_START
  /** What is held back. */
  readonly #held = new HeldBytes()
  /** Stream offset of the bytes that are being read. */
  #base = 0
  #offset = 0

  constructor(owner: HalfOwner, isRequest: boolean, memo: HeadMemo, spares: Spares | undefined) {
    this.#owner = owner
    this.#isRequest = isRequest
    this.#heads = new HeadReader(this, isRequest, memo, spares)
  }

  /** Of a head, of what is held back, and of a body that is being read. */
  get heldBytes(): number {
    return this.#heads.heldBytes + this.#held.length + this.#body.heldBytes
  }

  /** The start was missed: begin by searching. */
  seek(): void {
    this.#phase = SEEKING
    this.#heads.clear()
    this.#held.clear()
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
    if (this.#held.length === 0) this.#owner.handOver(from < to ? buf.subarray(from, to) : NONE)
    else {
      this.#held.hold(buf, from, to, at, 0)
      this.#owner.handOver(this.#held.take())
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
      case AT_START: return this.#heads.read(buf, i, to, this.#base, at)
      case IN_BODY: return this.#readBody(buf, i, to, at)
      case SEEKING: return this.#search(buf, i, to)
      default: return this.#hold(buf, i, to, at)
    }
  }

  refuse(i: number, result: number): number {
    const resume = Math.max(i + 1, badLineAt(result))
    const wasStrict = this.#heads.isStrict
    this.seek()
    if (wasStrict) return resume
    if (this.#owner.refuses()) {
      this.#phase = OFF
      return resume
    }
    this.malformed(this.#isRequest ? 'not a request line' : 'not a status line', this.#base + i)
    this.lost()
    return resume
  }

  refuseHeld(bytes: Uint8Array, result: number, offset: number, at: Micros): void {
    const base = this.#base
    this.#base = offset
    const resume = this.refuse(0, result)
    const end = this.#run(bytes, resume, bytes.length, offset, at)
    if (this.#phase === HANDING_OVER) this.#held.hold(bytes, end, bytes.length, at, 0)
    this.#base = base
  }

  malformed(what: string, offset: number): void {
    this.#owner.malformed(this.#isRequest, what, offset)
  }

  cutHead(half: Half, at: Micros): void {
    this.#owner.began(half)
    this.#finish(half, at)
  }

  begin(half: Half, buf: Uint8Array, from: number, to: number, at: Micros): void {
    const owner = this.#owner
    half.head = owner.details ? wholeHead(half, buf, from, to) : shortHead(half, buf, from, to)
    const framing = owner.began(half)
    if (half.head === '' && owner.needsHead(half)) half.head = wholeHead(half, buf, from, to)
    if (framing === NO_BODY) this.#finish(half, at)
    else if (framing === TUNNEL) this.#leave(half, at)
    else if (framing === UNKNOWN) this.#skipBody(half, at)
    else {
      this.#body.begin(half, framing, owner.bodyLimitBytes(half))
      this.#phase = IN_BODY
    }
  }

  #skipBody(half: Half, at: Micros): void {
    this.#finish(half, at)
    this.seek()
    this.lost()
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
    this.malformed('broken chunked coding', this.#base + broken)
    this.#skipBody(body.half, at)
    return broken
  }

  #search(buf: Uint8Array, i: number, to: number): number {
    const start = findStart(this.#isRequest, buf, i, to)
    if (start < to) {
      this.#phase = AT_START
      this.#heads.isStrict = true
    }
    return start
  }

  lost(): void {
    this.#heads.bits |= AFTER_LOSS
    this.#owner.lostCount(this.#isRequest)
  }

  #hold(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const limit = Math.min(to, i + MAX_HELD_BYTES - this.#held.length)
    this.#held.hold(buf, i, limit, at, this.#base + i)
    if (limit < to) {
      this.malformed(`more than ${MAX_HELD_BYTES} bytes before the answer to an upgrade`, this.#held.offset)
      this.seek()
      this.lost()
    }
    return limit
  }

  /** There is no switch: what was held back are requests. */
  release(): void {
    if (this.#phase !== HOLDING) return
    this.#phase = AT_START
    if (this.#held.length === 0) return
    const { atMicros, offset } = this.#held
    const held = this.#held.take()
    this.#run(held, 0, held.length, offset, atMicros)
  }

  /** There is a switch: what was held back is the other protocol's. */
  takeHeld(): Uint8Array {
    const bytes = this.#phase === HOLDING ? this.#held.take() : NONE
    this.stop()
    return bytes
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    switch (this.#phase) {
      case AT_START: return this.#loseHead(at)
      case IN_BODY: return this.#loseBody(bytes, at)
      case HOLDING: return this.#loseHead(at)
      case SEEKING: return this.lost()
      default:
    }
  }

  #loseHead(at: Micros): void {
    if (this.#phase === AT_START) this.#heads.lose(at)
    this.seek()
    this.lost()
  }

  /** Within a body only bytes are lost, and not the place. */
  #loseBody(bytes: number, at: Micros): void {
    const body = this.#body
    if (!body.lose(bytes)) this.#skipBody(body.half, at)
    else if (body.isOver) this.#finish(body.half, at)
  }

  end(at: Micros): void {
    for (let again = true; again && this.#phase === AT_START;) again = this.#heads.end(at)
    if (this.#phase === IN_BODY) {
      this.#body.end()
      this.#finish(this.#body.half, at)
    }
    this.stop()
  }
}
