import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { MAX_HANDSHAKE_MESSAGE_BYTES } from './limits.ts'

/** type (1), length (3): RFC 8446 §4. */
const HEADER_BYTES = 4
const FIRST_BYTES = 2048

export interface HandshakeSink {
  /** One whole message: its body lies in `bytes` from `from` to `to`, borrowed until return. */
  handshakeMessage(side: Side, type: number, bytes: Uint8Array, from: number, to: number, at: Micros): void
  /** A message longer than what is kept; its bytes are skipped. */
  handshakeTooLong(side: Side, type: number, length: number, at: Micros): void
}

/** Puts handshake messages together, which share records and are spread over them as the sender likes. */
export class HandshakeStream {
  readonly #sink: HandshakeSink
  readonly #side: Side
  #buf: Uint8Array = new Uint8Array(0)
  #fill = 0
  #skip = 0

  constructor(sink: HandshakeSink, side: Side) {
    this.#sink = sink
    this.#side = side
  }

  /** True between two messages. */
  get empty(): boolean {
    return this.#fill === 0 && this.#skip === 0
  }

  get heldBytes(): number {
    return this.#buf.length
  }

  /** Forgets a message of which a part was lost. */
  reset(): void {
    this.#buf = new Uint8Array(0)
    this.#fill = 0
    this.#skip = 0
  }

  /** The next payload bytes of handshake records. A message that lies in them whole is read in place. */
  push(bytes: Uint8Array, from: number, to: number, at: Micros): void {
    let i = from
    while (i < to) {
      if (this.#skip > 0) {
        const count = Math.min(this.#skip, to - i)
        this.#skip -= count
        i += count
      } else i = this.#fill > 0 ? this.#complete(bytes, i, to, at) : this.#next(bytes, i, to, at)
    }
  }

  #next(bytes: Uint8Array, i: number, to: number, at: Micros): number {
    if (to - i < HEADER_BYTES) return this.#keep(bytes, i, to)
    const length = lengthAt(bytes, i)
    if (length > MAX_HANDSHAKE_MESSAGE_BYTES) return this.#tooLong(bytes[i]!, length, i, at)
    const end = i + HEADER_BYTES + length
    if (end > to) return this.#keep(bytes, i, to)
    this.#sink.handshakeMessage(this.#side, bytes[i]!, bytes, i + HEADER_BYTES, end, at)
    return end
  }

  /** Adds to the message that is kept, no more than it needs. */
  #complete(bytes: Uint8Array, i: number, to: number, at: Micros): number {
    if (this.#fill < HEADER_BYTES) {
      const next = this.#keep(bytes, i, Math.min(to, i + HEADER_BYTES - this.#fill))
      if (this.#fill < HEADER_BYTES || lengthAt(this.#buf, 0) <= MAX_HANDSHAKE_MESSAGE_BYTES) {
        if (this.#fill === HEADER_BYTES && lengthAt(this.#buf, 0) === 0) this.#deliver(at)
        return next
      }
      this.#fill = 0
      return this.#tooLong(this.#buf[0]!, lengthAt(this.#buf, 0), next - HEADER_BYTES, at)
    }
    const need = HEADER_BYTES + lengthAt(this.#buf, 0) - this.#fill
    const next = this.#keep(bytes, i, Math.min(to, i + need))
    if (next - i === need) this.#deliver(at)
    return next
  }

  #deliver(at: Micros): void {
    const end = this.#fill
    const buf = this.#buf
    this.reset()
    this.#sink.handshakeMessage(this.#side, buf[0]!, buf, HEADER_BYTES, end, at)
  }

  #tooLong(type: number, length: number, i: number, at: Micros): number {
    this.#skip = length
    this.#sink.handshakeTooLong(this.#side, type, length, at)
    return i + HEADER_BYTES
  }

  #keep(bytes: Uint8Array, from: number, to: number): number {
    const need = this.#fill + to - from
    if (need > this.#buf.length) {
      const grown = new Uint8Array(Math.max(need, Math.min(this.#buf.length * 2, MAX_HANDSHAKE_MESSAGE_BYTES + HEADER_BYTES), FIRST_BYTES))
      grown.set(this.#buf.subarray(0, this.#fill))
      this.#buf = grown
    }
    this.#buf.set(bytes.subarray(from, to), this.#fill)
    this.#fill = need
    return to
  }
}

function lengthAt(bytes: Uint8Array, i: number): number {
  return bytes[i + 1]! << 16 | bytes[i + 2]! << 8 | bytes[i + 3]!
}
