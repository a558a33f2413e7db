import type { Side } from '../model/side.ts'
import { otherSide } from '../model/side.ts'
import type { Micros } from '../model/time.ts'

/** Bytes of each side that are kept while the protocol is undecided. */
export const MAX_UNDECIDED_BYTES = 4096

interface Piece { readonly side: Side, readonly bytes: Uint8Array, readonly at: Micros }

/** First bytes of a connection, copied and kept in the order of capture until a protocol claims them. */
export class DetectionBuffer {
  #pieces: Piece[] = []
  readonly #sizes = [0, 0]

  get sizeBytes(): number {
    return this.#sizes[0]! + this.#sizes[1]!
  }

  /** Copies the chunk. False where the side would hold too much: nothing was added. */
  add(side: Side, chunk: Uint8Array, at: Micros): boolean {
    if (this.#sizes[side]! + chunk.length > MAX_UNDECIDED_BYTES) return false
    // Not slice(): that of a Buffer is a view.
    this.#pieces.push({ side, bytes: new Uint8Array(chunk), at })
    this.#sizes[side]! += chunk.length
    return true
  }

  /** What is held of side `of`, with `chunk` behind it where that side sent it. */
  joined(of: Side, sender: Side, chunk: Uint8Array): Uint8Array {
    const parts = this.#pieces.filter((piece) => piece.side === of).map((piece) => piece.bytes)
    if (of === sender) parts.push(chunk)
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  forget(side: Side): void {
    this.#pieces = this.#pieces.filter((piece) => piece.side !== side)
    this.#sizes[side] = 0
  }

  swap(): void {
    this.#pieces = this.#pieces.map((piece) => ({ ...piece, side: otherSide(piece.side) }))
    this.#sizes.reverse()
  }

  /** Hands out the pieces in the order in which they came. */
  replay(to: (side: Side, bytes: Uint8Array, at: Micros) => void): void {
    for (const { side, bytes, at } of this.#pieces) to(side, bytes, at)
  }
}
