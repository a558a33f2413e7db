import { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { FrameOwner } from './frame-reader.ts'
import { FrameReader } from './frame-reader.ts'
import type { Half } from './half.ts'
import { DEFAULT_TABLE_BYTES, HpackDecoder } from './hpack-decoder.ts'
import { MAX_BLOCK_BYTES, MAX_CONTINUATIONS, MAX_RESETS_A_SECOND } from './limits.ts'
import type { SettingsView } from './settings-frame.ts'

const FIRST_WINDOW = 65_535

/** A header block whose frames are still coming. */
export interface OpenBlock {
  readonly stream: number
  /** 0, or the stream that the block promises. */
  readonly promised: number
  readonly endsStream: boolean
  readonly atMicros: Micros
}

/** What is known of one side of a connection: its frames, its header table, what it announced. */
export class Direction {
  readonly side: Side
  readonly reader: FrameReader
  readonly decoder = new HpackDecoder()
  readonly settings: SettingsView = {}
  block: OpenBlock | undefined = undefined
  /** Where the bytes of the DATA frame go that is passing. */
  target: Half | undefined = undefined
  /** Bytes that this side may still send. */
  window = FIRST_WINDOW
  /** Largest header table that the other side allowed. */
  allowedTableBytes = DEFAULT_TABLE_BYTES
  /** Bytes were lost, and nobody was told so far. */
  hasUntoldLoss = false
  isEnded = false
  #pieces: Uint8Array[] = []
  #blockBytes = 0
  #blockFrames = 0
  #resetsMicros: Micros = -Infinity
  #resets = 0

  constructor(owner: FrameOwner, side: Side) {
    this.side = side
    this.reader = new FrameReader(owner, side)
  }

  get heldBytes(): number {
    return this.reader.heldBytes + this.decoder.heldBytes + this.#blockBytes
  }

  /** Copies a piece of the open block. False where it has become too long; it is skipped then. */
  collect(buf: Uint8Array, from: number, to: number): boolean {
    this.#blockFrames++
    this.#blockBytes += to - from
    if (this.#blockBytes > MAX_BLOCK_BYTES || this.#blockFrames > MAX_CONTINUATIONS) {
      this.#pieces = []
      return false
    }
    if (to > from) this.#pieces.push(new Uint8Array(buf.subarray(from, to)))
    return true
  }

  get isBlockTooLong(): boolean {
    return this.#blockBytes > MAX_BLOCK_BYTES || this.#blockFrames > MAX_CONTINUATIONS
  }

  /** The bytes of the open block, which is none any more. */
  takeBlock(): Uint8Array {
    const bytes = Buffer.concat(this.#pieces)
    this.dropBlock()
    return bytes
  }

  dropBlock(): void {
    this.block = undefined
    this.#pieces = []
    this.#blockBytes = this.#blockFrames = 0
  }

  /** Counts a stream that this side resets. True where they are so many that it is a flood. */
  countReset(at: Micros): boolean {
    if (at - this.#resetsMicros >= 1_000_000) {
      this.#resetsMicros = at
      this.#resets = 0
    }
    return ++this.#resets > MAX_RESETS_A_SECOND
  }

  /** The very one with which a flood begins. */
  get isFloodBegun(): boolean {
    return this.#resets === MAX_RESETS_A_SECOND + 1
  }
}
