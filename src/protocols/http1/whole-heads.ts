import type { Half } from './half.ts'
import type { BlockFacts, LineFacts } from './head-memo.ts'
import { SeenBytes } from './seen-bytes.ts'

/** A power of two. */
const PLACES = 64
/** There is none in it. */
export const NOWHERE = -1

/** A head whose line and block are known both. */
class WholeHead {
  readonly seen: SeenBytes
  readonly line: LineFacts
  readonly block: BlockFacts

  constructor(line: LineFacts, block: BlockFacts, buf: Uint8Array, from: number, to: number) {
    this.line = line
    this.block = block
    this.seen = new SeenBytes(to - from)
    this.seen.remember(buf, from, to)
  }
}

/**
 * Heads that come again as a whole: a connection mostly says what it said before, and to see that takes one comparison, without looking for it.
 * Connections hold the number of a place, and not what is in it, so that what is forgotten here is forgotten.
 */
export class WholeHeads {
  readonly #places = new Array<WholeHead | undefined>(PLACES).fill(undefined)
  #next = 0

  /** Fills the half where buf[from, to) begins with the head in that place. Returns its length, else 0. */
  recall(place: number, half: Half, buf: Uint8Array, from: number, to: number): number {
    const head = place === NOWHERE ? undefined : this.#places[place]
    if (head === undefined || !head.seen.begins(buf, from, to)) return 0
    const { line, block } = head
    half.bits = 0
    half.headersAt = line.text.length
    half.typeEnd = 0
    line.fill(half)
    block.fill(half, line.text.length)
    return head.seen.length
  }

  /** The place of a head, buf[from, to), that was just read by its parts. NOWHERE: it is not worth one. */
  placeOf(half: Half, buf: Uint8Array, from: number, to: number): number {
    const { line, block } = half
    if (line === undefined || block === undefined || half.bits !== 0) return NOWHERE
    // One client asks for many things with one block; many answers have one status.
    const part = half.isRequest ? line : block
    const known = this.#places[part.place]
    if (known !== undefined && known.line === line && known.block === block) return part.place
    // Less and less often where it changes with each.
    if ((++part.changes & part.changes - 1) !== 0) return NOWHERE
    const place = this.#next
    this.#next = place + 1 & PLACES - 1
    this.#places[place] = new WholeHead(line, block, buf, from, to)
    return part.place = place
  }
}
