import type { Micros } from '../../model/time.ts'
import { Pending } from './pending.ts'

/** Pending bytes of which is known where they began, and when. */
export class HeldBytes extends Pending {
  /** Of the first byte. */
  atMicros: Micros = 0
  /** Stream offset of the first byte. */
  offset = 0

  hold(buf: Uint8Array, from: number, to: number, atMicros: Micros, offset: number): void {
    if (this.length === 0) {
      this.atMicros = atMicros
      this.offset = offset
    }
    this.add(buf, from, to)
  }
}
