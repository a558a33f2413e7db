import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RequestWay, ValueList } from '../model/api.ts'
import { BoundedWriter } from './bounded-writer.ts'
import { EdgeTable } from './edge-counts.ts'
import { EndTable } from './end-table.ts'
import { fieldOf } from './filter/fields.ts'
import type { IdRange, JoinedEnds } from './joined-ends.ts'
import { EndsTaken } from './joined-ends.ts'
import { JoinedHops } from './joined-hops.ts'
import type { Keep } from './keep.ts'
import type { Columns } from './record-reader.ts'
import { RecordReader } from './record-reader.ts'
import type { Written } from './record-writer.ts'
import { MESSAGE_COLUMNS, prepareSchema } from './schema.ts'
import { ScanPool } from './scan-pool.ts'
import { Search } from './search.ts'
import type { PartAnswers, PartAsk, PartKind, PartLook } from './search-part.ts'
import { MAX_PART_ROWS, partOf, rowsAt } from './search-part.ts'
import { Searches } from './searches.ts'
import { seenValues } from './seen-values.ts'
import { SeriesTable } from './series-counts.ts'
import type { StoreIdentity } from './store-identity.ts'
import { storeIdentity } from './store-identity.ts'
import type { Batch, Counted, EdgeCounts, HopsFound, NewRows, Page, PageQuery, Selection, SeriesCounts, SeriesQuery, StoredRecord, StoredRow, StoreInfo } from './store.ts'

/** Messages read at once for counts. */
const COUNTED_AT_ONCE = 20_000
/** How long a look for what is new may take where it begins far back. */
const NEWER_MS = 1000
/** How long counts wait for a search. */
const COUNT_MS = 1000

const WITNESSES_A_TURN = 5000
const ALL: IdRange = { from: 0, to: Infinity, decidedTo: Infinity }

type EndsAsk = PartAsk & { readonly kind: 'ends' }
interface CountTable { add(columns: Columns, way: RequestWay | undefined): void }

export interface RecordStoreOptions {
  /** Of the database; a file beside it has its write-ahead log. */
  readonly path: string
  /** Unique to this run of the program. */
  readonly run: string
  readonly keep: Keep
  readonly now: () => number
  /** Further threads for searches; default: as many as there are other processors, 3 at most. */
  readonly helpers?: number
}

/** The store itself, within one thread. Searches go on in the background between calls. */
export class RecordStore {
  readonly #db: DatabaseSync
  readonly #writer: BoundedWriter
  readonly #reader: RecordReader
  readonly #joined: JoinedHops
  readonly #pool: ScanPool
  readonly #options: RecordStoreOptions
  readonly #searches: Searches

