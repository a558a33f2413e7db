import type { Micros } from '../../model/time.ts'
import { INCOMPLETE } from './notes.ts'

/** One command or one reply as it was sent, as far as it was read. It is taken apart when somebody asks. */
export class Frame {
  /** First and last byte of it. */
  readonly atMicros: Micros
  endMicros: Micros
  /** The first bytes, one character a byte. */
  text: string
  /** As it was sent, lost bytes included. */
  sizeBytes: number
  /** Bits of notes.ts. */
  bits: number

  constructor(atMicros: Micros, endMicros: Micros, text: string, sizeBytes: number, bits: number) {
    this.atMicros = atMicros
    this.endMicros = endMicros
    this.text = text
    this.sizeBytes = sizeBytes
    this.bits = bits
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }

  /** Not all of it is in `text`. */
  get isCut(): boolean {
    return this.text.length < this.sizeBytes
  }
}
