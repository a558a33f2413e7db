/** Contexts of one cipher that have a key: for the keys used of late, of which others wait for their turn. */
const MAX_CONTEXTS = 64

/** Gives the keys of many connections a context each, and takes it from the one that has had it longest. Contexts are never given back. */
export class ContextPool<Keys> {
  readonly contexts: number[] = []
  readonly #keys: (Keys | undefined)[] = []
  readonly #open: () => number
  #next = 0

  /** @param open a new context; 0 where there is none */
  constructor(open: () => number) {
    this.#open = open
  }

  /** Whether the context of that place has these keys. */
  has(place: number, keys: Keys): boolean {
    return this.#keys[place] === keys
  }

  /** A place whose context is about to get these keys; -1 where there are no contexts. */
  give(keys: Keys): number {
    const place = this.#next
    if (this.contexts.length === place) {
      const context = this.#open()
      if (context === 0) return -1
      this.contexts.push(context)
    }
    this.#next = (place + 1) % MAX_CONTEXTS
    this.#keys[place] = keys
    return place
  }

  /** Its context has no keys any more. */
  leave(place: number): void {
    this.#keys[place] = undefined
  }
}
