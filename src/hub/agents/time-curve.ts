import type { Micros } from '../../model/time.ts'

/** When messages at `from`, `from + step`, … below `to` of one store were said. */
export interface Samples { readonly from: number, readonly to: number, readonly step: number, readonly times: readonly Micros[] }

const MAX_STEPS = 60

/** How many messages several stores have up to a time, guessed from samples of each. */
export class TimeCurve {
  readonly #parts: readonly Samples[]
  readonly #rest: number
  readonly #first: Micros
  readonly #last: Micros

  /** @param rest what comes before, of stores without samples */
  constructor(parts: readonly Samples[], rest: number) {
    this.#parts = parts.map((part) => ({ ...part, times: ascending(part.times) }))
    this.#rest = rest
    this.#first = Math.min(...this.#parts.map(({ times }) => times[0]!))
    this.#last = Math.max(...this.#parts.map(({ times }) => times.at(-1)!)) + 1
  }

  /** All that was said before a time, between the first and the last sample. */
  countAt(time: Micros): number {
    return this.#parts.reduce((sum, part) => sum + countOf(part, time), this.#rest)
  }

  /** The time before which about as many were said. */
  timeOf(count: number): Micros {
    let [low, high] = [this.#first, this.#last]
    for (let step = 0; step < MAX_STEPS && high - low > 1; step++) {
      const middle = Math.floor((low + high) / 2)
      if (this.countAt(middle) < count) low = middle
      else high = middle
    }
    return high
  }
}

function countOf({ from, to, step, times }: Samples, time: Micros): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  if (low === 0) return from
  // Between two samples they are taken to be spread evenly; so is what comes after the last.
  const [before, behind] = [times[low - 1]!, times[low] ?? times[low - 1]! + (times[low - 1]! - (times[low - 2] ?? times[low - 1]!))]
  const share = behind > before ? Math.min(1, (time - before) / (behind - before)) : 1
  return Math.min(to, from + (low - 1 + share) * step)
}

/** Stores are nearly in the order of time. */
function ascending(times: readonly Micros[]): Micros[] {
  let newest = -Infinity
  return times.map((time) => newest = Math.max(newest, time))
}
