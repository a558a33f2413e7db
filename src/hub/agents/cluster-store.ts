import { MtlscopeError } from '../../base/errors.ts'
import { checkFilter } from '../../store/filter/filter.ts'
import type { JoinedEnds } from '../../store/joined-ends.ts'
import type { Batch, Counted, EdgeCounts, HopsFound, NewRows, Page, PageQuery, Selection, SeriesCounts, SeriesQuery, Store, StoredRecord, StoredRow, StoreInfo } from '../../store/store.ts'
import { FilterError } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'
import { countOnce } from './counted-once.ts'
import type { CountedParts } from './counted-once.ts'
import { Cursors } from './cursors.ts'
import type { Progress } from './cursors.ts'
import { DEFAULT_GROUPS, mergeEdges, mergeSeries, mergeValues, searchingOf } from './merge-counts.ts'
import { MergedRecords } from './merged-records.ts'
import type { PlacedRow } from './placed-row.ts'
import { MergedSearch, SearchForgotten } from './merged-search.ts'
import { globalId, ownId, slotOf } from './message-id.ts'
import { PartsLost, askEach } from './parts-lost.ts'

/** Searches that are remembered; fewer than a store remembers, which others may ask too. */
const MAX_SEARCHES = 8
/** Batches that are gone through at the same time. */
const MAX_BATCHES = 32
const MAX_TRIES = 5
/** Groups that each store tells apart, for one that is to be told. */
const GROUPS_EACH = 4
const MAX_GROUPS_EACH = 5000
const VALUES_BESIDE = 100
const EMPTY: Page = { start: 0, end: 0, offset: 0, rows: [], stored: 0, furtherHops: 0 }

/** The stores that are merged, as they come and go. */
export interface PartSet {
  /** Those that answer now. */
  readonly present: readonly StorePart[]
  /** Every store that was ever there: how far it was known, which grows. Those that are new begin with what they had. */
  readonly progress: Map<number, number>
  /** It did not answer, or not as a store does. */
  lost(part: StorePart, error: Error): void
  /** Called when `present` changed, or there are new messages. */
  onChange(tell: (membersChanged: boolean) => void): () => void
  close(): Promise<void>
}

/**
 * Stores of several places as one. What is asked goes down to all of them, and what they answer is merged; nothing is kept here but places in lists. A store that does
 * not answer is left out until it does. Numbers of messages and connections are made of the store's own and its slot; `after` and `lastId` are cursors, not messages.
 */
export class ClusterStore implements Store {
  readonly #set: PartSet
  readonly #searches = new Map<string, MergedSearch>()
  readonly #batches = new Map<number, MergedRecords>()
  readonly #cursors = new Cursors()
  readonly #listeners = new Set<() => void>()
  readonly #forget: () => void
  #generation = 0
  #nextBatch = 1

