import type { Micros } from '../../model/time.ts'
import { latin1 } from '../http/bytes.ts'
import { KeptBytes } from '../http/kept-bytes.ts'
import { Frame } from './frame.ts'
import { MAX_MESSAGE_BYTES } from './limits.ts'
import { AFTER_LOSS, END_WITHIN, LOST_WITHIN } from './notes.ts'
import { HEADER_BYTES, isOp } from './op.ts'
import { probeSide } from './probe.ts'

const AT_START = 0
const IN_HEADER = 1
const IN_BODY = 2
/** In the middle of anything: the next message is searched for, where a chunk begins. */
const SEEKING = 3
const OFF = 4

/** The connection that a reader works for. */
export interface FrameOwner {
  framed(isClient: boolean, frame: Frame): void
  /** Not MongoDB from the very start: true where the connection is given up. */
  refuses(): boolean
  malformed(isClient: boolean, what: string, offset: number): void
  lostCount(isClient: boolean): void
}

/** Cuts the bytes of one side into messages. */
export class SideReader {
  readonly #owner: FrameOwner
  readonly #isClient: boolean
  readonly #keepBytes: number
  #phase = AT_START
  #kept: KeptBytes | undefined
  readonly #header = new Uint8Array(HEADER_BYTES)
  #seenBytes = 0
  #sizeBytes = 0
  #atMicros: Micros = 0
  #bits = 0
  #nextBits = 0
  #offset = 0
  /** Stream offset of buf[0]. */
  #base = 0

  constructor(owner: FrameOwner, isClient: boolean, keepBytes: number) {
    this.#owner = owner
    this.#isClient = isClient
    this.#keepBytes = keepBytes
  }

  get heldBytes(): number {
    return this.#kept?.length ?? 0
  }

  seek(): void {
    this.#phase = SEEKING
    this.#kept = undefined
  }

  stop(): void {
    this.#phase = OFF
    this.#kept = undefined
  }

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#base = this.#offset - from
    if (this.#phase === SEEKING && probeSide(buf.subarray(from, to), this.#isClient) === 'yes') this.#phase = AT_START
    let i = this.#phase >= SEEKING ? to : from
    while (i < to && this.#phase < SEEKING) i = this.#step(buf, i, to, at)
    this.#offset += to - from
  }

  #step(buf: Uint8Array, i: number, to: number, at: Micros): number {
    if (this.#phase === AT_START) return this.#begin(buf, i, to, at)
    return this.#phase === IN_HEADER ? this.#readHeader(buf, i, to, at) : this.#readBody(buf, i, to, at)
  }

  #begin(buf: Uint8Array, i: number, to: number, at: Micros): number {
    this.#atMicros = at
    this.#bits = this.#nextBits
    this.#seenBytes = 0
    if (to - i < HEADER_BYTES) {
      this.#kept = new KeptBytes(this.#keepBytes)
      this.#phase = IN_HEADER
      return i
    }
    if (!this.#startsMessage(buf, i)) return this.#refuse(i)
    const end = i + this.#sizeBytes
    if (end <= to) {
      this.#emit(latin1(buf, i, Math.min(end, i + this.#keepBytes)), at)
      return end
    }
    this.#kept = new KeptBytes(this.#keepBytes)
    this.#kept.add(buf, i, to)
    this.#seenBytes = to - i
    this.#phase = IN_BODY
    return to
  }

  /** Reads the size; false where the header is none. */
  #startsMessage(buf: Uint8Array, at: number): boolean {
    const op = buf[at + 12]! | buf[at + 13]! << 8 | buf[at + 14]! << 16 | buf[at + 15]! << 24
    this.#sizeBytes = buf[at]! | buf[at + 1]! << 8 | buf[at + 2]! << 16 | buf[at + 3]! << 24
    return this.#sizeBytes >= HEADER_BYTES && this.#sizeBytes <= MAX_MESSAGE_BYTES && isOp(op, this.#isClient)
  }

  #readHeader(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const end = Math.min(to, i + HEADER_BYTES - this.#seenBytes)
    this.#header.set(buf.subarray(i, end), this.#seenBytes)
    this.#kept!.add(buf, i, end)
    this.#seenBytes += end - i
    if (this.#seenBytes < HEADER_BYTES) return end
    if (!this.#startsMessage(this.#header, 0)) return this.#refuse(end)
    if (this.#sizeBytes === HEADER_BYTES) this.#emitKept(at)
    else this.#phase = IN_BODY
    return end
  }

  #refuse(i: number): number {
    if (this.#owner.refuses()) return i
    this.#owner.malformed(this.#isClient, 'a header that is none', this.#base + i)
    this.#lost()
    return i
  }

  #readBody(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const end = Math.min(to, i + this.#sizeBytes - this.#seenBytes)
    if ((this.#bits & LOST_WITHIN) === 0) this.#kept!.add(buf, i, end)
    this.#seenBytes += end - i
    if (this.#seenBytes === this.#sizeBytes) this.#emitKept(at)
    return end
  }

  #emitKept(at: Micros): void {
    const { piece } = this.#kept!
    this.#emit(piece ?? this.#kept!.bytes().toString('latin1'), at)
  }

  #emit(text: string, at: Micros): void {
    const frame = new Frame(this.#atMicros, at, text, this.#sizeBytes, this.#bits, this.#keepBytes)
    this.#phase = AT_START
    this.#kept = undefined
    this.#nextBits = 0
    this.#owner.framed(this.#isClient, frame)
  }

  /** Shows what there is of it. */
  #cut(bit: number, at: Micros): void {
    // Before the header is whole nobody can tell what it would have been.
    if (this.#phase === IN_HEADER) this.#owner.malformed(this.#isClient, 'a header that is cut', this.#offset)
    else if (this.#phase === IN_BODY) {
      this.#bits |= bit
      this.#emitKept(at)
    }
  }

  #lost(): void {
    this.seek()
    this.#nextBits |= AFTER_LOSS
    this.#owner.lostCount(this.#isClient)
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    if (this.#phase === IN_BODY && bytes <= this.#sizeBytes - this.#seenBytes) {
      this.#bits |= LOST_WITHIN
      this.#seenBytes += bytes
      if (this.#seenBytes === this.#sizeBytes) this.#emitKept(at)
      return
    }
    this.#cut(LOST_WITHIN, at)
    this.#lost()
  }

  end(at: Micros): void {
    this.#cut(END_WITHIN, at)
    if ((this.#nextBits & AFTER_LOSS) !== 0) this.#owner.malformed(this.#isClient, 'nothing could be read behind lost bytes', this.#offset)
    this.#nextBits = 0
    this.stop()
  }
}
