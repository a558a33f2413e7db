import { MAX_PART_KEYS } from '../../store/search-part.ts'
import type { Selection, StoredRecord } from '../../store/store.ts'
import { FilterError } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'
import { askEach } from './parts-lost.ts'
import { RequestEnds } from './request-ends.ts'

const MIN_AHEAD = 16

class PartRecords {
  readonly part: StorePart
  isLost = false
  readonly #selection: Selection
  #ahead: readonly StoredRecord[] = []
  #at = 0
  #after: number | undefined
  #isOver = false

  constructor(part: StorePart, selection: Selection) {
    this.part = part
    this.#selection = selection
  }

  get head(): StoredRecord | undefined {
    return this.#ahead[this.#at]
  }

  get isEmpty(): boolean {
    return this.head === undefined && !this.#isOver
  }

  step(): void {
    this.#at++
  }

  async fill(count: number): Promise<void> {
    const { records, next } = await this.part.batch(this.#selection, this.#after, count)
    this.#ahead = records
    this.#at = 0
    this.#after = next
    this.#isOver = next === undefined
  }

  giveUp(): void {
    this.isLost = true
    this.#ahead = []
    this.#isOver = true
  }
}

interface Taken { readonly record: StoredRecord, readonly part: StorePart }

/** Records of several stores, oldest first as far as each store has them so. What a store does not give is left out; of requests between two, each once, the server's end is. */
export class MergedRecords {
  readonly #parts: readonly PartRecords[]
  readonly #selection: Selection
  readonly #lost: (part: StorePart, error: Error) => void

  constructor(parts: readonly StorePart[], selection: Selection, lost: (part: StorePart, error: Error) => void) {
    this.#parts = parts.map((part) => new PartRecords(part, selection))
    this.#selection = selection
    this.#lost = lost
  }

  /** Fewer than `limit` only at the end. Rejects with FilterError. */
  async next(limit: number): Promise<Taken[]> {
    const all: Taken[] = []
    for (let isOver = false; all.length < limit && !isOver;) {
      const taken = await this.#take(limit - all.length)
      isOver = taken.length < limit - all.length
      all.push(...this.#selection.requests === true ? await this.#withoutServersEnds(taken) : taken)
    }
    return all
  }

  /** Whose client's end is there, too, or was. */
  async #withoutServersEnds(taken: readonly Taken[]): Promise<readonly Taken[]> {
    const keys = taken.flatMap(({ record: { row: { way } } }) => way?.half?.side === 'server' && way.half.key !== undefined ? [way.half.key] : [])
    if (keys.length === 0) return taken
    const parts = this.#parts.filter(({ part, isLost }) => part.crossings && !isLost).map(({ part }) => part)
    const found: { readonly row: StoredRecord['row'], readonly position: number }[][] = parts.map(() => [])
    for (let i = 0; i < keys.length; i += MAX_PART_KEYS) {
      const { answers, lost } = await askEach(parts, (part) => part.part(this.#selection, { kind: 'crossings', keys: keys.slice(i, i + MAX_PART_KEYS) }))
      for (const [part, error] of lost) this.#lost(part, error)
      for (const [at, answer] of answers.entries()) found[at]!.push(...answer?.found ?? [])
    }
    const ends = new RequestEnds(found.map((one) => ({ search: 0, found: one })), parts.map(({ node }) => node), true)
    return taken.filter(({ record: { row }, part }) => row.way?.half?.side !== 'server' || ends.clientOf({ at: parts.indexOf(part), row }) === undefined)
  }

  async #take(limit: number): Promise<Taken[]> {
    const taken: Taken[] = []
    const ahead = Math.min(limit, Math.max(MIN_AHEAD, Math.ceil(limit * 1.5 / Math.max(1, this.#parts.length))))
    await this.#fill(this.#parts, ahead)
    while (taken.length < limit) {
      const first = this.#first()
      if (first === undefined) break
      taken.push({ record: first.head!, part: first.part })
      first.step()
      if (first.isEmpty) await this.#fill([first], ahead)
    }
    return taken
  }

  #first(): PartRecords | undefined {
    let first: PartRecords | undefined
    for (const part of this.#parts) {
      if (part.head !== undefined && (first === undefined || part.head.row.atMicros < first.head!.row.atMicros)) first = part
    }
    return first
  }

  async #fill(parts: readonly PartRecords[], count: number): Promise<void> {
    await Promise.all(parts.filter((part) => part.isEmpty).map(async (part) => {
      try {
        await part.fill(count)
      } catch (error) {
        if (error instanceof FilterError) throw error
        part.giveUp()
        this.#lost(part.part, error as Error)
      }
    }))
  }
}
