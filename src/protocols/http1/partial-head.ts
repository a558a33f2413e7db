import type { Micros } from '../../model/time.ts'
import { CR, LF } from '../http/bytes.ts'
import { Half } from './half.ts'
import { HeldBytes } from './held-bytes.ts'
import { mayBeRequestLine, mayBeStatusLine, scanRequestLine, scanStatusLine } from './start-line.ts'

/** The empty line has not come yet. */
export const PARTIAL = 0
/** The empty line is there. */
export const ENDED = 1
/** The start line is none. */
export const REFUSED = 2
export type HeadState = typeof PARTIAL | typeof ENDED | typeof REFUSED

/** A head of which only the first bytes have come, copied. Looks at new bytes only, so that a head in many pieces costs no more than one. */
export class PartialHead extends HeldBytes {
  readonly #isRequest: boolean
  #hasStartLine = false

  constructor(isRequest: boolean) {
    super()
    this.#isRequest = isRequest
  }

  /** The first bytes, which are known to have no empty line. */
  begin(buf: Uint8Array, from: number, to: number, atMicros: Micros, offset: number, hasStartLine: boolean): HeadState {
    this.hold(buf, from, to, atMicros, offset)
    this.#hasStartLine = hasStartLine
    return hasStartLine || this.#mayBeStart() ? PARTIAL : REFUSED
  }

  continue(buf: Uint8Array, from: number, to: number): HeadState {
    const known = this.length
    this.add(buf, from, to)
    if (!this.#hasStartLine) {
      if (!hasLineFeed(this.buffer, known, this.length)) return this.#mayBeStart() ? PARTIAL : REFUSED
      if (!this.#isStartLine()) return REFUSED
      this.#hasStartLine = true
    }
    return endsHead(this.buffer, known, this.length) ? ENDED : PARTIAL
  }

  #mayBeStart(): boolean {
    return this.#isRequest ? mayBeRequestLine(this.buffer, 0, this.length) : mayBeStatusLine(this.buffer, 0, this.length)
  }

  #isStartLine(): boolean {
    const half = new Half(this.#isRequest, 0)
    return (this.#isRequest ? scanRequestLine(half, this.buffer, 0, this.length) : scanStatusLine(half, this.buffer, 0, this.length)) > 0
  }
}

/** Is there an empty line that ends at or behind `from`? */
function endsHead(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    if (buf[i] === LF && (buf[i - 1] === LF || (buf[i - 1] === CR && buf[i - 2] === LF))) return true
  }
  return false
}

function hasLineFeed(buf: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (buf[i] === LF) return true
  return false
}
