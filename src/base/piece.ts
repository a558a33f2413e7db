import { Buffer } from 'node:buffer'
import type { TextPiece } from '../model/message.ts'

const WORD = 4

/** A text as it is added to many lines. */
export class Piece implements TextPiece {
  words: Int32Array
  length: number

  constructor(text = '') {
    const bytes = Buffer.from(text)
    const padded = Buffer.alloc(Math.ceil(bytes.length / WORD) * WORD)
    bytes.copy(padded)
    this.length = bytes.length
    this.words = Int32Array.from({ length: padded.length / WORD }, (_, i) => padded.readInt32LE(i * WORD))
  }

  /** It becomes what lies at `at`; up to three bytes behind it are read, too. */
  take(view: DataView, at: number, length: number): void {
    const count = Math.ceil(length / WORD)
    if (this.words.length < count) this.words = new Int32Array(count)
    const { words } = this
    for (let i = 0; i < count; i++) words[i] = view.getInt32(at + i * WORD, true)
    this.length = length
  }
}
