import { Buffer } from 'node:buffer'

const NO_BYTES = Buffer.alloc(0)

/** The first bytes of a message, unmasked and copied up to a limit; room grows with what comes, never with what is announced. */
export class Payload {
  readonly #limitBytes: number
  #room: Buffer | undefined
  #length = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get length(): number {
    return this.#length
  }

  /** `phase`: how many bytes of the frame were before `from`, for the mask (RFC 6455 §5.3). */
  add(buf: Uint8Array, from: number, to: number, mask: Uint8Array, phase: number): void {
    const size = Math.min(to - from, this.#limitBytes - this.#length)
    if (size <= 0) return
    const room = this.#grow(this.#length + size)
    const [a, b, c, d] = [mask[phase & 3]!, mask[(phase + 1) & 3]!, mask[(phase + 2) & 3]!, mask[(phase + 3) & 3]!]
    let at = this.#length
    if ((a | b | c | d) === 0) room.set(buf.subarray(from, from + size), at)
    else {
      const end = at + size
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
    this.#length += size
  }

  #grow(needed: number): Buffer {
    const room = this.#room
    if (room !== undefined && room.length >= needed) return room
    // Most messages come in one piece, so the first room is exact.
    const grown = Buffer.allocUnsafe(room === undefined ? needed : Math.min(this.#limitBytes, needed * 2))
    if (room !== undefined) grown.set(room.subarray(0, this.#length))
    return this.#room = grown
  }

  /** A view, not to be written to. */
  bytes(): Buffer {
    return this.#room?.subarray(0, this.#length) ?? NO_BYTES
  }
}
