import type { PartAnswers, PartAsk, PartKind, PartLook } from '../../store/search-part.ts'
import type { Selection, StoredRow } from '../../store/store.ts'
import type { StorePart } from './agent-api.ts'

/** Rows in memory, as a store would answer for them: for orders of many messages. What is no list is not asked for. */
export class MemoryPart implements StorePart {
  readonly slot: number
  readonly node: string
  readonly rows: StoredRow[] = []
  /** How many of the oldest are gone. */
  gone = 0
  /** Rows below this index have not been searched yet. */
  searchedFrom = 0
  search = 1
  readonly crossings = true
  asked = 0
  records = none
  batch = none
  connection = none
  witnesses = none
  values = none
  edges = none
  series = none
  info = none

  constructor(slot: number) {
    this.slot = slot
    this.node = `node-${slot}`
  }

  say(atMicros: number, own: Partial<StoredRow> = {}): void {
    const id = this.rows.length + 1
    this.rows.push({
      id, atMicros, protocol: 'http1', what: `${this.slot}/${id}`, outcome: 'ok', flow: 1, flowId: 'f', client: { ip: '10.0.0.1', port: 1 }, server: { ip: '10.0.0.2', port: 2 }, capture: 'netns', hop: 'clear', complete: true, ...own,
    })
  }

  async part<K extends PartKind>(_: Selection, ask: PartAsk & { readonly kind: K }): Promise<PartAnswers[K]> {
    this.asked++
    return await Promise.resolve(this.#answer(ask)) as PartAnswers[K]
  }

  #answer(ask: PartAsk): PartAnswers[PartKind] {
    const { search } = this
    switch (ask.kind) {
      case 'look': return this.#look(ask)
      case 'rows': return { search, rows: this.rows.slice(Math.max(ask.from, this.#start), ask.to) }
      case 'times': return { search, times: this.rows.slice(ask.from, ask.to).filter((_, n) => n % ask.step === 0).map((row) => row.atMicros) }
      case 'crossings': return { search, found: this.rows.flatMap((row, position) => position >= this.#start && ask.keys.includes(row.way?.half?.key ?? '') ? [{ position, row }] : []) }
      case 'ends': throw new Error('not asked for')
      case 'at': {
        const found = this.rows.slice(ask.from, ask.to).findIndex((row) => row.atMicros >= ask.atMicros)
        return { search, position: found < 0 ? ask.to : ask.from + found }
      }
      case 'of': {
        const row = this.rows[ask.id - 1]
        const isThere = row !== undefined && ask.id > this.#start
        return { search, position: Math.max(this.#start, Math.min(ask.id - 1, this.rows.length)), isThere, ...(row !== undefined && { atMicros: row.atMicros }) }
      }
    }
  }

  get #start(): number {
    return Math.max(this.gone, this.searchedFrom)
  }

  #look({ tail, after }: PartAsk & { kind: 'look' }): PartLook {
    const [start, end] = [this.#start, this.rows.length]
    return {
      search: this.search, start, end, lastId: end, stored: end - this.gone, furtherHops: 0, tail: this.rows.slice(Math.max(start, end - tail)),
      ...(after !== undefined && { after: Math.max(start, Math.min(end, after)) }),
      ...(this.searchedFrom > this.gone && { searching: { scanned: end - start, of: end - this.gone, downToMicros: this.rows[this.searchedFrom]?.atMicros ?? Number.MAX_SAFE_INTEGER } }),
    }
  }
}

function none(): Promise<never> {
  return Promise.reject(new Error('not asked for'))
}
