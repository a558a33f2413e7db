import { viewOf } from '../memory-view.ts'
import { copyOf } from '../../base/copy-bytes.ts'
import { Question } from './question.ts'

/** A power of two. */
const PLACES = 2048
/** Longer questions are read anew each time. */
const MAX_BYTES = 128
/** Id and flags, which each message has its own of. */
const OWN_BYTES = 4
const MULTIPLIER = 0x9e3779b1 | 0

/** Questions that were asked before. Most queries come from a port of their own and ask what others did: to compare a few bytes costs less than to copy and to read them. */
export class QuestionMemo {
  readonly #places: (Question | undefined)[] = new Array<Question | undefined>(PLACES).fill(undefined)

  /** What bytes[start, end) asks, a message up to the end of its questions; undefined where it is too long. */
  find(bytes: Uint8Array, start: number, end: number): Question | undefined {
    if (end - start > MAX_BYTES) return undefined
    const place = placeOf(bytes, start + OWN_BYTES, end)
    const known = this.#places[place]
    if (known !== undefined && isSame(known.bytes, bytes, start, end)) return known
    return this.#places[place] = new Question(copyOf(bytes, start, end))
  }
}

function placeOf(bytes: Uint8Array, from: number, to: number): number {
  const words = viewOf(bytes)
  const { byteOffset } = bytes
  let hash = to - from
  let i = from
  for (; i + 4 <= to; i += 4) hash = Math.imul(hash ^ words.getInt32(byteOffset + i, true), MULTIPLIER) ^ hash >>> 15
  for (; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, MULTIPLIER)
  return (hash ^ hash >>> 15) & PLACES - 1
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let i = OWN_BYTES; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
