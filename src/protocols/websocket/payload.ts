import { Buffer } from 'node:buffer'
import { latin1 } from '../http/bytes.ts'
import type { KnownText, KnownTexts } from './known-texts.ts'

/** What was kept of a message. */
export interface KeptPayload {
  readonly length: number
  /** The bytes with one character each, where they are at hand so. */
  readonly piece: string | undefined
  /** A view or a copy, not to be written to. */
  bytes(): Buffer
}

export function keptPayload(bytes: Buffer): KeptPayload {
  return { length: bytes.length, piece: undefined, bytes: () => bytes }
}

const MAX_PIECE_BYTES = 4096
/** For the piece that is being unmasked. */
const scratch = new Uint8Array(MAX_PIECE_BYTES)

/**
 * The first bytes of a message, unmasked and copied up to a limit; room grows with what comes, never with what is announced.
 * One short piece, the common case, is kept as a string: cheaper to make than a buffer.
 */
export class Payload implements KeptPayload {
  readonly #limitBytes: number
  readonly #texts: KnownTexts | undefined
  #piece = ''
  #room: Buffer | undefined
  #length = 0
  /** What all of it is, where that came before. */
  known: KnownText | undefined = undefined

  /** `texts`: those that it may be one of. */
  constructor(limitBytes: number, texts?: KnownTexts) {
    this.#limitBytes = limitBytes
    this.#texts = texts
  }

  get length(): number {
    return this.#length
  }

  /** `phase`: how many bytes of the frame were before `from`, for the mask (RFC 6455 §5.3). */
  add(buf: Uint8Array, from: number, to: number, mask: Uint8Array, phase: number): void {
    const size = Math.min(to - from, this.#limitBytes - this.#length)
    if (size <= 0) return
    if (this.#length === 0 && size <= MAX_PIECE_BYTES) {
      unmask(scratch, 0, buf, from, size, mask, phase)
      const known = this.known = this.#texts?.find(scratch, size)
      this.#piece = known === undefined ? latin1(scratch, 0, size) : known.piece
    } else {
      this.known = undefined
      unmask(this.#grow(this.#length + size), this.#length, buf, from, size, mask, phase)
    }
    this.#length += size
  }

  #grow(needed: number): Buffer {
    const room = this.#room
    if (room !== undefined && room.length >= needed) return room
    const grown = Buffer.allocUnsafe(Math.min(this.#limitBytes, needed * 2))
    if (room !== undefined) grown.set(room.subarray(0, this.#length))
    else grown.write(this.#piece, 0, 'latin1')
    this.#piece = ''
    return this.#room = grown
  }

  get piece(): string | undefined {
    return this.#room === undefined ? this.#piece : undefined
  }

  bytes(): Buffer {
    return this.#room?.subarray(0, this.#length) ?? Buffer.from(this.#piece, 'latin1')
  }
}

/** Puts buf[from, from + size) into `room`; `phase` as in Payload.add. */
function unmask(room: Uint8Array, start: number, buf: Uint8Array, from: number, size: number, mask: Uint8Array, phase: number): void {
  const a = mask[phase & 3]!
  const b = mask[phase + 1 & 3]!
  const c = mask[phase + 2 & 3]!
  const d = mask[phase + 3 & 3]!
  const end = start + size
  let at = start
  let i = from
  for (; at + 4 <= end; at += 4, i += 4) {
    room[at] = buf[i]! ^ a
    room[at + 1] = buf[i + 1]! ^ b
    room[at + 2] = buf[i + 2]! ^ c
    room[at + 3] = buf[i + 3]! ^ d
  }
  if (at < end) room[at++] = buf[i]! ^ a
  if (at < end) room[at++] = buf[i + 1]! ^ b
  if (at < end) room[at] = buf[i + 2]! ^ c
}
