import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parseFilter } from './filter/filter.ts'
import type { Filter } from './filter/filter.ts'
import { requiredText } from './filter/required-text.ts'
import type { Sql, SqlValue } from './filter/sql.ts'
import { toSql } from './filter/sql.ts'
import type { JoinedHops } from './joined-hops.ts'
import { FURTHER_HOP } from './record-columns.ts'
import type { Columns, RecordPage, RecordReader } from './record-reader.ts'
import { RowSubject } from './row-subject.ts'
import { MESSAGE_COLUMNS } from './schema.ts'
import type { Selection } from './store.ts'
import { FilterError } from './store.ts'

/** Messages asked of the database at once: few at first, so that the first rows come soon. */
const FIRST_IDS = 20_000
const MAX_IDS = 200_000
/** Where each has to be looked into, so many at once. */
const CANDIDATES = 2_000
/** Pages of one step, where a text tells most of them apart. */
const PAGES = 32

/**
 * The messages of one selection, newest found first, and then what is added. Positions: 0 is the first that was added after the search began, -1 the newest before it.
 * They never change; what goes from the store goes from the beginning.
 */
export class Search {
  readonly filter: Filter
  readonly #reader: RecordReader
  /** Only what stands for a request, as far as that is decided. */
  readonly #joined: JoinedHops | undefined
  readonly #sql: Sql
  readonly #required: Buffer | undefined
  readonly #subject: RowSubject
  readonly #ids: StatementSync
  readonly #candidates: StatementSync
  /** Ids before the anchor, newest first; and from it on. */
  readonly #older: number[] = []
  readonly #newer: number[] = []
  readonly #anchorId: number
  /** Everything from here to the anchor has been looked at. */
  #scannedFrom: number
  /** And everything below this since the anchor. */
  #scannedTo: number
  #stepIds = FIRST_IDS
  /** Position of the first of `#newer`: what is gone is taken out now and then. */
  #newerBase = 0

  /** Throws FilterError. */
  constructor(db: DatabaseSync, reader: RecordReader, joined: JoinedHops, selection: Selection, nowMicros: number) {
    const parsed = parseFilter(selection.q ?? '', nowMicros)
    if (!parsed.ok) throw new FilterError(parsed.problem)
    this.filter = parsed.filter
    this.#reader = reader
    this.#joined = selection.requests === true ? joined : undefined
    this.#sql = withRange(toSql(parsed.filter.ast, nowMicros), selection)
    const required = requiredText(parsed.filter.ast)
    this.#required = required === undefined ? undefined : Buffer.from(required)
    this.#subject = new RowSubject(reader)
    const where = `FROM messages WHERE id >= ? AND id < ? AND (${this.#sql.text})`
    this.#ids = db.prepare(`SELECT id ${where} ORDER BY id DESC`)
    this.#ids.setReturnArrays(true)
    this.#candidates = db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} ${where} ORDER BY id DESC LIMIT ${CANDIDATES}`)
    this.#candidates.setReturnArrays(true)
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
      while (below > this.#scannedTo) below = this.#look(this.#scannedTo, below, found)
      for (let i = found.length - 1; i >= 0; i--) this.#newer.push(found[i]!)
      this.#scannedTo = to
    }
  }

  /** Looks at some more of what is older. False when there is no more. */
  step(): boolean {
    const { first } = this.#reader.bounds()
    if (this.#scannedFrom <= first) return false
    const from = Math.max(first, this.#scannedFrom - this.#stepIds)
    this.#scannedFrom = this.#look(from, this.#scannedFrom, this.#older)
    if (this.#sql.exact) this.#stepIds = Math.min(MAX_IDS, this.#stepIds * 2)
    return this.#scannedFrom > first
  }

  /** Adds matching ids of `from <= id < below` to `found`, newest first. Returns down to where it looked. */
  #look(from: number, below: number, found: number[]): number {
    if (this.#sql.exact) {
      for (const row of this.#ids.all(from, below, ...this.#sql.values) as unknown as [number][]) found.push(row[0])
      return from
    }
    return this.#required === undefined ? this.#lookAtAll(from, below, found) : this.#lookAtPages(from, below, found)
  }

  #lookAtAll(from: number, below: number, found: number[]): number {
    const rows = this.#candidates.all(from, below, ...this.#sql.values) as unknown as Columns[]
    for (const columns of rows) if (this.#matches(columns)) found.push(columns[0])
    return rows.length < CANDIDATES ? from : rows.at(-1)![0]
  }

  /** Page by page: most are let go by a search for one text in their bytes. */
  #lookAtPages(from: number, below: number, found: number[]): number {
    let to = below
    for (let pages = 0; pages < PAGES && to > from; pages++) {
      const page = this.#reader.page(to - 1)
      const start = Math.max(from, page?.firstId ?? from)
      if (page === undefined || page.bytes.includes(this.#required!)) {
        const rows = this.#candidates.all(start, to, ...this.#sql.values) as unknown as Columns[]
        for (const columns of rows) if (lineHas(page, columns[0], this.#required!) && this.#matches(columns)) found.push(columns[0])
        to = rows.length < CANDIDATES ? start : rows.at(-1)![0]
      } else to = start
    }
    return to
  }

  #matches(columns: Columns): boolean {
    this.#subject.set(columns)
    return this.filter.matches(this.#subject)
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

function lineHas(page: RecordPage | undefined, id: number, text: Buffer): boolean {
  if (page === undefined) return true
  const n = id - page.firstId
  return page.bytes.subarray(page.offsets[n], page.offsets[n + 1]).includes(text)
}

function withRange(sql: Sql, { from, to, requests }: Selection): Sql {
  const values: SqlValue[] = [...sql.values]
  let { text } = sql
  if (requests === true) text = `(${text}) AND (flags & ${FURTHER_HOP}) = 0`
  if (from !== undefined) {
    text = `(${text}) AND at >= ?`
    values.push(from)
  }
  if (to !== undefined) {
    text = `(${text}) AND at < ?`
    values.push(to)
  }
  return { text, values, exact: sql.exact }
}
