/** The same numbers for the same seed (xorshift32). */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    // A state of 0 would stay 0.
    this.#state = (Math.imul(seed, 0x9e3779b1) ^ 0x85ebca6b) >>> 0 || 1
  }

  /** An integer in 0…2^32-1. */
  word(): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state
  }

  /** An integer in `from`…`to`, both included. */
  between(from: number, to: number): number {
    return from + this.word() % (to - from + 1)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.word() % items.length]!
  }
}
