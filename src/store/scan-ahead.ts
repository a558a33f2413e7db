import type { ScanPool, ScanKey } from './scan-pool.ts'

/** Messages of one region: some hundredths of a second of work. */
const REGION_IDS = 8_000

/** Messages `from <= id < below` that one thread looks at, from the newest on. */
export interface Region {
  readonly from: number
  readonly below: number
  /** Down to here it has been looked at. */
  at: number
  /** Newest first. */
  found: number[]
  isDone: boolean
  /** This thread is to look at it: nobody else does, or somebody failed to. */
  isOurs: boolean
}

/** What several threads look at together, told apart in regions from the newest on, and put together again in that order. */
export class ScanAhead {
  readonly #pool: ScanPool
  readonly #key: ScanKey
  /** Newest first, without a gap. */
  readonly #regions: Region[] = []
  #claimedFrom: number

  /** @param below all older messages are to be looked at */
  constructor(pool: ScanPool, key: ScanKey, below: number) {
    this.#pool = pool
    this.#key = key
    this.#claimedFrom = below
  }

  /** Gives regions to threads that have room. The newest of all is for this one, so that something is there at once. */
  ask(first: number): void {
    while (this.#regions.length > 0 && this.#claimedFrom > first && this.#pool.hasRoom()) {
      const region = this.#claim(first, false)
      void this.#pool.scan(this.#key, region.from, region.below).then((found) => {
        if (found === undefined) region.isOurs = true
        else {
          region.found = found
          region.isDone = true
        }
      })
    }
  }

  /** There is something left for this thread. */
  hasMore(first: number): boolean {
    return this.#claimedFrom > first || this.#regions.some((region) => region.isDone || region.isOurs)
  }

  /** The next one for this thread. */
  ours(first: number): Region | undefined {
    return this.#regions.find((region) => region.isOurs && !region.isDone) ?? (this.#claimedFrom > first ? this.#claim(first, true) : undefined)
  }

  #claim(first: number, isOurs: boolean): Region {
    const from = Math.max(first, this.#claimedFrom - REGION_IDS)
    const region: Region = { from, below: this.#claimedFrom, at: this.#claimedFrom, found: [], isDone: false, isOurs }
    this.#regions.push(region)
    this.#claimedFrom = from
    return region
  }

  /** The newest one, once it is done. */
  nextDone(): Region | undefined {
    return this.#regions[0]?.isDone === true ? this.#regions.shift() : undefined
  }
}
