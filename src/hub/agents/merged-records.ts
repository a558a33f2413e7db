import type { Selection, StoredRecord } from '../../store/store.ts'
import { FilterError } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'

const MIN_AHEAD = 16

class PartRecords {
  readonly part: StorePart
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
    this.#ahead = []
    this.#isOver = true
  }
}

/** Records of several stores, oldest first as far as each store has them so. What a store does not give is left out. */
export class MergedRecords {
  readonly #parts: readonly PartRecords[]
  readonly #lost: (part: StorePart, error: Error) => void

  constructor(parts: readonly StorePart[], selection: Selection, lost: (part: StorePart, error: Error) => void) {
    this.#parts = parts.map((part) => new PartRecords(part, selection))
    this.#lost = lost
  }

  /** Fewer than `limit` only at the end. Rejects with FilterError. */
  async next(limit: number): Promise<{ readonly record: StoredRecord, readonly part: StorePart }[]> {
    const taken: { record: StoredRecord, part: StorePart }[] = []
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
