import type { Micros } from '../../model/time.ts'
import type { StorePart } from './agent-api.ts'
import { cutOf } from './cut-list.ts'
import type { Cut, CutList } from './cut-list.ts'
import type { PartTimes } from './part-times.ts'
import { askAll } from './parts-lost.ts'

const MIN_CHUNK = 16
const MAX_CHUNK = 2000

type AskTimes = (at: number, ask: { from: number, to: number, step: number }) => Promise<readonly Micros[]>
interface Range { readonly from: number, readonly to: number }

/** Goes through several stores in the order of time, one message after another, never across a cut that was told. */
export class MergeWalk {
  readonly #parts: readonly StorePart[]
  readonly #times: readonly PartTimes[]
  readonly #cuts: CutList
  readonly #ask: AskTimes
  /** What a store is asked for at once: more each time that it is asked again. */
  readonly #chunks: Int32Array

  constructor(parts: readonly StorePart[], times: readonly PartTimes[], cuts: CutList, ask: AskTimes) {
    this.#parts = parts
    this.#times = times
    this.#cuts = cuts
    this.#ask = ask
    this.#chunks = new Int32Array(parts.length)
  }

  /** `count` messages on from a cut. `order`: whose they are. */
  async forward(from: Cut, end: Cut, count: number): Promise<{ cut: Cut, order: number[] }> {
    const order: number[] = []
    const parts = from.parts.slice()
    for (let total = from.total; order.length < count;) {
      const high = this.#cuts.above(total) ?? end
      const steps = Math.min(count - order.length, high.total - total)
      if (steps <= 0) break
      await this.#onwards(parts, high.parts, steps, order)
      total += steps
    }
    return { cut: cutOf(parts), order }
  }

  /** The cut that lies `count` messages before `high`, where there is none between the two. */
  async backward(low: Cut, high: Cut, count: number): Promise<Cut> {
    const parts = high.parts.slice()
    const heads = new Float64Array(parts.length)
    const range = (at: number): Range => ({ from: Math.max(low.parts[at]!, parts[at]! - this.#chunk(at, count)), to: parts[at]! })
    const next = (at: number): number | undefined => parts[at]! > low.parts[at]! ? this.#times[at]!.at(parts[at]! - 1) : -Infinity
    await this.#fill(heads, heads.keys(), next, range)
    for (let n = 0; n < count; n++) {
      let last = 0
      // Of equal times the store that comes last: the other way round than forward.
      for (let at = 1; at < heads.length; at++) if (heads[at]! >= heads[last]!) last = at
      parts[last]!--
      await this.#fillOne(heads, last, next, range)
    }
    return cutOf(parts)
  }

  async #onwards(parts: Float64Array, high: Float64Array, steps: number, order: number[]): Promise<void> {
    const heads = new Float64Array(parts.length)
    const range = (at: number): Range => ({ from: parts[at]!, to: Math.min(high[at]!, parts[at]! + this.#chunk(at, steps)) })
    const next = (at: number): number | undefined => parts[at]! < high[at]! ? this.#times[at]!.at(parts[at]!) : Infinity
    await this.#fill(heads, heads.keys(), next, range)
    for (let n = 0; n < steps; n++) {
      let first = 0
      for (let at = 1; at < heads.length; at++) if (heads[at]! < heads[first]!) first = at
      parts[first]!++
      order.push(first)
      await this.#fillOne(heads, first, next, range)
    }
  }

  #chunk(at: number, count: number): number {
    const chunk = this.#chunks[at] === 0 ? Math.max(MIN_CHUNK, Math.ceil(count * 2 / this.#parts.length)) : this.#chunks[at]! * 2
    return this.#chunks[at] = Math.min(MAX_CHUNK, chunk)
  }

  /** Waits only where the store has to be asked. */
  #fillOne(heads: Float64Array, at: number, next: (at: number) => number | undefined, range: (at: number) => Range): Promise<void> | undefined {
    const time = next(at)
    if (time === undefined) return this.#fill(heads, [at], next, range)
    heads[at] = time
    return undefined
  }

  async #fill(heads: Float64Array, which: Iterable<number>, next: (at: number) => number | undefined, range: (at: number) => Range): Promise<void> {
    const all = [...which]
    const missing = all.filter((at) => next(at) === undefined)
    await askAll(missing.map((at) => this.#parts[at]!), async (_, n) => {
      const at = missing[n]!
      const { from, to } = range(at)
      this.#times[at]!.take(from, await this.#ask(at, { from, to, step: 1 }))
    })
    for (const at of all) heads[at] = next(at)!
  }
}
