import type { Micros } from '../../model/time.ts'
import type { Half } from './half.ts'
import { REQUEST_HEAD_BYTES, RESPONSE_HEAD_BYTES } from './half.ts'
import { MAX_CARRY_BYTES, MAX_FRAME_BYTES } from './limits.ts'
import { AFTER_LOSS, BYTES_BEHIND, END_WITHIN, LOST_WITHIN, TOO_SHORT } from './notes.ts'
import { Skim } from './skim.ts'

const AT_HEAD = 0
const IN_BODY = 1
/** In the middle of anything: the next frame is searched for. */
const SEEKING = 2
const OFF = 3
const LENGTH_BYTES = 4

/** The connection that a reader works for. */
export interface FrameOwner {
  /**
   * A frame of `sizeBytes` begins with `head`, of which `headBytes` are there; `hereBytes` of it have arrived, those behind the head as `buf` from `from` on, borrowed.
   * Undefined: it cannot be one. With `steps` its records are found while it passes, with a `line` no more of it is wanted.
   */
  begun(isRequest: boolean, head: Uint8Array, headBytes: number, sizeBytes: number, hereBytes: number, at: Micros, buf: Uint8Array, from: number): Half | undefined
  finished(half: Half): void
  /** Whether a frame begins at `from`: its offset, or `-1 - offset` of the first byte that may begin one when more bytes come. */
  seek(isRequest: boolean, buf: Uint8Array, from: number): number
  /** Not Kafka from the very start: true where the connection is given up. */
  refuses(): boolean
  malformed(isRequest: boolean, what: string, offset: number): void
  /** Requests or answers may have been missed. */
  lost(isRequest: boolean): void
}

/** Cuts the bytes of one side into frames. */
export class FrameReader {
  readonly #owner: FrameOwner
  readonly #isRequest: boolean
  readonly #skim = new Skim()
  /** Length prefix and the fixed first fields behind it. */
  readonly #head = new Uint8Array(LENGTH_BYTES + REQUEST_HEAD_BYTES)
  readonly #fields = this.#head.subarray(LENGTH_BYTES)
  #filled = 0
  #headAt: Micros = 0
  #phase = AT_HEAD
  #half: Half | undefined
  #isSkimmed = false
  #left = 0
  /** Bytes whose meaning was open when the last chunk ended, while seeking. */
  #carry: Uint8Array | undefined
  #offset = 0
  /** Stream offset of buf[0]. */
  #base = 0
  #bits = 0

  constructor(owner: FrameOwner, isRequest: boolean) {
    this.#owner = owner
    this.#isRequest = isRequest
  }

