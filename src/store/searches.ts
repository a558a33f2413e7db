import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Search } from './search.ts'
import type { Selection } from './store.ts'

/** Searches that are remembered; one costs 8 bytes a match. */
const MAX_SEARCHES = 12
/** A search nobody asked about for so long does not go on. */
const IDLE_MS = 30_000
/** How long other threads are waited for at once. */
const WAIT_MS = 1
/** Who waits for a search waits for so many turns, whatever the clock says: while the machine stood still nothing was searched. */
const LEAST_TURNS = 2

interface Remembered { readonly search: Search, lastMs: number }

/** The searches of a store, remembered and going on in the background between calls. */
export class Searches {
  readonly #begin: (selection: Selection, nowMs: number) => Search
  readonly #now: () => number
  readonly #remembered = new Map<string, Remembered>()
  /** Who is waited for goes on, whether it is remembered or not; how often it is. */
  readonly #awaited = new Map<Search, number>()
  #stepping = false
  #closed = false

  constructor(begin: (selection: Selection, nowMs: number) => Search, now: () => number) {
    this.#begin = begin
    this.#now = now
  }

  get closed(): boolean {
    return this.#closed
  }

  of(selection: Selection): Search {
    const key = JSON.stringify([selection.q ?? '', selection.from, selection.to, selection.requests === true])
    const nowMs = this.#now()
    let known = this.#remembered.get(key)
    if (known === undefined) {
      known = { search: this.#begin(selection, nowMs), lastMs: nowMs }
      if (this.#remembered.size >= MAX_SEARCHES) this.#forgetOldest()
    }
    known.lastMs = nowMs
    this.#remembered.delete(key)
    this.#remembered.set(key, known)
    known.search.extend()
    void this.#stepOn()
    return known.search
  }

  #forgetOldest(): void {
    this.#remembered.delete(this.#remembered.keys().next().value!)
  }

  /** Searches go on by themselves, a step each turn, so that calls come in between. */
  async #stepOn(): Promise<void> {
    if (this.#stepping) return
    this.#stepping = true
    for (let more = true; more && !this.#closed;) {
      await this.#turn()
      more = false
      for (const search of this.#wanted()) if (!this.#closed) more = search.step() || more
    }
    this.#stepping = false
  }

  /** Those that somebody waits for, or asked about not long ago. */
  #wanted(): Set<Search> {
    const idleMs = this.#now() - IDLE_MS
    const wanted = new Set(this.#awaited.keys())
    for (const { search, lastMs } of this.#remembered.values()) if (lastMs > idleMs) wanted.add(search)
    return wanted
  }

  /** Calls come in between. Where all that is left is done by other threads, they are not disturbed. */
  async #turn(): Promise<void> {
    let isWaiting = false
    for (const search of this.#known()) isWaiting ||= search.isWaiting
    await (isWaiting ? sleep(WAIT_MS) : nextTurn())
  }

  #known(): Set<Search> {
    const known = new Set(this.#awaited.keys())
    for (const { search } of this.#remembered.values()) known.add(search)
    return known
  }

  /** Until enough was found, or all was looked at, or so long. */
  async until(search: Search, waitMs: number, enough: () => boolean): Promise<void> {
    const endMs = this.#now() + waitMs
    const least = waitMs > 0 ? LEAST_TURNS : 0
    await this.#follow(search, (turns) => !enough() && (turns < least || this.#now() < endMs))
  }

  /** Until all was looked at. */
  async whole(search: Search): Promise<void> {
    await this.#follow(search, () => true)
  }

  /** @param goesOn whether to wait for one more turn, after so many */
  async #follow(search: Search, goesOn: (turns: number) => boolean): Promise<void> {
    this.#awaited.set(search, (this.#awaited.get(search) ?? 0) + 1)
    void this.#stepOn()
    try {
      for (let turns = 0; !this.#closed && search.searching !== undefined && goesOn(turns); turns++) await this.#turn()
    } finally {
      const others = this.#awaited.get(search)! - 1
      if (others > 0) this.#awaited.set(search, others)
      else this.#awaited.delete(search)
    }
  }

  /** The messages before this one are gone. */
  removeBelow(id: number): void {
    for (const search of this.#known()) search.removeBelow(id)
  }

  close(): void {
    this.#closed = true
  }
}
