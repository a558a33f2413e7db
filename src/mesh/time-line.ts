import type { Micros } from '../model/time.ts'

/** Things in the order of their time. Made for what comes nearly in order: the search for a place begins at the end. */
export class TimeLine<T extends { readonly atMicros: Micros }> {
  readonly #items: T[] = []

  get items(): readonly T[] {
    return this.#items
  }

  get length(): number {
    return this.#items.length
  }

  insert(item: T): void {
    let index = this.#items.length
    while (index > 0 && this.#items[index - 1]!.atMicros > item.atMicros) index--
    this.#items.splice(index, 0, item)
  }

  remove(item: T): void {
    for (let index = this.firstFrom(item.atMicros); index < this.#items.length && this.#items[index]!.atMicros === item.atMicros; index++) {
      if (this.#items[index] !== item) continue
      this.#items.splice(index, 1)
      return
    }
  }

  /** Leaves out what is not to be kept. */
  keep(isKept: (item: T) => boolean): void {
    let kept = 0
    for (const item of this.#items) if (isKept(item)) this.#items[kept++] = item
    this.#items.length = kept
  }

  /** Index of the first that is not before that time; the length where there is none. */
  firstFrom(atMicros: Micros): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#items[middle]!.atMicros < atMicros) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Index of the last that is not after that time; -1 where there is none. */
  lastUntil(atMicros: Micros): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#items[middle]!.atMicros <= atMicros) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
