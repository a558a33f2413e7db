import type { Micros } from '../../model/time.ts'
import type { PartLook } from '../../store/search-part.ts'
import { MAX_PART_KEYS, MAX_PART_ROWS } from '../../store/search-part.ts'
import type { NewRows, Page, PageQuery, Selection, StoredRow } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'
import { CutList, cutOf } from './cut-list.ts'
import type { Cut, Mark } from './cut-list.ts'
import { MergeWalk } from './merge-walk.ts'
import { ownId, slotOf } from './message-id.ts'
import { PartTimes } from './part-times.ts'
import { PartsLost, askAll } from './parts-lost.ts'
import type { PlacedRow } from './placed-row.ts'
import { placedRow } from './placed-row.ts'
import { RequestEnds, keysOf } from './request-ends.ts'
import type { Samples } from './time-curve.ts'
import { TimeCurve } from './time-curve.ts'

/** Near enough to walk there message by message. */
const WALK = 2000
/** What each store is asked for where a place is looked for between many messages. */
const SAMPLES = 32
const MAX_ROUNDS = 24
/** Of the newest rows, what comes along with a look. */
const MAX_TAIL = 500
/** How long a look for what is new may take where a store has not searched so far. */
const NEWER_MS = 500
/** Places that were shown within this time are not moved under the eyes of whoever looks. */
const SHOWN_MS = 60_000

/** A store has forgotten its search, or let messages go that were being asked for: begin anew. */
export class SearchForgotten extends Error {}

export interface MergedNews extends Omit<NewRows, 'lastId'> {
  /** Of each store, in their order: everything up to this was looked at. */
  readonly lastIds: readonly number[]
}

/**
 * The messages of one selection in several stores, in one order: by time, as far as that was known when a place in it was first told, and never changed after. Each
 * store keeps its own order. Position 0 is the first that came after the search began. One call at a time; numbers in rows are those of the stores, `at` says whose.
 */
