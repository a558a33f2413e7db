import { Buffer } from 'node:buffer'
import type { Micros } from '../../model/time.ts'
import { MAX_ARGUMENT_BYTES, MAX_FRAME_BYTES } from './limits.ts'
import { isFrameHead } from './probe.ts'

export const METHOD = 1
export const HEADER = 2
export const BODY = 3
export const HEARTBEAT = 8
export const FRAME_END = 0xce
export const HEAD_BYTES = 7
const PROTOCOL_HEADER_BYTES = 8
const LETTER_A = 0x41
const SHORT_BYTES = 64
const NO_BYTES = Buffer.alloc(0)

const AT_HEAD = 0
const IN_PAYLOAD = 1
const AT_END = 2
const IN_PROTOCOL_HEADER = 3
const SEEKING = 4
const OFF = 5

export interface FrameOwner {
  /** Payload of a method or a content header; its own copy. `isCut`: the rest went beyond a limit, was lost or never came. */
  framed(type: number, channel: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void
  /** Some bytes of a body, borrowed. */
  body(channel: number, buf: Uint8Array, from: number, to: number, at: Micros): void
  /** So many bytes of a body were lost. */
  bodyLost(channel: number, bytes: number): void
  protocolHeader(bytes: Buffer, at: Micros): void
  malformed(what: string, offset: number): void
  /** Frames may have been missed. */
  lost(): void
}

/** Cuts the bytes of one side into frames (§ 4.2.3). */
export class FrameReader {
  readonly #owner: FrameOwner
  #phase = AT_HEAD
  readonly #head = new Uint8Array(PROTOCOL_HEADER_BYTES)
  #filled = 0
  #atMicros: Micros = 0
  #type = 0
  #channel = 0
  #left = 0
  #payload: Buffer | undefined
  #length = 0
  #isCut = false
  #carry: Uint8Array | undefined
  #offset = 0
  /** Stream offset of buf[0]. */
  #base = 0

  constructor(owner: FrameOwner) {
    this.#owner = owner
  }

  get heldBytes(): number {
    return this.#payload?.length ?? 0
  }

  get isBetweenFrames(): boolean {
    return this.#phase === AT_HEAD && this.#filled === 0
  }

  seek(): void {
    this.#phase = SEEKING
    this.#filled = 0
    this.#payload = undefined
  }

  stop(): void {
    this.#phase = OFF
    this.#payload = this.#carry = undefined
  }

  /** The next bytes are buf[from, to). */
  feed(buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#base = this.#offset - from
    let i = from
    while (i < to && this.#phase !== OFF) i = this.#step(buf, i, to, at)
    this.#offset += to - from
  }

  #step(buf: Uint8Array, i: number, to: number, at: Micros): number {
    switch (this.#phase) {
      case AT_HEAD: return this.#readHead(buf, i, to, at)
      case IN_PAYLOAD: return this.#readPayload(buf, i, to, at)
      case AT_END: return this.#readEnd(buf, i, at)
      case IN_PROTOCOL_HEADER: return this.#readProtocolHeader(buf, i, to)
      default: return this.#search(buf, i, to, at)
    }
  }

  #readHead(buf: Uint8Array, from: number, to: number, at: Micros): number {
    let i = from
    if (this.#filled === 0) {
      this.#atMicros = at
      if (buf[i] === LETTER_A) {
        this.#phase = IN_PROTOCOL_HEADER
        return i
      }
    }
    while (i < to && this.#filled < HEAD_BYTES) this.#head[this.#filled++] = buf[i++]!
    if (this.#filled === HEAD_BYTES) this.#begin(i)
    return i
  }

  #readProtocolHeader(buf: Uint8Array, from: number, to: number): number {
    let i = from
    while (i < to && this.#filled < PROTOCOL_HEADER_BYTES) this.#head[this.#filled++] = buf[i++]!
    if (this.#filled < PROTOCOL_HEADER_BYTES) return i
    this.#filled = 0
    this.#phase = AT_HEAD
    this.#owner.protocolHeader(Buffer.from(this.#head), this.#atMicros)
    return i
  }

  #begin(i: number): void {
    const head = this.#head
    const type = head[0]!
    const size = (head[3]! << 24 | head[4]! << 16 | head[5]! << 8 | head[6]!) >>> 0
    this.#filled = 0
    if ((type !== METHOD && type !== HEADER && type !== BODY && type !== HEARTBEAT) || size > MAX_FRAME_BYTES) {
      this.#break('not a frame', this.#base + i - HEAD_BYTES)
      return
    }
    this.#type = type
    this.#channel = head[1]! << 8 | head[2]!
    this.#left = size
    this.#length = 0
    this.#isCut = false
    this.#phase = size === 0 ? AT_END : IN_PAYLOAD
  }

  #break(what: string, offset: number): void {
    this.#owner.malformed(what, offset)
    this.seek()
    this.#owner.lost()
  }