  constructor(options: RecordStoreOptions) {
    this.#options = options
    this.#db = new DatabaseSync(options.path)
    if (!prepareSchema(this.#db)) throw new Error('the store was written by another version of mtlscope')
    const { path, run, keep, now } = options
    this.#writer = new BoundedWriter(this.#db, { path, run, keep, now, removed: () => this.#removed() })
    this.#reader = new RecordReader(this.#db)
    this.#joined = new JoinedHops(this.#db, this.#reader)
    this.#pool = new ScanPool(options.path, options.path === ':memory:' ? 0 : options.helpers)
    this.#searches = new Searches((selection, nowMs) => new Search(this.#db, this.#reader, this.#joined, selection, nowMs * 1000, this.#pool), now)
  }

  /** Lines of records. A full disk makes room by the oldest; what does not fit then is lost and said so. */
  add(lines: Uint8Array): Written {
    const written = this.#writer.write(lines)
    this.#reader.forgetFlows()
    return written
  }

  /** Takes out what is too much or too old. True where something went. */
  makeRoom(): boolean {
    return this.#writer.makeRoom()
  }

  #removed(): void {
    this.#reader.forgetPages()
    const { first } = this.#reader.bounds()
    this.#joined.removeBelow(first)
    this.#searches.removeBelow(first)
  }

  async page(query: PageQuery): Promise<Page> {
    const search = this.#searches.of(query)
    await this.#searches.until(search, query.waitMs, () => reaches(search, query))
    const { start, end, searching } = search
    const nearPosition = query.near === undefined ? undefined : search.positionOf(query.near)
    const middle = query.near === undefined ? undefined : search.lowerBound(query.near) - Math.floor(query.limit / 2)
    const offset = clamp(middle ?? query.offset ?? end - query.limit, start, Math.max(start, query.offset === undefined ? end - query.limit : end))
    return {
      start, end, offset, rows: this.#rows(search.slice(offset, offset + query.limit)),
      ...(nearPosition !== undefined && { nearPosition }), ...(searching && { searching }), stored: this.#stored(query), furtherHops: this.#joined.further,
    }
  }

  #rows(ids: readonly number[]): StoredRow[] {
    return ids.map((id) => this.#reader.row(id)).filter((row) => row !== undefined)
  }

  /** Without the filter. */
  #stored({ requests }: Selection): number {
    const { first, last } = this.#reader.bounds()
    return requests === true ? Math.max(0, this.#joined.decidedTo + 1 - first - this.#joined.further) : last + 1 - first
  }

  async newer(selection: Selection, after: number, limit: number): Promise<NewRows> {
    const search = this.#searches.of(selection)
    await this.#searches.until(search, NEWER_MS, () => search.covers(after))
    const from = search.lowerBound(after + 1)
    const { end } = search
    const first = Math.max(from, end - limit)
    return {
      rows: this.#rows(search.slice(first, end)), skipped: first - from, lastId: selection.requests === true ? this.#joined.decidedTo : this.#reader.bounds().last, stored: this.#stored(selection), furtherHops: this.#joined.further,
      ...(search.searching === undefined && { end }),
    }
  }

  records(ids: readonly number[]): StoredRecord[] {
    return ids.map((id) => this.#record(id)).filter((record) => record !== undefined)
  }

  #record(id: number): StoredRecord | undefined {
    const row = this.#reader.row(id)
    return row && { row, line: this.#reader.line(id) }
  }

  async batch(selection: Selection, after: number | undefined, limit: number): Promise<Batch> {
    const search = this.#searches.of(selection)
    await this.#searches.whole(search)
    const from = after === undefined ? search.start : search.lowerBound(after + 1)
    const ids = search.slice(from, from + limit)
    const last = ids.at(-1)
    return { records: this.records(ids), ...(last !== undefined && ids.length === limit && { next: last }) }
  }

  async witnesses(selection: Selection, limit: number): Promise<number[]> {
    const search = this.#searches.of(selection)
    await this.#searches.whole(search)
    const told = new Set<number>()
    const ids: number[] = []
    for (let position = search.start; position < search.end && ids.length < limit && !this.#searches.closed; position++) {
      const id = search.at(position)!
      const columns = this.#reader.columns(id)
      if (columns !== undefined && (this.#reader.protocol(columns[3]) === 'tls' || isNew(told, columns[7]))) ids.push(id)
      if (position % WITNESSES_A_TURN === 0) await nextTurn()
    }
    return ids
  }

  connection(flow: number, { after, before, limit }: { after?: number, before?: number, limit: number }): { records: StoredRecord[], total: number } {
    const { total } = this.#db.prepare('SELECT count(*) AS total FROM messages WHERE flow = ?').get(flow) as { total: number }
    const backwards = before !== undefined && after === undefined
    const found = this.#db.prepare(`SELECT id FROM messages WHERE flow = ? AND id > ? AND id < ? ORDER BY id ${backwards ? 'DESC' : 'ASC'} LIMIT ?`)
      .all(flow, after ?? 0, before ?? Number.MAX_SAFE_INTEGER, limit) as { id: number }[]
    const ids = found.map((row) => row.id)
    return { records: this.records(backwards ? ids.reverse() : ids), total }
  }

  values(name: string, prefix: string, limit: number): ValueList['values'] {
    const field = fieldOf(name)
    return field === undefined || !field.values ? [] : seenValues(this.#db, field.name, prefix, limit)
  }

  async edges(selection: Selection, ends?: JoinedEnds): Promise<Counted<EdgeCounts[]>> {
    const table = new EdgeTable(this.#reader)
    const searching = await this.#count(selection, ends, table)
    return { value: table.counts(), ...(searching && { searching }) }
  }

  async series(query: SeriesQuery, ends?: JoinedEnds): Promise<Counted<SeriesCounts>> {
    const { points } = query
    const { from: fromMicros, to: toMicros } = query.span ?? query
    const { first, last } = this.#span()
    const from = fromMicros ?? first ?? 0
    const to = Math.max(toMicros ?? (last ?? 0) + 1, from + 1)
    const table = new SeriesTable(this.#reader, query, from, Math.max(1, Math.ceil((to - from) / points)), points)
    const searching = await this.#count(query, ends, table)
    return { value: table.counts(), ...(searching && { searching }) }
  }

  /** What has been found by now; with `ends` what had been found when they were told. */
  async #count(selection: Selection, ends: JoinedEnds | undefined, table: CountTable): Promise<Page['searching']> {
    const search = this.#searches.of(selection)
    const within = ends?.within ?? ALL
    await this.#searches.until(search, COUNT_MS, () => search.scannedFrom <= within.from)
    const taken = ends && new EndsTaken(ends)
    await this.#each(search, within, 'messages', (columns, way) => {
      const whole = way === undefined || taken === undefined ? way : columns[0] > within.decidedTo ? undefined : taken.wayOf(way)
      if (whole !== false) table.add(columns, whole)
    })
    return search.searching
  }

  /** Every message of a search, in turns. */
  async #each(search: Search, within: IdRange, tables: string, take: (columns: Columns, way: RequestWay | undefined) => void): Promise<void> {
    const rows = this.#db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} FROM ${tables} WHERE id >= ? AND id < ? ORDER BY id`)
    rows.setReturnArrays(true)
    for (let position = Math.max(search.start, search.lowerBound(within.from)); position < search.end && search.at(position)! <= within.to && !this.#searches.closed;) {
      const from = search.at(position)!
      const wanted = new Set<number>()
      const toId = Math.min(from + COUNTED_AT_ONCE, within.to + 1)
      for (; position < search.end && search.at(position)! < toId; position++) wanted.add(search.at(position)!)
      const ways = this.#reader.ways(from, toId)
      for (const columns of rows.all(from, toId) as unknown as Columns[]) if (wanted.has(columns[0])) take(columns, ways.get(columns[0]))
      await nextTurn()
    }
  }

  /** Requests of which one end was seen. */
  async #ends(search: Search, { limit, blocks, within }: EndsAsk): Promise<PartAnswers['ends']> {
    if (within === undefined) await this.#searches.until(search, COUNT_MS, () => false)
    const range = within ?? { from: search.scannedFrom, to: search.scannedTo, decidedTo: this.#joined.decidedTo }
    const table = new EndTable(this.#reader, limit, blocks)
    await this.#each(search, range, 'crossings CROSS JOIN messages USING(id)', (columns, way) => { if (columns[0] <= range.decidedTo) table.add(columns, way) })
    return { search: search.number, within: range, ...table.told() }
  }

  /** For whoever merges several stores. */
  async part(selection: Selection, ask: PartAsk): Promise<PartAnswers[PartKind]> {
    const search = this.#searches.of(selection)
    if (ask.kind === 'look') return await this.#look(search, selection, ask)
    if (ask.kind === 'ends') return await this.#ends(search, ask)
    return partOf(search, this.#reader, ask)
  }

  async #look(search: Search, selection: Selection, { waitMs, want, tail, after }: PartAsk & { kind: 'look' }): Promise<PartLook> {
    await this.#searches.until(search, waitMs, () => search.end - search.start >= want && (after === undefined || search.covers(after)))
    const { start, end, searching } = search
    return {
      search: search.number, start, end, lastId: selection.requests === true ? this.#joined.decidedTo : this.#reader.bounds().last, stored: this.#stored(selection), furtherHops: this.#joined.further,
      tail: rowsAt(search, this.#reader, Math.max(start, end - Math.min(tail, MAX_PART_ROWS)), end), ...(after !== undefined && { after: search.lowerBound(after + 1) }),
      ...(searching && { searching: { ...searching, downToMicros: this.#reader.columns(search.scannedFrom)?.[1] ?? Number.MAX_SAFE_INTEGER } }),
    }
  }

  identity(slot?: number): StoreIdentity {
    return storeIdentity(this.#db, slot)
  }

  unjoined(after: number, limit: number): ReturnType<JoinedHops['unjoined']> {
    return this.#joined.unjoined(after, limit)
  }

  decided(): { upTo: number } {
    return { upTo: this.#joined.decidedTo }
  }

  join(found: HopsFound): void {
    this.#joined.take(found)
  }

  #span(): { first?: number, last?: number } {
    const { first, last } = this.#db.prepare('SELECT min(first_at) AS first, max(last_at) AS last FROM pages').get() as { first: number | null, last: number | null }
    return first === null || last === null ? {} : { first, last }
  }

  info(): StoreInfo {
    const { first: firstId, last: lastId } = this.#reader.bounds()
    const { first, last } = this.#span()
    const { sizeBytes, ageSeconds } = this.#options.keep
    const firstIdMicros = this.#reader.columns(firstId)?.[1]
    return {
      stored: lastId + 1 - firstId, firstId, lastId,
      ...(first !== undefined && { firstMicros: first }), ...(last !== undefined && { lastMicros: last }), ...(firstIdMicros !== undefined && { firstIdMicros }),
      keep: {
        ...(sizeBytes !== undefined && { sizeBytes }), ...(ageSeconds !== undefined && { ageSeconds }),
        usedBytes: this.#writer.usedBytes, removedMessages: this.#writer.removedMessages, removedPacketBytes: 0,
        ...(this.#writer.problem !== undefined && { problem: this.#writer.problem }),
      },
      rejected: this.#writer.rejected,
    }
  }

  close(): void {
    this.#searches.close()
    void this.#pool.close()
    try {
      // Other threads may still have the database open, so that closing it does not do this.
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch {
      // It is done when the store is opened again.
    }
    this.#db.close()
    this.#writer.close()
  }
}

/** Whether the page that is asked for is known whole. */
function reaches(search: Search, { offset, near, limit }: PageQuery): boolean {
  if (near !== undefined) return search.lowerBound(near) - Math.floor(limit / 2) > search.start
  return (offset ?? search.end - limit) >= search.start
}

function isNew(told: Set<number>, flow: number): boolean {
  if (told.has(flow)) return false
  told.add(flow)
  return true
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value))
}
