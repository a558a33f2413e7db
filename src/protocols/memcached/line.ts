import type { Micros } from '../../model/time.ts'

/** A line without its end, and the value behind it where it announces one. Both have one character a byte. */
export class Line {
  readonly atMicros: Micros
  readonly text: string
  /** As announced; -1 where it announces none. */
  readonly valueBytes: number
  /** The first bytes of it. */
  value = ''
  /** Bits of notes.ts. */
  bits: number

  constructor(atMicros: Micros, text: string, valueBytes: number, bits: number) {
    this.atMicros = atMicros
    this.text = text
    this.valueBytes = valueBytes
    this.bits = bits
  }

  get keptBytes(): number {
    return this.text.length + this.value.length
  }
}
