import type { Piece } from '../../base/piece.ts'
import type { Likeness } from '../../model/message.ts'
import type { Settings } from '../protocol.ts'
import type { Header } from '../http/headers.ts'
import type { Half } from './half.ts'
import { viewOf } from '../memory-view.ts'
import { SeenBytes } from './seen-bytes.ts'
import { Worth } from '../worth.ts'
import { WholeHeads } from './whole-heads.ts'

const LINES = 256
const BLOCKS = 64
/** What is longer is read anew each time. */
export const MAX_LINE_BYTES = 128
export const MAX_BLOCK_BYTES = 1024
/** The bytes of a block that say in which place it is looked for: of a request the host, mostly. */
const BLOCK_KEY_BYTES = 16
const MULTIPLIER = 0x9e3779b1 | 0

/** Goes into the hash of a start line, four bytes at a time. */
export function mixed(hash: number, four: number): number {
  return Math.imul(hash ^ four, MULTIPLIER)
}

/** Exchanges with one request line and one status line. */
class SameLines implements Likeness {
  readonly answer: LineFacts
  note: object | undefined = undefined

  constructor(answer: LineFacts) {
    this.answer = answer
  }
}

/** What was found in a start line. */
export class LineFacts {
  /** The line with its CR LF. */
  readonly text: string
  /** Of a request: the line up to the end of its target. */
  readonly call: string
  readonly wordEnd: number
  readonly textAt: number
  readonly textEnd: number
  readonly minor: number
  readonly status: number
  readonly method: number
  /** Made by those who need it: whether a lens may find itself in the target, what lines show of a request, the beginning of its JSON. */
  hasQuery: boolean | undefined = undefined
  what: string | undefined = undefined
  json: Piece | undefined = undefined
  /** Of a request: where the latest whole head with it is, and how many there were. */
  place = 0
  changes = 0

  #likeness: SameLines | undefined

  constructor(half: Half, text: string) {
    this.text = text
    this.call = text.slice(0, half.textEnd)
    this.wordEnd = half.wordEnd
    this.textAt = half.textAt
    this.textEnd = half.textEnd
    this.minor = half.minor
    this.status = half.status
    this.method = half.method
  }

  /** The same object for the same two lines, while one answer to it follows the other. */
  likenessWith(answer: LineFacts): Likeness {
    const known = this.#likeness
    return known?.answer === answer ? known : this.#likeness = new SameLines(answer)
  }

  fill(half: Half): void {
    half.line = this
    half.wordEnd = this.wordEnd
    half.textAt = this.textAt
    half.textEnd = this.textEnd
    half.minor = this.minor
    half.status = this.status
    half.method = this.method
  }
}

/** What was found in a block of header lines. */
export class BlockFacts {
  /** The block with its empty line. */
  readonly text: string
  readonly contentLength: number
  readonly hasTransferEncoding: boolean
  readonly isChunked: boolean
  readonly hasUpgrade: boolean
  readonly hasLensType: boolean
  readonly hasCoding: boolean
  /** Counted from the start of the block. */
  readonly typeAt: number
  readonly typeEnd: number
  /** Made by those who need it: the Content-Type in lower case, the lines as sent, and as JSON shows them. */
  type: string | undefined = undefined
  headers: readonly Header[] | undefined = undefined
  /** Whether a body of ASCII is shown as its text and nothing else. */
  showsText: boolean | undefined = undefined
  json: Piece | undefined = undefined
  /** Of a response: where the latest whole head with it is, and how many there were. */
  place = 0
  changes = 0

  /** `at`: where the block begins. */
  constructor(half: Half, text: string, at: number) {
    this.text = text
    this.contentLength = half.contentLength
    this.hasTransferEncoding = half.hasTransferEncoding
    this.isChunked = half.isChunked
    this.hasUpgrade = half.hasUpgrade
    this.hasLensType = half.hasLensType
    this.hasCoding = half.hasCoding
    this.typeAt = half.typeEnd === 0 ? 0 : half.typeAt - at
    this.typeEnd = half.typeEnd === 0 ? 0 : half.typeEnd - at
  }

  /** `at`: where the block begins now. */
  fill(half: Half, at: number): void {
    half.block = this
    half.contentLength = this.contentLength
    half.hasTransferEncoding = this.hasTransferEncoding
    half.isChunked = this.isChunked
    half.hasUpgrade = this.hasUpgrade
    half.hasLensType = this.hasLensType
    half.hasCoding = this.hasCoding
    if (this.typeEnd === 0) return
    half.typeAt = at + this.typeAt
    half.typeEnd = at + this.typeEnd
  }
}

/** A place for the bytes that were read last of their kind, and what was found in them. */
class Memo<Facts> {
  readonly seen: SeenBytes
  facts: Facts | undefined = undefined

  constructor(maxBytes: number) {
    this.seen = new SeenBytes(maxBytes)
  }

  /** The bytes are buf[from, to). */
  remember(facts: Facts, buf: Uint8Array, from: number, to: number): void {
    this.seen.remember(buf, from, to)
    this.facts = facts
  }
}

/**
 * The start lines and header blocks that were read last, of all connections in one direction: many repeat one before, and to compare them
 * takes a fifth of the time of reading them.
 */
export class HeadMemo {
  readonly lineWorth = new Worth()
  readonly blockWorth = new Worth()
  readonly wholes = new WholeHeads()
  readonly #lines: (Memo<LineFacts> | undefined)[] = new Array<Memo<LineFacts> | undefined>(LINES).fill(undefined)
  readonly #blocks: (Memo<BlockFacts> | undefined)[] = new Array<Memo<BlockFacts> | undefined>(BLOCKS).fill(undefined)

  /** The place for a line. */
  line(hash: number): Memo<LineFacts> {
    return this.#lines[hash >>> 24] ??= new Memo<LineFacts>(MAX_LINE_BYTES)
  }

  /** The place for a block that begins at `at`. Undefined where it is too short to tell. */
  block(buf: Uint8Array, at: number, to: number): Memo<BlockFacts> | undefined {
    if (to - at < BLOCK_KEY_BYTES) return undefined
    const words = viewOf(buf)
    const i = buf.byteOffset + at
    let hash = mixed(0, words.getInt32(i, true))
    hash = mixed(hash, words.getInt32(i + 4, true))
    hash = mixed(hash, words.getInt32(i + 8, true))
    hash = mixed(hash, words.getInt32(i + 12, true))
    return this.#blocks[hash >>> 26] ??= new Memo<BlockFacts>(MAX_BLOCK_BYTES)
  }
}

/** One for each direction. */
export interface HeadMemos { readonly requests: HeadMemo, readonly responses: HeadMemo }

const memos = new WeakMap<Settings, HeadMemos>()

/** The same for all connections that are read alike. */
export function headMemosOf(settings: Settings): HeadMemos {
  let known = memos.get(settings)
  if (known === undefined) memos.set(settings, known = { requests: new HeadMemo(), responses: new HeadMemo() })
  return known
}
