import { Buffer } from 'node:buffer'
import type { TextPiece, TextSink } from '../../model/message.ts'
import { mayHoldUserInformation, mayHoldUserInformationIn } from '../user-information.ts'
import { latin1 } from './bytes.ts'

const FIRST_ROOM_BYTES = 1024

/**
 * The first bytes of a body, copied up to a limit. One piece, the common case, is kept as a string: cheaper to make than a buffer.
 * It need not be copied at once, where somebody calls `own()` before its bytes change.
 */
export class KeptBytes {
  readonly limitBytes: number
  #piece = ''
  /** Where the only piece is borrowed from. */
  #lender: Uint8Array | undefined
  #lentAt = 0
  #room: Buffer | undefined
  #length = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get length(): number {
    return this.#length
  }

  add(buf: Uint8Array, from: number, to: number): void {
    const end = Math.min(to, from + this.limitBytes - this.#length)
    if (end <= from) return
    this.own()
    if (this.#length === 0) this.#piece = latin1(buf, from, end)
    else this.#append(buf, from, end)
    this.#length += end - from
  }

  /** As `add`, but the bytes must stay as they are until `own()`. */
  borrow(buf: Uint8Array, from: number, to: number): void {
    if (this.#length > 0) this.add(buf, from, to)
    else if (to > from && this.limitBytes > 0) {
      this.#lender = buf
      this.#lentAt = from
      this.#length = Math.min(to - from, this.limitBytes)
    }
  }

  /** What was borrowed may change from now on. */
  own(): void {
    const lender = this.#lender
    if (lender === undefined) return
    this.#lender = undefined
    this.#piece = latin1(lender, this.#lentAt, this.#lentAt + this.#length)
  }

  /** Adds `key` and, as a string of JSON, all that is kept. False where it is not ASCII, or not at hand: then nothing was added. */
  addJson(out: TextSink, key: TextPiece): boolean {
    if (this.#lender !== undefined) return out.member(key, this.#lender, this.#lentAt, this.#lentAt + this.#length)
    return this.#room !== undefined && out.member(key, this.#room, 0, this.#length)
  }

  /** See mayHoldUserInformationIn. */
  get mayHoldUserInformation(): boolean {
    if (this.#lender !== undefined) return mayHoldUserInformationIn(this.#lender, this.#lentAt, this.#lentAt + this.#length)
    return this.#room === undefined ? mayHoldUserInformation(this.#piece) : mayHoldUserInformationIn(this.#room, 0, this.#length)
  }

  #append(buf: Uint8Array, from: number, to: number): void {
    const needed = this.#length + to - from
    let room = this.#room
    if (room === undefined || room.length < needed) {
      const grown = Buffer.allocUnsafeSlow(Math.min(this.limitBytes, Math.max(FIRST_ROOM_BYTES, needed * 4)))
      if (room === undefined) grown.write(this.#piece, 0, 'latin1')
      else grown.set(room)
      this.#piece = ''
      this.#room = room = grown
    }
    room.set(buf.subarray(from, to), this.#length)
  }

  /** The bytes with one character each, where they came in one piece. */
  get piece(): string | undefined {
    this.own()
    return this.#room === undefined ? this.#piece : undefined
  }

  /** A view or a copy, not to be written to. */
  bytes(): Buffer {
    this.own()
    return this.#room?.subarray(0, this.#length) ?? Buffer.from(this.#piece, 'latin1')
  }
}
