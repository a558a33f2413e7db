import type { LiveEvents, MessageRow, MessagesPage } from '../../../src/model/api.ts'
import { FoldedPositions } from '../model/folded-positions.ts'
import { requestRow } from '../model/request-row.ts'
import { failureOf } from './answer.ts'
import type { ApiFailure } from './api.ts'
import { ask } from './api.ts'
import type { Cell } from './cell.ts'
import { createCell } from './cell.ts'

/** Messages a page; pages are what is asked for and forgotten. */
export const PAGE_ROWS = 200
/** Pages kept: some 13,000 rows, whatever the capture has. */
const MAX_PAGES = 64
const SEARCH_POLL_MS = 300
const RETRY_MS = 1500
/** Live events do not say what the store has let go: it is asked after so many rows. */
const ROWS_BETWEEN_LOOKS = 5000

/** What the list knows besides the rows. Positions as in MessagesPage. */
export interface WindowState {
  readonly start: number
  readonly end: number
  readonly stored: number
  /** Each request is here once, although all hops were not asked for. */
  readonly isJoined: boolean
  readonly furtherHops: number
  readonly searching: MessagesPage['searching']
  readonly isLoaded: boolean
  readonly failure: ApiFailure | undefined
  /** Grows whenever a row may show something else. */
  readonly change: number
}

export interface WindowQuery { readonly q: string, readonly hops: 'joined' | 'all', readonly from: number | undefined, readonly to: number | undefined }

const EMPTY: WindowState = { start: 0, end: 0, stored: 0, isJoined: false, furtherHops: 0, searching: undefined, isLoaded: false, failure: undefined, change: 0 }

/** The rows that one filter lets through, held in pages around what is in sight. */
export class MessageWindow {
  readonly state: Cell<WindowState> = createCell(EMPTY)
  readonly query: WindowQuery
  /** Rows that another one stands for: the other end of a request between two nodes. */
  readonly #folded = new FoldedPositions()
  readonly #pages = new Map<number, (MessageRow | undefined)[]>()
  readonly #asked = new Set<number>()
  readonly #stop = new AbortController()
  #generation = ''
  #appended = 0
  /** Rows came before the first answer, which may have been given before them. */
  #isBehind = false
  /** Of questions and of rows that came in, in the order of time; and the latest that the state knows of. */
  #last = 0
  #known = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #wanted: readonly [number, number] = [0, 0]

  constructor(query: WindowQuery) {
    this.query = query
  }

  /** The first look: the page around `near`, else the newest. Gives the position of `near`, where it is among the rows. */
  async open(near: number | undefined): Promise<number | undefined> {
    try {
      const page = await this.#ask(near === undefined ? {} : { near })
      this.#take(page)
      return page.nearPosition
    } catch (error) {
      this.#failed(error, () => void this.open(near))
      return undefined
    }
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#stop.abort()
  }

  rowAt(position: number): MessageRow | undefined {
    return this.#pages.get(Math.floor(position / PAGE_ROWS))?.[mod(position)]
  }

  /** Position of a message among the rows that are here. */
  positionOf(id: number): number | undefined {
    for (const [number, page] of this.#pages) {
      const at = page.findIndex((row) => row?.id === id)
      if (at >= 0) return number * PAGE_ROWS + at
    }
    return undefined
  }

  /** Rows that the list has, as far as is known. */
  get rowCount(): number {
    const { start, end } = this.state.get()
    return this.#folded.rowsBetween(start, end)
  }

  /** Which row of the list a position is, or the next that is shown. */
  indexOf(position: number): number {
    return this.#folded.rowOf(this.state.get().start, position)
  }

  /** And back. */
  positionAt(index: number): number {
    return this.#folded.positionOf(this.state.get().start, index)
  }

  /** Asks the hub for where a message stands. */
  async locate(id: number): Promise<number | undefined> {
    const page = await this.#ask({ near: id })
    this.#take(page)
    return page.nearPosition
  }

