import type { Likeness } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { latin1 } from '../http/bytes.ts'
import type { Settings } from '../protocol.ts'
import { Worth } from '../worth.ts'
import { MAX_KNOWN_BYTES, MAX_KNOWN_PATHS } from './limits.ts'

/** A power of two, and how far a hash is shifted to be less. */
const PLACES = 64
const PLACE_SHIFT = 26
const MULTIPLIER = 0x9e3779b1 | 0

/** A text that was sent before, on the same path and by the same side. */
export class KnownText implements Likeness {
  /** A character for each byte. */
  readonly piece: string
  note: object | undefined = undefined
  /** It came more than once: before that nothing is to be made for those that follow. */
  isAgain = false
  /** It is valid UTF-8; undefined until somebody had to know. */
  isText: boolean | undefined = undefined
  readonly #hash: number

  constructor(piece: string, hash: number) {
    this.piece = piece
    this.#hash = hash
  }

  is(hash: number, bytes: Uint8Array, size: number): boolean {
    const { piece } = this
    if (this.#hash !== hash || piece.length !== size) return false
    for (let i = 0; i < size; i++) if (piece.charCodeAt(i) !== bytes[i]) return false
    return true
  }
}

/**
 * The short texts that were sent last on one path by one side: heartbeats, subscriptions and acknowledgements come again and again, and what a line shows of them
 * takes ten times as long to make as they take to be known again.
 */
export class KnownTexts {
  readonly #places = new Array<KnownText | undefined>(PLACES).fill(undefined)
  readonly #worth = new Worth()

  /** The text bytes[0, size); undefined where it is long, or where looking has not paid of late. */
  find(bytes: Uint8Array, size: number): KnownText | undefined {
    if (size > MAX_KNOWN_BYTES || !this.#worth.isGiven) return undefined
    let hash = size
    for (let i = 0; i < size; i++) hash = Math.imul(hash ^ bytes[i]!, MULTIPLIER)
    const place = hash >>> PLACE_SHIFT
    const known = this.#places[place]
    const isHit = known !== undefined && known.is(hash, bytes, size)
    this.#worth.looked(isHit)
    if (!isHit) return this.#places[place] = new KnownText(latin1(bytes, 0, size), hash)
    known.isAgain = true
    return known
  }
}

/** By side. */
export type KnownSides = Readonly<Record<Side, KnownTexts>>

const known = new WeakMap<Settings, Map<string, KnownSides>>()

/** The same for all connections to one path that are read alike; undefined where there are too many paths. */
export function knownTextsOf(settings: Settings, path: string): KnownSides | undefined {
  let paths = known.get(settings)
  if (paths === undefined) known.set(settings, paths = new Map())
  let sides = paths.get(path)
  if (sides === undefined && paths.size < MAX_KNOWN_PATHS) paths.set(path, sides = [new KnownTexts(), new KnownTexts()])
  return sides
}