  get heldBytes(): number {
    return (this.#half?.heldBytes ?? 0) + (this.#carry?.length ?? 0)
  }

  seek(): void {
    this.#phase = SEEKING
    this.#filled = 0
    this.#half = undefined
    this.#carry = undefined
  }

  stop(): void {
    this.seek()
    this.#phase = OFF
  }

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#base = this.#offset - from
    let i = from
    while (i < to && this.#phase !== OFF) i = this.#step(buf, i, to, at)
    this.#offset += to - from
  }

  #step(buf: Uint8Array, i: number, to: number, at: Micros): number {
    if (this.#phase === AT_HEAD) return this.#readHead(buf, i, to, at)
    return this.#phase === IN_BODY ? this.#readBody(buf, i, to, at) : this.#search(buf, i, to, at)
  }

  #readHead(buf: Uint8Array, from: number, to: number, at: Micros): number {
    let i = from
    if (this.#filled === 0) this.#headAt = at
    while (i < to && this.#filled < LENGTH_BYTES) this.#head[this.#filled++] = buf[i++]!
    if (this.#filled < LENGTH_BYTES) return i
    const size = this.#size
    if (size < 0 || size > MAX_FRAME_BYTES) return this.#refuse(i)
    const needed = LENGTH_BYTES + Math.min(size, this.#isRequest ? REQUEST_HEAD_BYTES : RESPONSE_HEAD_BYTES)
    while (i < to && this.#filled < needed) this.#head[this.#filled++] = buf[i++]!
    return this.#filled === needed ? this.#begin(size, buf, i, to, at) : i
  }

  get #size(): number {
    const head = this.#head
    return head[0]! << 24 | head[1]! << 16 | head[2]! << 8 | head[3]!
  }

  #begin(size: number, buf: Uint8Array, i: number, to: number, at: Micros): number {
    const headBytes = this.#filled - LENGTH_BYTES
    const here = Math.min(size, headBytes + to - i)
    const half = this.#owner.begun(this.#isRequest, this.#fields, headBytes, size, here, this.#headAt, buf, i)
    if (half === undefined) return this.#refuse(i)
    const { steps } = half
    this.#filled = 0
    half.bits |= this.#bits
    this.#bits = 0
    this.#isSkimmed = steps !== undefined
    if (half.line !== undefined) {
      this.#half = half
      this.#finish(at)
      return i + size - headBytes
    }
    half.frame.addStructure(this.#head, LENGTH_BYTES, LENGTH_BYTES + headBytes)
    if (steps !== undefined) this.#skim.begin(half.frame, steps)
    this.#half = half
    this.#left = size - headBytes
    this.#phase = IN_BODY
    if (this.#left === 0) this.#finish(at)
    return i
  }

  #readBody(buf: Uint8Array, from: number, limit: number, at: Micros): number {
    const to = Math.min(limit, from + this.#left)
    this.#left -= to - from
    const { frame, lostBytes } = this.#half!
    // Behind a hole nothing is kept: what is shown is without one.
    if (lostBytes === 0) {
      if (this.#isSkimmed) this.#skim.feed(buf, from, to)
      else frame.addStructure(buf, from, to)
    }
    if (this.#left === 0) this.#finish(at)
    return to
  }

  #finish(at: Micros): void {
    const half = this.#half!
    half.endMicros = at
    half.over = true
    if (this.#isSkimmed && half.lostBytes === 0 && (half.bits & END_WITHIN) === 0) {
      if (!this.#skim.isOver) half.bits |= TOO_SHORT
      else if (this.#skim.extraBytes > 0) half.bits |= BYTES_BEHIND
    }
    this.#half = undefined
    this.#phase = AT_HEAD
    this.#owner.finished(half)
  }

  /** What was gathered is no beginning of a frame. */
  #refuse(i: number): number {
    if (this.#owner.refuses()) {
      this.#phase = OFF
      return i
    }
    this.#owner.malformed(this.#isRequest, this.#isRequest ? 'not a request' : 'not an answer', this.#base + i - this.#filled)
    this.#lost()
    this.seek()
    return i
  }

  #lost(): void {
    this.#bits |= AFTER_LOSS
    this.#owner.lost(this.#isRequest)
  }

  #search(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const carry = this.#carry
    const bytes = carry === undefined ? buf.subarray(i, to) : joined(carry, buf.subarray(i, to))
    const found = this.#owner.seek(this.#isRequest, bytes, 0)
    this.#carry = undefined
    if (found < 0) {
      const open = -1 - found
      if (open < bytes.length) this.#carry = new Uint8Array(bytes.subarray(Math.max(open, bytes.length - MAX_CARRY_BYTES)))
      return to
    }
    this.#phase = AT_HEAD
    const before = carry?.length ?? 0
    if (found >= before) return i + found - before
    const rest = carry!.subarray(found)
    for (let k = 0; k < rest.length && this.#phase !== OFF;) k = this.#step(rest, k, rest.length, at)
    return i
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    const half = this.#half
    if (half !== undefined) this.#loseBody(half, bytes, at)
    else {
      this.seek()
      this.#lost()
    }
  }

  /** Within a frame only bytes are lost, and not the place. */
  #loseBody(half: Half, bytes: number, at: Micros): void {
    const lost = Math.min(bytes, this.#left)
    half.lostBytes += lost
    half.bits |= LOST_WITHIN
    this.#left -= lost
    if (this.#left > 0) return
    this.#finish(at)
    if (lost === bytes || this.#phase === OFF) return
    this.seek()
    this.#lost()
  }

  end(at: Micros): void {
    const half = this.#half
    if (half !== undefined) {
      half.bits |= END_WITHIN
      this.#finish(at)
    } else if (this.#phase === AT_HEAD && this.#filled > 0) {
      this.#owner.malformed(this.#isRequest, 'the connection ends within the head of a frame', this.#offset - this.#filled)
    }
    this.stop()
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
