import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Search } from './search.ts'
import type { Selection } from './store.ts'

/** Searches that are remembered; one costs 8 bytes a match. */
const MAX_SEARCHES = 12
/** A search nobody asked about for so long does not go on. */
const IDLE_MS = 30_000
/** How long other threads are waited for at once. */
const WAIT_MS = 1

interface Remembered { readonly search: Search, lastMs: number }

/** The searches of a store, remembered and going on in the background between calls. */
export class Searches {
  readonly #begin: (selection: Selection, nowMs: number) => Search
  readonly #now: () => number
  readonly #remembered = new Map<string, Remembered>()
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
      const idleMs = this.#now() - IDLE_MS
      for (const { search, lastMs } of this.#remembered.values()) if (!this.#closed && lastMs > idleMs) more = search.step() || more
    }
    this.#stepping = false
  }

  /** Calls come in between. Where all that is left is done by other threads, they are not disturbed. */
  async #turn(): Promise<void> {
    let isWaiting = false
    for (const { search } of this.#remembered.values()) isWaiting ||= search.isWaiting
    await (isWaiting ? sleep(WAIT_MS) : nextTurn())
  }

  /** Until enough was found, or all was looked at, or so long. */
  async until(search: Search, waitMs: number, enough: () => boolean): Promise<void> {
    const endMs = this.#now() + waitMs
    while (!this.#closed && search.searching !== undefined && !enough() && this.#now() < endMs) await this.#turn()
  }

  /** Until all was looked at. */
  async whole(search: Search): Promise<void> {
    while (!this.#closed && search.searching !== undefined) await this.#turn()
  }

  /** The messages before this one are gone. */
  removeBelow(id: number): void {
    for (const { search } of this.#remembered.values()) search.removeBelow(id)
  }

  close(): void {
    this.#closed = true
  }
}