  /** Fetches what is missing between two positions. */
  want(first: number, last: number): void {
    this.#wanted = [first, last]
    const { start, end, isLoaded } = this.state.get()
    if (!isLoaded) return
    for (let page = Math.floor(first / PAGE_ROWS); page <= Math.floor((last - 1) / PAGE_ROWS); page++) {
      if (this.#isMissing(page, start, end)) void this.#fetch(page)
    }
  }

  /** Rows that came in live, and where the list ends with them. */
  append({ rows, joined = [], end, stored, furtherHops, generation }: LiveEvents['rows']): void {
    const state = this.state.get()
    if (!state.isLoaded) {
      this.#isBehind = true
      return
    }
    const isForeign = generation !== undefined && generation !== this.#generation
    if (isForeign || end === undefined || this.query.to !== undefined || this.query.from !== undefined || end < state.end) {
      this.refresh()
      return
    }
    rows.forEach((row, at) => this.#put(end - rows.length + at, requestRow(row, state.isJoined)))
    for (const row of joined) {
      const at = this.positionOf(row.id)
      if (at !== undefined) this.#put(at, requestRow(row, state.isJoined))
    }
    this.#known = ++this.#last
    this.#set({ end, stored, furtherHops })
    this.#appended += rows.length
    if (this.#appended > ROWS_BETWEEN_LOOKS) this.refresh()
  }

  /** Asks again where the list begins and ends. */
  refresh(): void {
    clearTimeout(this.#timer)
    this.#ask({ limit: 1 }).then((page) => this.#take(page)).catch((error: unknown) => this.#failed(error, () => this.refresh()))
  }

  async #ask(where: { offset?: number, near?: number, limit?: number }): Promise<MessagesPage & { readonly asked: number }> {
    const { q, hops, from, to } = this.query
    const asked = ++this.#last
    const page = await ask('GET /api/v1/messages', {
      q, hops, limit: PAGE_ROWS, ...where, ...from === undefined ? {} : { from }, ...to === undefined ? {} : { to },
    }, {}, this.#stop.signal)
    return { ...page, asked }
  }

  #take(page: MessagesPage & { readonly asked: number }): void {
    if (this.#stop.signal.aborted) return
    if (page.asked < this.#known) return this.#takeLate(page)
    this.#known = page.asked
    if (page.generation !== this.#generation) {
      this.#pages.clear()
      this.#folded.clear()
    }
    this.#generation = page.generation
    this.#appended = 0
    const isJoined = page.joined === true
    page.rows.forEach((row, at) => this.#put(page.offset + at, requestRow(row, isJoined)))
    const old = this.state.get()
    this.state.set({
      start: page.start, end: page.end, stored: page.stored, isJoined, furtherHops: page.furtherHops, searching: page.searching, isLoaded: true, failure: undefined, change: old.change + 1,
    })
    if (page.searching !== undefined) {
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.refresh(), SEARCH_POLL_MS)
    }
    if (this.#isBehind) {
      this.#isBehind = false
      this.refresh()
    }
    this.want(...this.#wanted)
  }

  /** Answers may overtake each other: of one that is older than what is known the rows are good, but not where the list ends. */
  #takeLate({ generation, joined, offset, rows }: MessagesPage): void {
    if (generation === this.#generation) rows.forEach((row, at) => this.#put(offset + at, requestRow(row, joined === true)))
    this.#set({})
    this.want(...this.#wanted)
  }

  async #fetch(page: number): Promise<void> {
    if (this.#asked.has(page)) return
    this.#asked.add(page)
    const first = Math.max(this.state.get().start, page * PAGE_ROWS)
    try {
      const answer = await this.#ask({ offset: first, limit: (page + 1) * PAGE_ROWS - first })
      this.#asked.delete(page)
      this.#take(answer)
    } catch (error) {
      this.#asked.delete(page)
      this.#failed(error, () => this.want(...this.#wanted))
    }
  }

  #failed(error: unknown, again: () => void): void {
    if (this.#stop.signal.aborted) return
    const failure = failureOf(error)
    this.state.set({ ...this.state.get(), failure, change: this.state.get().change + 1 })
    clearTimeout(this.#timer)
    if (failure.problem === undefined) this.#timer = setTimeout(again, RETRY_MS)
  }

  #isMissing(page: number, start: number, end: number): boolean {
    const rows = this.#pages.get(page)
    for (let at = Math.max(start, page * PAGE_ROWS); at < Math.min(end, (page + 1) * PAGE_ROWS); at++) {
      if (rows?.[mod(at)] === undefined) return true
    }
    return false
  }

  #put(position: number, row: MessageRow): void {
    const number = Math.floor(position / PAGE_ROWS)
    const page = this.#pages.get(number) ?? []
    page[mod(position)] = row
    if (row.joinedTo === undefined) this.#folded.remove(position)
    else this.#folded.add(position)
    // Put anew, so that the map is in the order of use and the first is the one unused longest.
    this.#pages.delete(number)
    this.#pages.set(number, page)
    if (this.#pages.size > MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value!)
  }

  #set(change: Partial<WindowState>): void {
    const old = this.state.get()
    this.state.set({ ...old, ...change, change: old.change + 1 })
  }
}

function mod(position: number): number {
  return ((position % PAGE_ROWS) + PAGE_ROWS) % PAGE_ROWS
}