  constructor(set: PartSet) {
    this.#set = set
    this.#forget = set.onChange((membersChanged) => {
      if (membersChanged) this.#forgetSearches()
      for (const tell of this.#listeners) tell()
    })
  }

  /** Messages are written where they are captured. */
  add(): Promise<void> {
    return Promise.reject(new MtlscopeError('not-supported', 'agents keep the messages of a cluster: none can be added here'))
  }

  async page(query: PageQuery): Promise<Page> {
    requireFilter(query)
    if (this.#set.present.length === 0) return EMPTY
    return await this.#searching(query, async (search, generation) => {
      const { page, rows } = await search.page(query)
      return { ...page, rows: rows.map((placed) => placedRow(search, placed)), generation }
    })
  }

  async newer(selection: Selection, after: number, limit: number): Promise<NewRows> {
    requireFilter(selection)
    if (this.#set.present.length === 0) return { rows: [], skipped: 0, lastId: after, stored: 0, furtherHops: 0 }
    return await this.#searching(selection, async (search, generation) => {
      const since = this.#since(after)
      const { news: { lastIds, ...news }, rows } = await search.newer(search.parts.map(({ slot }) => since(slot)), limit)
      const progress = new Map(this.#set.progress)
      for (const [at, { slot }] of search.parts.entries()) progress.set(slot, lastIds[at]!)
      return { ...news, rows: rows.map((placed) => placedRow(search, placed)), ...joinedRows(search, rows), lastId: this.#cursors.register(progress), generation }
    })
  }

  /** A cursor of another hub, or of long ago, is taken for now; 0 is the beginning. */
  #since(after: number): (slot: number) => number {
    const known: Progress = this.#cursors.progress(after) ?? this.#set.progress
    return after === 0 ? () => 0 : (slot) => known.get(slot) ?? this.#set.progress.get(slot) ?? 0
  }

  /** Tries anew where a store is lost or has forgotten, with those that are there then. */
  async #searching<T>(selection: Selection, ask: (search: MergedSearch, generation: string) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      const search = this.#search(selection)
      try {
        return await ask(search, String(this.#generation))
      } catch (error) {
        const isOver = error instanceof SearchForgotten || error instanceof PartsLost
        if (error instanceof PartsLost) for (const [part, why] of error.lost) this.#set.lost(part, why)
        if (isOver && this.#searches.get(keyOf(selection)) === search) this.#forgetSearch(selection)
        if (!isOver || tries >= MAX_TRIES) throw isOver ? new MtlscopeError('agent-missing', `the agents could not be asked: ${error.message}`, { hint: 'GET /api/v1/health names them', cause: error }) : error
      }
    }
  }

  #search(selection: Selection): MergedSearch {
    const key = keyOf(selection)
    const search = this.#searches.get(key) ?? new MergedSearch(this.#set.present, selectionOf(selection))
    this.#searches.delete(key)
    this.#searches.set(key, search)
    if (this.#searches.size > MAX_SEARCHES) {
      this.#searches.delete(this.#searches.keys().next().value!)
      this.#generation++
    }
    return search
  }

  #forgetSearch(selection: Selection): void {
    this.#searches.delete(keyOf(selection))
    this.#generation++
  }

  #forgetSearches(): void {
    this.#searches.clear()
    this.#generation++
  }

  async records(ids: readonly number[]): Promise<readonly StoredRecord[]> {
    const bySlot = new Map<number, number[]>()
    for (const id of ids) {
      const own = bySlot.get(slotOf(id))
      if (own === undefined) bySlot.set(slotOf(id), [ownId(id)])
      else own.push(ownId(id))
    }
    const found = new Map<number, StoredRecord>()
    const parts = this.#set.present.filter(({ slot }) => bySlot.has(slot))
    await this.#each(parts, async (part) => {
      for (const record of await part.records(bySlot.get(part.slot)!)) found.set(globalId(part.slot, record.row.id), globalRecord(part, record))
    })
    return ids.map((id) => found.get(id)).filter((record) => record !== undefined)
  }

  /** Those that fail are left out, and told. */
  async #each<T>(parts: readonly StorePart[], ask: (part: StorePart) => Promise<T>): Promise<{ part: StorePart, answer: T }[]> {
    const { answers, lost } = await askEach(parts, ask)
    for (const [part, error] of lost) this.#set.lost(part, error)
    return answers.flatMap((answer, at) => lost.has(parts[at]!) ? [] : [{ part: parts[at]!, answer: answer as T }])
  }

  async batch(selection: Selection, after: number | undefined, limit: number): Promise<Batch> {
    requireFilter(selection)
    const batch = after === undefined ? new MergedRecords(this.#set.present, selectionOf(selection), (part, error) => this.#set.lost(part, error)) : this.#batches.get(after)
    if (batch === undefined) throw new MtlscopeError('agent-missing', 'too many exports are under way: this one was given up')
    if (after !== undefined) this.#batches.delete(after)
    const records = (await batch.next(limit)).map(({ record, part }) => globalRecord(part, record))
    if (records.length < limit) return { records }
    const next = this.#nextBatch++
    this.#batches.set(next, batch)
    if (this.#batches.size > MAX_BATCHES) this.#batches.delete(this.#batches.keys().next().value!)
    return { records, next }
  }

  async connection(flow: number, { after, before, limit }: { after?: number, before?: number, limit: number }): Promise<{ records: readonly StoredRecord[], total: number }> {
    const parts = this.#set.present.filter(({ slot }) => slot === slotOf(flow))
    const bounds = { ...(after !== undefined && { after: ownId(after) }), ...(before !== undefined && { before: ownId(before) }), limit }
    const [found] = await this.#each(parts, (part) => part.connection(ownId(flow), bounds))
    return found === undefined ? { records: [], total: 0 } : { total: found.answer.total, records: found.answer.records.map((record) => globalRecord(found.part, record)) }
  }

  async witnesses(selection: Selection, limit: number): Promise<readonly number[]> {
    requireFilter(selection)
    const found = await this.#each(this.#set.present, (part) => part.witnesses(selection, limit))
    const ids = found.map(({ part, answer }) => answer.map((id) => globalId(part.slot, id)))
    const ahead = Math.ceil(limit / Math.max(1, ids.length))
    // Each has its share first: one busy node does not leave the others unproven.
    return [...ids.flatMap((list) => list.slice(0, ahead)), ...ids.flatMap((list) => list.slice(ahead))].slice(0, limit)
  }

  async values(field: string, prefix: string, limit: number): ReturnType<Store['values']> {
    const found = await this.#each(this.#set.present, (part) => part.values(field, prefix, limit + VALUES_BESIDE))
    return mergeValues(found.map(({ answer }) => answer), limit)
  }

  /** @param isOnce requests between two nodes are counted once */
  #counted<T>(selection: Selection, isOnce: boolean, count: (part: StorePart, ends: JoinedEnds | undefined) => Promise<Counted<T>>): Promise<CountedParts<T>> {
    return countOnce(this.#set.present, isOnce ? selectionOf(selection) : undefined, count, (part, error) => this.#set.lost(part, error))
  }

  async edges(selection: Selection): Promise<Counted<readonly EdgeCounts[]>> {
    requireFilter(selection)
    const { found, ...twice } = await this.#counted(selection, true, (part, ends) => part.edges(selection, ends))
    const searching = searchingOf(found.map(({ answer }) => answer))
    const lists = found.map(({ part, answer }) => answer.value.map((edge) => ({ ...edge, handshakes: edge.handshakes.map((id) => globalId(part.slot, id)) })))
    return { value: mergeEdges(lists), ...(searching && { searching }), ...twice }
  }

  async series(query: SeriesQuery): Promise<Counted<SeriesCounts>> {
    requireFilter(query)
    const info = query.from === undefined || query.to === undefined ? await this.info() : undefined
    const from = query.from ?? info?.firstMicros ?? 0
    const to = Math.max(query.to ?? (info?.lastMicros ?? 0) + 1, from + 1)
    const groups = query.groups ?? DEFAULT_GROUPS
    const each = { ...query, span: { from, to }, groups: Math.min(MAX_GROUPS_EACH, groups * GROUPS_EACH) }
    const { found, ...twice } = await this.#counted(query, query.requests === true, (part, ends) => part.series(each, ends))
    const searching = searchingOf(found.map(({ answer }) => answer))
    const stepMicros = Math.max(1, Math.ceil((to - from) / query.points))
    return { value: mergeSeries(found.map(({ answer }) => answer.value), from, stepMicros, groups), ...(searching && { searching }), ...twice }
  }

  /** None: each agent joins the hops on its own node. */
  unjoined(after: number): ReturnType<Store['unjoined']> {
    return Promise.resolve({ rows: [], lastId: after, more: false })
  }

  decided(): Promise<{ upTo: number }> {
    return Promise.resolve({ upTo: 0 })
  }

  join(_found: HopsFound): Promise<void> {
    return Promise.reject(new MtlscopeError('not-supported', 'agents join the hops of requests: nobody else may'))
  }

  async info(): Promise<StoreInfo> {
    const infos = await this.#each(this.#set.present, (part) => part.info())
    const firsts = infos.filter(({ answer }) => answer.stored > 0).sort((a, b) => (a.answer.firstIdMicros ?? 0) - (b.answer.firstIdMicros ?? 0))
    const progress = new Map(this.#set.progress)
    for (const { part, answer } of infos) progress.set(part.slot, Math.max(answer.lastId, progress.get(part.slot) ?? 0))
    const sum = (of: (info: StoreInfo) => number): number => infos.reduce((total, { answer }) => total + of(answer), 0)
    const first = firsts[0]
    const problem = infos.filter(({ answer }) => answer.keep.problem !== undefined).map(({ part, answer }) => `node ${part.node}: ${answer.keep.problem}`).join('; ')
    return {
      stored: sum((info) => info.stored), rejected: sum((info) => info.rejected), lastId: this.#cursors.register(progress),
      firstId: first === undefined ? 0 : globalId(first.part.slot, first.answer.firstId),
      ...(first !== undefined && {
        firstMicros: Math.min(...firsts.map(({ answer }) => answer.firstMicros ?? Infinity)), firstIdMicros: first.answer.firstIdMicros ?? 0, lastMicros: Math.max(...firsts.map(({ answer }) => answer.lastMicros ?? 0)),
      }),
      keep: {
        usedBytes: sum(({ keep }) => keep.usedBytes), removedMessages: sum(({ keep }) => keep.removedMessages), removedPacketBytes: sum(({ keep }) => keep.removedPacketBytes),
        ...(infos.length > 0 && infos.every(({ answer }) => answer.keep.sizeBytes !== undefined) && { sizeBytes: sum(({ keep }) => keep.sizeBytes ?? 0) }),
        ...(problem !== '' && { problem }),
      },
    }
  }

  onChange(tell: () => void): () => void {
    this.#listeners.add(tell)
    return () => this.#listeners.delete(tell)
  }

  async close(): Promise<void> {
    this.#forget()
    this.#listeners.clear()
    this.#searches.clear()
    this.#batches.clear()
    await this.#set.close()
  }
}

function keyOf({ q, from, to, requests }: Selection): string {
  return JSON.stringify([q ?? '', from, to, requests === true])
}

/** Without what else a query holds. */
function selectionOf({ q, from, to, requests }: Selection): Selection {
  return { ...(q !== undefined && { q }), ...(from !== undefined && { from }), ...(to !== undefined && { to }), ...(requests === true && { requests }) }
}

function requireFilter({ q }: Selection): void {
  const check = checkFilter(q ?? '')
  if (!check.ok) throw new FilterError(check.problem)
}

function placedRow(search: MergedSearch, { row, at, joinedTo }: PlacedRow): StoredRow {
  return { ...globalRow(search.parts[at]!, row), ...(joinedTo !== undefined && { joinedTo: globalId(search.parts[joinedTo.at]!.slot, joinedTo.row.id) }) }
}

/** Rows of before that stand for some of these. */
function joinedRows(search: MergedSearch, rows: readonly PlacedRow[]): { joined?: StoredRow[] } {
  const here = new Set(rows.map(({ row, at }) => globalId(at, row.id)))
  const joined = rows.flatMap(({ joinedTo }) => joinedTo === undefined || here.has(globalId(joinedTo.at, joinedTo.row.id)) ? [] : [placedRow(search, joinedTo)])
  return joined.length === 0 ? {} : { joined }
}

function globalRow({ slot, node }: StorePart, row: StoredRow): StoredRow {
  return { ...row, id: globalId(slot, row.id), flow: globalId(slot, row.flow), node, ...(row.handshake !== undefined && { handshake: globalId(slot, row.handshake) }) }
}

function globalRecord(part: StorePart, { row, line }: StoredRecord): StoredRecord {
  return { row: globalRow(part, row), line }
}
