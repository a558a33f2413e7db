import type { DatabaseSync } from 'node:sqlite'
import type { JoinedHops } from './joined-hops.ts'
import type { RecordReader } from './record-reader.ts'
import { Scan } from './scan.ts'
import type { Region } from './scan-ahead.ts'
import { ScanAhead } from './scan-ahead.ts'
import type { ScanPool } from './scan-pool.ts'
import type { Selection } from './store.ts'

/** Messages asked of the database at once: few at first, so that the first rows come soon. */
const FIRST_IDS = 20_000
const MAX_IDS = 200_000
/** For fewer no other thread is asked. */
const MIN_FOR_HELP = 20_000

/**
 * The messages of one selection, newest found first, and then what is added. Positions: 0 is the first that was added after the search began, -1 the newest before it.
 * They never change; what goes from the store goes from the beginning.
 */
export class Search {
  /** No other search has it: positions of two searches do not compare. */
  readonly number = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER)
  readonly #reader: RecordReader
  /** Only what stands for a request, as far as that is decided. */
  readonly #joined: JoinedHops | undefined
  readonly #scan: Scan
  readonly #pool: ScanPool | undefined
  readonly #selection: Selection
  readonly #nowMicros: number
  /** Ids before the anchor, newest first; and from it on. */
  readonly #older: number[] = []
  readonly #newer: number[] = []
  readonly #anchorId: number
  /** Everything from here to the anchor has been looked at. */
  #scannedFrom: number
  /** And everything below this since the anchor. */
  #scannedTo: number
  #stepIds = FIRST_IDS
  /** Where other threads look, too. */
  #ahead: ScanAhead | undefined
  /** The part of that which is looked at here. */
  #own: Region | undefined
  /** Position of the first of `#newer`: what is gone is taken out now and then. */
  #newerBase = 0

  /** Throws FilterError. @param pool other threads; none where the database is in memory */
  constructor(db: DatabaseSync, reader: RecordReader, joined: JoinedHops, selection: Selection, nowMicros: number, pool?: ScanPool) {
    this.#scan = new Scan(db, reader, selection, nowMicros)
    this.#reader = reader
    this.#joined = selection.requests === true ? joined : undefined
    this.#pool = this.#scan.isExact ? undefined : pool
    this.#selection = selection
    this.#nowMicros = nowMicros
    this.#anchorId = this.#last() + 1
    this.#scannedFrom = this.#anchorId
    this.#scannedTo = this.#anchorId
  }

  /** The newest message that may be found. */
  #last(): number {
    return this.#joined?.decidedTo ?? this.#reader.bounds().last
  }

  get start(): number {
    return this.#older.length > 0 ? -this.#older.length : this.#newerBase
  }

  get end(): number {
    return this.#newerBase + this.#newer.length
  }

  /** Undefined once everything has been looked at. */
  get searching(): { scanned: number, of: number } | undefined {
    const { first, last } = this.#reader.bounds()
    if (this.#scannedFrom <= first) return undefined
    return { scanned: this.#scannedTo - this.#scannedFrom, of: last + 1 - first }
  }

  /** Only other threads have something to do. */
  get isWaiting(): boolean {
    return this.#ahead !== undefined && this.#own === undefined && !this.#ahead.hasMore(this.#reader.bounds().first)
  }

  /** The oldest message that has been looked at. */
  get scannedFrom(): number {
    return this.#scannedFrom
  }

  /** The newest message that has been looked at. */
  get scannedTo(): number {
    return this.#scannedTo - 1
  }

  /** Everything behind this message has been looked at. */
  covers(after: number): boolean {
    return this.#scannedFrom <= Math.max(after + 1, this.#reader.bounds().first)
  }

  at(position: number): number | undefined {
    return position < 0 ? this.#older[-1 - position] : this.#newer[position - this.#newerBase]
  }

  /** Ids at positions `from <= p < to`, in that order. */
  slice(from: number, to: number): number[] {
    const ids: number[] = []
    for (let position = Math.max(from, this.start); position < Math.min(to, this.end); position++) ids.push(this.at(position)!)
    return ids
  }

  /** Where a message stands; undefined where the selection does not hold it. */
  positionOf(id: number): number | undefined {
    const position = this.lowerBound(id)
    return this.at(position) === id ? position : undefined
  }

  /** The first position whose id is not less. */
  lowerBound(id: number): number {
    let low = this.start
    let high = this.end
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (this.at(middle)! < id) low = middle + 1
      else high = middle
    }
    return low
  }

  /** All of its ids, oldest first. */
  * ids(): IterableIterator<number> {
    for (let position = this.start; position < this.end; position++) yield this.at(position)!
  }

  /** Looks at what was added. */
  extend(): void {
    const last = this.#last()
    while (this.#scannedTo <= last) {
      const to = Math.min(last + 1, this.#scannedTo + MAX_IDS)
      const found: number[] = []
      let below = to
      while (below > this.#scannedTo) below = this.#scan.look(this.#scannedTo, below, found)
      for (let i = found.length - 1; i >= 0; i--) this.#newer.push(found[i]!)
      this.#scannedTo = to
    }
  }

  /** Looks at some more of what is older. False when there is no more. */
  step(): boolean {
    const { first } = this.#reader.bounds()
    if (this.#scannedFrom <= first) return false
    if (this.#ahead === undefined && this.#pool !== undefined && this.#scannedFrom - first > MIN_FOR_HELP) {
      this.#ahead = new ScanAhead(this.#pool, { key: this.number, selection: this.#selection, nowMicros: this.#nowMicros }, this.#scannedFrom)
    }
    if (this.#ahead !== undefined) this.#stepTogether(this.#ahead, first)
    else this.#stepAlone(first)
    return this.#scannedFrom > first
  }

  #stepAlone(first: number): void {
    const from = Math.max(first, this.#scannedFrom - this.#stepIds)
    this.#scannedFrom = this.#scan.look(from, this.#scannedFrom, this.#older)
    if (this.#scan.isExact) this.#stepIds = Math.min(MAX_IDS, this.#stepIds * 2)
  }

  #stepTogether(ahead: ScanAhead, first: number): void {
    ahead.ask(first)
    const own = this.#own ??= ahead.ours(first)
    if (own !== undefined) {
      own.at = this.#scan.look(own.from, own.at, own.found)
      if (own.at <= own.from) {
        own.isDone = true
        this.#own = undefined
      }
    }
    for (let region = ahead.nextDone(); region !== undefined; region = ahead.nextDone()) {
      for (const id of region.found) if (id >= first) this.#older.push(id)
      this.#scannedFrom = region.from
    }
    if (this.#scannedFrom <= first) this.#ahead = undefined
  }

  /** Messages below `firstId` are gone. */
  removeBelow(firstId: number): void {
    const older = this.#older
    while (older.length > 0 && older.at(-1)! < firstId) older.pop()
    const kept = this.#newer.findIndex((id) => id >= firstId)
    const gone = kept < 0 ? this.#newer.length : kept
    this.#newer.splice(0, gone)
    this.#newerBase += gone
    if (this.#scannedFrom < firstId) this.#scannedFrom = firstId
    if (this.#scannedTo < firstId) this.#scannedTo = firstId
  }
}
