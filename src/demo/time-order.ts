import type { Micros } from '../model/time.ts'

/** Puts what comes late back into its place: everything waits until it is `windowMicros` old, but the very first only `firstMicros`. */
export class TimeOrder<T extends { readonly atMicros: Micros }> {
  readonly #windowMicros: Micros
  readonly #firstMicros: Micros
  #waiting: T[] = []
  #begun = false

  constructor(windowMicros: Micros, firstMicros = windowMicros) {
    this.#windowMicros = windowMicros
    this.#firstMicros = firstMicros
  }

  add(item: T): void {
    const before = this.#waiting.findLastIndex((other) => other.atMicros <= item.atMicros)
    this.#waiting.splice(before + 1, 0, item)
  }

  /** Oldest first. */
  take(nowMicros: Micros): T[] {
    const first = this.#begun ? [] : this.#takeOlder(nowMicros - this.#firstMicros, 1)
    this.#begun ||= first.length > 0
    return [...first, ...this.#takeOlder(nowMicros - this.#windowMicros, Infinity)]
  }

  takeAll(): T[] {
    return this.#waiting.splice(0)
  }

  #takeOlder(thanMicros: Micros, atMost: number): T[] {
    const younger = this.#waiting.findIndex((item) => item.atMicros > thanMicros)
    return this.#waiting.splice(0, Math.min(atMost, younger < 0 ? this.#waiting.length : younger))
  }
}
