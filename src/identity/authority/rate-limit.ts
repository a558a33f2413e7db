/** A bucket for each key that refills evenly; `now` in milliseconds of any clock that does not go back much. */
export class RateLimit {
  readonly #perMinute: number
  readonly #burst: number
  readonly #maxKeys: number
  readonly #buckets = new Map<string, { left: number, atMillis: number }>()

  /** At most `maxKeys` are remembered; beyond that the one that was made first is forgotten, which only ever permits more. */
  constructor(perMinute: number, burst: number, maxKeys: number) {
    this.#perMinute = perMinute
    this.#burst = burst
    this.#maxKeys = maxKeys
  }

  /** 0 where it may go on, which is counted; else the milliseconds until it may. */
  take(key: string, nowMillis: number): number {
    const bucket = this.#bucket(key, nowMillis)
    const gained = Math.max(0, nowMillis - bucket.atMillis) * this.#perMinute / 60_000
    bucket.left = Math.min(this.#burst, bucket.left + gained)
    bucket.atMillis = nowMillis
    if (bucket.left < 1) return Math.ceil((1 - bucket.left) * 60_000 / this.#perMinute)
    bucket.left--
    return 0
  }

  #bucket(key: string, nowMillis: number): { left: number, atMillis: number } {
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    if (this.#buckets.size >= this.#maxKeys) this.#buckets.delete(this.#buckets.keys().next().value!)
    const bucket = { left: this.#burst, atMillis: nowMillis }
    this.#buckets.set(key, bucket)
    return bucket
  }
}
