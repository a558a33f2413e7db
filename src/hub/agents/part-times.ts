import type { Micros } from '../../model/time.ts'
import type { PartLook } from '../../store/search-part.ts'
import type { StoredRow } from '../../store/store.ts'

/** When the messages at some positions of one store were said, and the newest of them themselves. */
export class PartTimes {
  #from = 0
  #times: readonly Micros[] = []
  #tail: readonly StoredRow[] = []
  #tailFrom = 0

  /** Forgets what it knew. */
  takeTail({ end, tail }: PartLook): void {
    this.#tail = tail
    this.#tailFrom = end - tail.length
    this.#times = []
  }

  take(from: number, times: readonly Micros[]): void {
    this.#from = from
    this.#times = times
  }

  at(position: number): Micros | undefined {
    return position >= this.#tailFrom ? this.#tail[position - this.#tailFrom]?.atMicros : position < this.#from ? undefined : this.#times[position - this.#from]
  }

  /** Undefined where they are not all here. */
  rows(from: number, to: number): readonly StoredRow[] | undefined {
    const rows = from < this.#tailFrom ? [] : this.#tail.slice(from - this.#tailFrom, to - this.#tailFrom)
    return rows.length === to - from ? rows : undefined
  }
}
