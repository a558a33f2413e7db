/** A map that forgets what was set longest ago once it is full. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #limit: number
  #keys: Iterator<K> = this.#entries.keys()
  /** How many were forgotten. */
  forgotten = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** What had to go for it, if anything. */
  set(key: K, value: V): V | undefined {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#limit) return undefined
    const key0 = this.#oldest()
    const oldest = this.#entries.get(key0)
    this.#entries.delete(key0)
    this.forgotten++
    return oldest
  }

  /** One iterator for all: a new one would walk over all that was deleted before. */
  #oldest(): K {
    let next = this.#keys.next()
    if (next.done === true) next = (this.#keys = this.#entries.keys()).next()
    return next.value!
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  values(): IterableIterator<V> {
    return this.#entries.values()
  }

  get size(): number {
    return this.#entries.size
  }
}