  #readPayload(buf: Uint8Array, from: number, limit: number, at: Micros): number {
    const to = Math.min(limit, from + this.#left)
    if (this.#type === BODY) this.#owner.body(this.#channel, buf, from, to, at)
    else this.#keep(buf, from, to)
    this.#left -= to - from
    if (this.#left === 0) this.#phase = AT_END
    return to
  }

  #keep(buf: Uint8Array, from: number, to: number): void {
    if (this.#isCut) return
    const end = Math.min(to, from + MAX_ARGUMENT_BYTES - this.#length)
    if (end < to) this.#isCut = true
    const needed = this.#length + end - from
    const room = this.#payload
    if (room === undefined || room.length < needed) {
      this.#payload = Buffer.allocUnsafe(this.#length === 0 ? needed : Math.max(needed, this.#length * 2))
      if (room !== undefined) this.#payload.set(room.subarray(0, this.#length))
    }
    const kept = this.#payload!
    // Most methods are short, and a view of them costs more than the loop.
    if (end - from <= SHORT_BYTES) for (let i = from, at = this.#length; i < end; i++) kept[at++] = buf[i]!
    else kept.set(buf.subarray(from, end), this.#length)
    this.#length = needed
  }

  #readEnd(buf: Uint8Array, i: number, at: Micros): number {
    if (buf[i] !== FRAME_END) {
      this.#break('a frame without its end', this.#base + i)
      return i
    }
    this.#phase = AT_HEAD
    this.#finish(at)
    return i + 1
  }

  #finish(at: Micros): void {
    const kept = this.#payload
    this.#payload = undefined
    if (this.#type === BODY) return
    const payload = kept === undefined ? NO_BYTES : kept.length === this.#length ? kept : kept.subarray(0, this.#length)
    this.#owner.framed(this.#type, this.#channel, payload, this.#isCut, this.#atMicros, at)
  }

  #search(buf: Uint8Array, i: number, to: number, at: Micros): number {
    const carry = this.#carry
    const bytes = carry === undefined ? buf.subarray(i, to) : Buffer.concat([carry, buf.subarray(i, to)])
    this.#carry = undefined
    const before = carry?.length ?? 0
    for (let from = 0; from < bytes.length; from++) {
      const verdict = isFrameHead(bytes, from)
      if (verdict === 'no') continue
      if (verdict === 'more') {
        this.#carry = new Uint8Array(bytes.subarray(from))
        break
      }
      this.#phase = AT_HEAD
      if (from >= before) return i + from - before
      const rest = carry!.subarray(from)
      for (let k = 0; k < rest.length && this.#phase !== OFF;) k = this.#step(rest, k, rest.length, at)
      return i
    }
    return to
  }

  gap(bytes: number, at: Micros): void {
    this.#offset += bytes
    if (this.#phase === OFF) return
    if (this.#phase === IN_PAYLOAD && bytes <= this.#left) {
      this.#losePayload(bytes)
      return
    }
    if (this.#phase === IN_PAYLOAD) {
      this.#losePayload(this.#left)
      this.#finish(at)
    }
    this.seek()
    this.#owner.lost()
  }

  /** Within a frame only bytes are lost, and not the place. */
  #losePayload(bytes: number): void {
    this.#isCut = true
    this.#left -= bytes
    if (this.#type === BODY) this.#owner.bodyLost(this.#channel, bytes)
    if (this.#left === 0) this.#phase = AT_END
  }

  end(at: Micros): void {
    if (this.#phase === IN_PAYLOAD || this.#phase === AT_END) {
      this.#isCut ||= this.#phase === IN_PAYLOAD
      this.#finish(at)
    }
    if (this.#filled > 0) this.#owner.malformed('the connection ends within the head of a frame', this.#offset - this.#filled)
    this.stop()
  }
}
