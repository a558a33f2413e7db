import type { RequestWay } from '../model/api.ts'
import type { EndWay } from './end-table.ts'
import { blockOf } from './end-table.ts'

/** Messages with `from <= id <= to`; where requests went is known of those up to `decidedTo`. */
export interface IdRange { readonly from: number, readonly to: number, readonly decidedTo: number }

/** What another store has of the same requests, by which each is counted once. */
export interface JoinedEnds {
  /** Nothing else is counted: of what came later nobody has asked the other store. */
  readonly within: IdRange
  readonly ways: readonly EndWay[]
  /** Blocks (blockOf) or keys of ends, and the index of where those requests went: this store's end stands for both. -1: the other one's does. */
  readonly stands: readonly (readonly [string, number])[]
}

/** Where requests went, with what others know of them. */
export class EndsTaken {
  readonly #ways: readonly EndWay[]
  readonly #stands: ReadonlyMap<string, number>

  constructor({ ways, stands }: Pick<JoinedEnds, 'ways' | 'stands'>) {
    this.#ways = ways
    this.#stands = new Map(stands)
  }

  /** False where it is counted elsewhere. */
  wayOf(way: RequestWay): RequestWay | false {
    const key = way.half?.key
    const index = key === undefined ? undefined : this.#stands.get(blockOf(key)) ?? this.#stands.get(key)
    if (index === undefined) return way
    const whole = this.#ways[index]
    return whole === undefined ? false : { hops: way.hops, ...whole }
  }
}
