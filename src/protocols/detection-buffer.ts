import type { Side } from '../model/side.ts'
import { otherSide } from '../model/side.ts'
import type { Micros } from '../model/time.ts'

/** Bytes of each side that are kept while the protocol is undecided. */
export const MAX_UNDECIDED_BYTES = 4096

/** Which bytes of its side came at once. */
interface Piece { readonly side: Side, readonly from: number, readonly to: number, readonly at: Micros }

const FIRST_ROOM_BYTES = 256

/** First bytes of a connection, copied and kept in the order of capture until a protocol claims them. */
export class DetectionBuffer {
  #pieces: Piece[] = []
  readonly #rooms: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)]
  readonly #sizes: [number, number] = [0, 0]

  get sizeBytes(): number {
    return this.#sizes[0] + this.#sizes[1]
  }

  /** Copies the chunk. False where the side would hold too much: nothing was added. */
  add(side: Side, chunk: Uint8Array, at: Micros): boolean {
    const from = this.#sizes[side]
    const to = from + chunk.length
    if (to > MAX_UNDECIDED_BYTES) return false
    this.#put(side, chunk)
    this.#pieces.push({ side, from, to, at })
    this.#sizes[side] = to
    return true
  }

  /** Behind what is held, where it stays if it is added. */
  #put(side: Side, chunk: Uint8Array): void {
    const held = this.#sizes[side]
    const room = this.#rooms[side]
    if (held + chunk.length <= room.length) room.set(chunk, held)
    else {
      const grown = new Uint8Array(Math.max(FIRST_ROOM_BYTES, (held + chunk.length) * 2))
      grown.set(room.subarray(0, held))
      grown.set(chunk, held)
      this.#rooms[side] = grown
    }
  }

  /** What is held of side `of`, with `chunk` behind it where that side sent it. Borrowed until the next call for this side. */
  joined(of: Side, sender: Side, chunk: Uint8Array): Uint8Array {
    const held = this.#sizes[of]
    if (of !== sender) return this.#rooms[of].subarray(0, held)
    if (held === 0) return chunk
    this.#put(of, chunk)
    return this.#rooms[of].subarray(0, held + chunk.length)
  }

  forget(side: Side): void {
    this.#pieces = this.#pieces.filter((piece) => piece.side !== side)
    this.#sizes[side] = 0
  }

  swap(): void {
    this.#pieces = this.#pieces.map((piece) => ({ ...piece, side: otherSide(piece.side) }))
    this.#sizes.reverse()
    this.#rooms.reverse()
  }

  /** Hands out the pieces in the order in which they came. */
  replay(to: (side: Side, bytes: Uint8Array, at: Micros) => void): void {
    for (const { side, from, to: end, at } of this.#pieces) to(side, this.#rooms[side].subarray(from, end), at)
  }
}
