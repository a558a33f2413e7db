/** Steps of a factor of 2: with 16 of them a value is known within 4.5 %. */
const STEPS = 16
/** About three hours; longer ones count as that. */
const MAX_BUCKET = STEPS * 34

/** The bucket of a latency in microseconds; 0 for less than one. */
function bucketOf(micros: number): number {
  return micros < 1 ? 0 : Math.min(MAX_BUCKET, 1 + Math.floor(Math.log2(micros) * STEPS))
}

/** The middle of a bucket, in microseconds. */
export function microsOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(2 ** ((bucket - 0.5) / STEPS))
}

/** Counts of latencies, few buckets of many being used. */
export class Latencies {
  readonly #counts = new Map<number, number>()

  add(micros: number): void {
    const bucket = bucketOf(micros)
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1)
  }

  addAll(sparse: readonly number[]): void {
    for (let i = 0; i + 1 < sparse.length; i += 2) this.#counts.set(sparse[i]!, (this.#counts.get(sparse[i]!) ?? 0) + sparse[i + 1]!)
  }

  /** `[bucket, count, …]`, by bucket. */
  sparse(): number[] {
    return [...this.#counts].sort(([a], [b]) => a - b).flat()
  }

  /** The value that `share` of all do not exceed, within 4.5 %; undefined without any. */
  quantile(share: number): number | undefined {
    const sorted = [...this.#counts].sort(([a], [b]) => a - b)
    const total = sorted.reduce((sum, [, count]) => sum + count, 0)
    let rest = Math.ceil(total * share)
    for (const [bucket, count] of sorted) if ((rest -= count) <= 0) return microsOf(bucket)
    return undefined
  }
}
