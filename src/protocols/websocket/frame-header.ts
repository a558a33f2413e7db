import { MAX_CONTROL_BYTES } from './limits.ts'

export const CONTINUATION = 0
export const TEXT = 1
export const BINARY = 2
export const CLOSE = 8
export const PING = 9
export const PONG = 10

/** Two bytes, a length of eight, a mask of four. */
export const MAX_HEADER_BYTES = 14

/** The header does not end within the bytes. */
export const UNFINISHED = 0
/** It breaks the format; `problem` says how. */
export const BROKEN = -1

const KNOWN = new Set([CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG])

/** The header of a frame (RFC 6455 §5.2). One object is used for frame after frame. */
export class FrameHeader {
  isFinal = false
  /** The three reserved bits as a number; 4 is RSV1, which marks compressed messages. */
  reserved = 0
  opcode = 0
  isMasked = false
  payloadBytes = 0
  /** 0 where it is not masked. */
  readonly mask = new Uint8Array(4)
  problem = ''

  get isControl(): boolean {
    return this.opcode >= CLOSE
  }

  /** Reads it from `from`. Returns its size, UNFINISHED or BROKEN. */
  read(buf: Uint8Array, from: number, to: number): number {
    const first = buf[from]!
    this.isFinal = first >= 0x80
    this.reserved = (first >> 4) & 7
    this.opcode = first & 15
    if (from >= to) return UNFINISHED
    if (!KNOWN.has(this.opcode)) return this.#broken('a reserved opcode')
    if ((this.reserved & 3) !== 0) return this.#broken('a reserved bit is set')
    if (this.isControl && (!this.isFinal || this.reserved !== 0)) return this.#broken('a control frame in fragments')
    if (from + 2 > to) return UNFINISHED
    return this.#readLength(buf, from, to)
  }

  #readLength(buf: Uint8Array, from: number, to: number): number {
    const second = buf[from + 1]!
    this.isMasked = second >= 0x80
    const short = second & 0x7f
    if (this.isControl && short > MAX_CONTROL_BYTES) return this.#broken('a control frame that is too long')
    const maskAt = from + (short === 126 ? 4 : short === 127 ? 10 : 2)
    const end = this.isMasked ? maskAt + 4 : maskAt
    if (maskAt > to) return UNFINISHED
    this.payloadBytes = short < 126 ? short : lengthOf(buf, from + 2, maskAt)
    // The shortest form must be used, and the highest bit must be 0.
    if ((short === 126 && this.payloadBytes < 126) || (short === 127 && this.payloadBytes < 0x10000)) return this.#broken('a length that is not in its shortest form')
    if (this.payloadBytes > Number.MAX_SAFE_INTEGER) return this.#broken('a length beyond all measure')
    if (end > to) return UNFINISHED
    for (let i = 0; i < 4; i++) this.mask[i] = this.isMasked ? buf[maskAt + i]! : 0
    return end - from
  }

  #broken(problem: string): number {
    this.problem = problem
    return BROKEN
  }
}

function lengthOf(buf: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 256 + buf[i]!
  return value
}