export class MergedSearch {
  readonly parts: readonly StorePart[]
  readonly #selection: Selection
  readonly #cuts: CutList
  readonly #times: readonly PartTimes[]
  #looks: readonly PartLook[] | undefined
  /** Total of position 0. */
  #origin = 0
  /** Where the order begins: all that is behind was found in every store. */
  #floor: Float64Array
  #shownFrom: { readonly cut: Float64Array, readonly atMs: number } | undefined
  #isShown = false
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: readonly StorePart[], selection: Selection) {
    this.parts = parts
    this.#selection = selection
    this.#cuts = new CutList(parts.length)
    this.#times = parts.map(() => new PartTimes())
    this.#floor = new Float64Array(parts.length)
  }

  /** Rejects with SearchForgotten and PartsLost: this search is over then. */
  page(query: PageQuery): Promise<{ page: Omit<Page, 'rows'>, rows: readonly PlacedRow[] }> {
    return this.#inTurn(() => this.#page(query))
  }

  /** @param after of each store, the last message that is known */
  newer(after: readonly number[], limit: number): Promise<{ news: Omit<MergedNews, 'rows'>, rows: readonly PlacedRow[] }> {
    return this.#inTurn(() => this.#newer(after, limit))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #page({ near, offset, limit, waitMs }: PageQuery): Promise<{ page: Omit<Page, 'rows'>, rows: readonly PlacedRow[] }> {
    await this.#look(waitMs, limit, near === undefined && offset === undefined ? this.#share(limit) : 0)
    this.#isShown = true
    const { start, end } = this
    const found = near === undefined ? undefined : await this.#find(near)
    const middle = found === undefined ? undefined : found.position - Math.floor(limit / 2)
    const from = Math.max(start, Math.min(middle ?? offset ?? end - limit, Math.max(start, offset === undefined ? end - limit : end)))
    const rows = await this.#rows(from, Math.min(end, from + limit))
    const searching = this.#searching()
    return {
      page: { start, end, offset: from, ...(found?.isThere === true && { nearPosition: found.position }), ...(searching && { searching }), ...this.#counts() },
      rows,
    }
  }

  async #newer(after: readonly number[], limit: number): Promise<{ news: Omit<MergedNews, 'rows'>, rows: readonly PlacedRow[] }> {
    await this.#look(NEWER_MS, 0, this.#share(limit), after)
    const looks = this.#looks!
    const count = looks.reduce((sum, look) => sum + Math.max(0, look.end - (look.after ?? look.end)), 0)
    const { end } = this
    const last = count === 0 ? [] : await this.#rows(Math.max(this.start, end - Math.min(limit, count)), end)
    const rows = last.filter(({ row, at }) => row.id > after[at]!)
    return {
      news: { skipped: Math.max(0, count - rows.length), lastIds: looks.map((look) => look.lastId), ...(this.#isShown && this.#searching() === undefined && { end }), ...this.#counts() },
      rows,
    }
  }

  get start(): number {
    return cutOf(this.#floor).total - this.#origin
  }

  get end(): number {
    return this.#looks!.reduce((sum, look) => sum + look.end, 0) - this.#origin
  }

  /** Of so many of the newest, what each store may be expected to have. */
  #share(limit: number): number {
    return Math.min(limit, MAX_TAIL, Math.ceil(limit * 1.5 / this.parts.length) + 2)
  }

  #counts(): { stored: number, furtherHops: number } {
    const looks = this.#looks!
    return { stored: looks.reduce((sum, look) => sum + look.stored, 0), furtherHops: looks.reduce((sum, look) => sum + look.furtherHops, 0) }
  }

  #searching(): Page['searching'] {
    const parts = this.#looks!.map((look) => look.searching ?? { scanned: look.stored, of: look.stored })
    if (this.#looks!.every((look) => look.searching === undefined)) return undefined
    return { scanned: parts.reduce((sum, one) => sum + one.scanned, 0), of: parts.reduce((sum, one) => sum + one.of, 0) }
  }

  async #look(waitMs: number, want: number, tail: number, after?: readonly number[]): Promise<void> {
    const looks = await askAll(this.parts, (part, at) => part.part(this.#selection, { kind: 'look', waitMs, want, tail, ...(after !== undefined && { after: after[at]! }) }))
    this.#refuseNonsense(looks)
    const isFirst = this.#looks === undefined
    this.#looks = looks
    const ends = cutOf(Float64Array.from(looks, (look) => look.end))
    for (const [at, times] of this.#times.entries()) times.takeTail(looks[at]!)
    if (isFirst) {
      const anchor = cutOf(after === undefined ? ends.parts : Float64Array.from(looks, (look) => Math.max(look.start, Math.min(look.end, look.after ?? look.end))))
      this.#origin = anchor.total
      this.#floor = anchor.parts
      this.#cuts.add(anchor, true)
    }
    if (!this.#cuts.add(ends, true)) throw new SearchForgotten()
    this.#letGo(Float64Array.from(looks, (look) => look.start))
    await this.#settleFloor(looks)
  }

  /** A store may only add: anything else is another search, or somebody who makes it up. */
  #refuseNonsense(looks: readonly PartLook[]): void {
    const lost = new Map<StorePart, Error>()
    for (const [at, { start, end, search, tail }] of looks.entries()) {
      const before = this.#looks?.[at]
      if (start > end || tail.length > end - start) lost.set(this.parts[at]!, new Error('its answer contradicts itself'))
      else if (before !== undefined && (search !== before.search || end < before.end)) throw new SearchForgotten()
    }
    if (lost.size > 0) throw new PartsLost(lost)
  }

  /** What the stores have let go since: the places of older ones move up. Begins anew where somebody looks at them. */
  #letGo(starts: Float64Array): void {
    const shown = this.#shownFrom
    if (shown !== undefined && performance.now() - shown.atMs < SHOWN_MS && shown.cut.some((part, at) => part < starts[at]!)) throw new SearchForgotten()
    this.#cuts.removeBelow(starts)
    this.#floor = this.#floor.map((part, at) => Math.max(part, starts[at]!))
  }

  /** While some still search, the order begins where all of them have searched: what is older may get others between it. */
  async #settleFloor(looks: readonly PartLook[]): Promise<void> {
    const searched = Math.max(...looks.map((look) => look.searching?.downToMicros ?? -Infinity))
    const floor = searched === -Infinity ? looks.map((look) => look.start)
      : await this.#lowerBounds(() => searched, Float64Array.from(looks, (look) => look.start), this.#floor)
    this.#floor = Float64Array.from(floor, (part, at) => Math.max(looks[at]!.start, Math.min(part, this.#floor[at]!)))
  }

  /** Of each store the first between two cuts that was not said before the time. */
  async #lowerBounds(timeOf: (at: number) => Micros, low: Float64Array, high: Float64Array): Promise<Float64Array> {
    const found = await askAll(this.parts, async (part, at) => {
      const [from, to] = [low[at]!, high[at]!]
      if (from >= to) return from
      const answer = await part.part(this.#selection, { kind: 'at', atMicros: timeOf(at), from, to })
      this.#sameSearch(at, answer.search)
      return Math.max(from, Math.min(to, answer.position))
    })
    return Float64Array.from(found)
  }

  #sameSearch(at: number, search: number): void {
    if (search !== this.#looks![at]!.search) throw new SearchForgotten()
  }

  /** Where a message stands, or where it would. */
  async #find(id: number): Promise<{ position: number, isThere: boolean }> {
    const at = this.parts.findIndex((part) => part.slot === slotOf(id))
    const part = this.parts[at]
    if (part === undefined) return { position: this.end, isThere: false }
    const found = await part.part(this.#selection, { kind: 'of', id: ownId(id) })
    this.#sameSearch(at, found.search)
    if (found.position < this.#floor[at]! || found.position >= this.#looks![at]!.end) return { position: found.position < this.#floor[at]! ? this.start : this.end, isThere: false }
    const around = this.#between(this.#cuts.around(at, found.position))
    const cut = around.low.isShown ? await this.#cutBefore(at, found.position, around) : await this.#cutAtTime(at, found.position, found.atMicros ?? 0, around)
    return { position: cut - this.#origin, isThere: found.isThere }
  }

  /** The total before a message that was told already. */
  async #cutBefore(at: number, position: number, { low, high }: { low: Cut, high: Cut }): Promise<number> {
    const { order } = await this.#walk().forward(low, high, high.total - low.total)
    let rest = position - low.parts[at]!
    return low.total + order.findIndex((part) => part === at && rest-- === 0)
  }

  /** A cut before a message of which nothing was told. */
  async #cutAtTime(at: number, position: number, time: Micros, { low, high }: { low: Cut, high: Cut }): Promise<number> {
    const parts = await this.#lowerBounds((other) => other < at ? time + 1 : time, low.parts, high.parts)
    parts[at] = position
    const cut = cutOf(parts)
    this.#cuts.add(cut, false)
    return cut.total
  }

  #walk(): MergeWalk {
    return new MergeWalk(this.parts, this.#times, this.#cuts, (at, ask) => this.#timesOf(at, ask))
  }

  #between({ low, high }: { low: Mark | undefined, high: Cut | undefined }): { low: Mark, high: Cut } {
    const floor = { ...cutOf(this.#floor), isKept: false, isShown: false }
    return { low: low === undefined || low.total < floor.total ? floor : low, high: high ?? cutOf(Float64Array.from(this.#looks!, (look) => look.end)) }
  }

  async #rows(from: number, to: number): Promise<PlacedRow[]> {
    if (to <= from) return []
    const low = await this.#cutAt(from)
    const { cut, order } = await this.#walk().forward(low, this.#between({ low: undefined, high: undefined }).high, to - from)
    this.#cuts.add(low, false)
    this.#cuts.add(cut, false)
    this.#cuts.show(low.total, cut.total)
    const lists = await askAll(this.parts, (part, at) => this.#rowsOf(part, at, low.parts[at]!, cut.parts[at]!))
    this.#shownFrom = { cut: low.parts, atMs: performance.now() }
    const passed = low.parts.slice()
    const ends = await this.#endsOf(lists.flat())
    return order.map((at) => {
      const position = passed[at]!
      const placed = placedRow(ends, { at, position, row: lists[at]![position - low.parts[at]!]! }, passed, this.#floor)
      passed[at]!++
      return placed
    })
  }

  /** What the stores know of requests between two nodes that are among these rows. */
  async #endsOf(rows: readonly StoredRow[]): Promise<RequestEnds | undefined> {
    const keys = this.#selection.requests === true ? keysOf(rows) : []
    if (keys.length === 0) return undefined
    const found = await askAll(this.parts, async (part, at) => {
      if (!part.crossings) return undefined
      const answers = await Promise.all(piecesOf(keys, MAX_PART_KEYS).map((piece) => part.part(this.#selection, { kind: 'crossings', keys: piece })))
      for (const { search } of answers) this.#sameSearch(at, search)
      return { search: answers[0]!.search, found: answers.flatMap((answer) => answer.found) }
    })
    const { q, from, to } = this.#selection
    return new RequestEnds(found, this.parts.map(({ node }) => node), q !== undefined || from !== undefined || to !== undefined)
  }

  async #rowsOf(part: StorePart, at: number, from: number, to: number): Promise<readonly StoredRow[]> {
    if (to <= from) return []
    const known = this.#times[at]!.rows(from, to)
    if (known !== undefined) return known
    const all: StoredRow[] = []
    for (let next = from; next < to; next += MAX_PART_ROWS) {
      const { search, rows } = await part.part(this.#selection, { kind: 'rows', from: next, to: Math.min(to, next + MAX_PART_ROWS) })
      this.#sameSearch(at, search)
      all.push(...rows)
    }
    if (all.length !== to - from) throw new SearchForgotten()
    return all
  }

  async #timesOf(at: number, { from, to, step }: { from: number, to: number, step: number }): Promise<readonly Micros[]> {
    const { search, times } = await this.parts[at]!.part(this.#selection, { kind: 'times', from, to, step })
    this.#sameSearch(at, search)
    if (times.length !== Math.ceil((to - from) / step)) throw new SearchForgotten()
    return times
  }

  /** The cut before which as many messages lie as the position says. */
  async #cutAt(position: number): Promise<Cut> {
    const total = position + this.#origin
    const { low, high } = await this.#narrowed(total)
    if (low.total === total) return low
    const isOnwards = low.isShown || total - low.total <= high.total - total
    const cut = isOnwards ? (await this.#walk().forward(low, high, total - low.total)).cut : await this.#walk().backward(low, high, high.total - total)
    this.#cuts.add(cut, false)
    return cut
  }

  /** Two cuts around a place, one of them near enough to walk there: by guesses of when that was. */
  async #narrowed(total: number): Promise<{ low: Mark, high: Cut }> {
    let { low, high } = this.#between({ low: this.#cuts.below(total), high: this.#cuts.above(total) })
    let curve: TimeCurve | undefined
    let time = 0
    for (let round = 0; round < MAX_ROUNDS && !low.isShown && total - low.total > WALK && high.total - total > WALK; round++) {
      // A guess that leads nowhere is made anew, from samples of what lies between.
      if (curve === undefined) time = (curve = await this.#sampled(low, high)).timeOf(total)
      const guessed = curve.countAt(time)
      const cut = await this.#cutOfTime(time, low, high, total)
      if (cut.total === low.total || cut.total === high.total) break
      this.#cuts.add(cut, false)
      const missed = total - cut.total
      const isBetter = Math.abs(missed) * 2 < Math.min(total - low.total, high.total - total)
      if (missed >= 0) low = { ...cut, isKept: false, isShown: false }
      else high = cut
      // As much as the curve was wrong there, it is wrong nearby.
      if (isBetter) time = curve.timeOf(total - cut.total + guessed)
      else curve = undefined
    }
    return { low, high }
  }

  async #sampled(low: Cut, high: Cut): Promise<TimeCurve> {
    const samples: Samples[] = []
    let rest = 0
    await askAll(this.parts, async (_, at) => {
      const [from, to] = [low.parts[at]!, high.parts[at]!]
      const step = Math.ceil((to - from) / SAMPLES)
      if (to > from) samples.push({ from, to, step, times: await this.#timesOf(at, { from, to, step }) })
      else rest += from
    })
    return new TimeCurve(samples, rest)
  }

  async #cutOfTime(time: Micros, low: Cut, high: Cut, total: number): Promise<Cut> {
    const cut = cutOf(await this.#lowerBounds(() => time, low.parts, high.parts))
    if (cut.total !== low.total && cut.total !== high.total) return cut
    // All of one time, or a clock that jumps: any cut will do that stays the same.
    const share = (total - low.total) / (high.total - low.total)
    return cutOf(low.parts.map((part, at) => part + Math.floor((high.parts[at]! - part) * share)))
  }
}

function piecesOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, n) => list.slice(n * size, (n + 1) * size))
}
