import type { Micros } from '../model/time.ts'
import type { PartEnds } from './end-table.ts'
import type { IdRange } from './joined-ends.ts'
import type { RecordReader } from './record-reader.ts'
import type { Search } from './search.ts'
import type { StoredRow } from './store.ts'

/** What whoever merges several stores asks one of them of a selection. Positions are those of its search, as in Page; `to` is exclusive. */
export type PartAsk =
  /** Where it begins and ends; `after`: and where that which came after this message begins. Waits until `want` were found, or so long. */
  | { readonly kind: 'look', readonly waitMs: number, readonly want: number, readonly tail: number, readonly after?: number }
  | { readonly kind: 'rows', readonly from: number, readonly to: number }
  /** When those at `from`, `from + step`, … were said. */
  | { readonly kind: 'times', readonly from: number, readonly to: number, readonly step: number }
  /** The first within the range that was said at `atMicros` or later. */
  | { readonly kind: 'at', readonly atMicros: Micros, readonly from: number, readonly to: number }
  | { readonly kind: 'of', readonly id: number }
  /** Requests of which one end of the wire was seen, by RequestHalf.key: at most MAX_PART_KEYS. */
  | { readonly kind: 'crossings', readonly keys: readonly string[] }
  /** All such requests by blocks (end-table.ts), or each of those in `blocks`; at most `limit` of either. `within`: what an answer of before covered. */
  | { readonly kind: 'ends', readonly limit: number, readonly blocks?: readonly string[], readonly within?: IdRange }

export interface PartLook {
  /** Another one means that the search was forgotten, and its positions with it. */
  readonly search: number
  readonly start: number
  readonly end: number
  /** While older ones are looked at; nothing is missing after `downToMicros`. */
  readonly searching?: { readonly scanned: number, readonly of: number, readonly downToMicros: Micros }
  /** Everything up to this message was looked at. */
  readonly lastId: number
  readonly stored: number
  readonly furtherHops: number
  /** The newest rows, oldest of them first. */
  readonly tail: readonly StoredRow[]
  /** Where that which came after `after` begins. */
  readonly after?: number
}

export interface PartAnswers {
  look: PartLook
  rows: { readonly search: number, readonly rows: readonly StoredRow[] }
  times: { readonly search: number, readonly times: readonly Micros[] }
  at: { readonly search: number, readonly position: number }
  /** The first that is not before it, and when that was said; `isThere`: it is the message itself. */
  of: { readonly search: number, readonly position: number, readonly isThere: boolean, readonly atMicros?: Micros }
  /** Those that the selection holds. */
  crossings: { readonly search: number, readonly found: readonly { readonly position: number, readonly row: StoredRow }[] }
  ends: PartEnds & { readonly search: number, readonly within: IdRange }
}

export type PartKind = PartAsk['kind']
/** Rows and times of one answer. */
export const MAX_PART_ROWS = 2000
export const MAX_PART_KEYS = 1000

/** All but what has to wait. */
export function partOf(search: Search, reader: RecordReader, ask: Exclude<PartAsk, { kind: 'look' | 'ends' }>): PartAnswers[Exclude<PartKind, 'look' | 'ends'>] {
  const { number } = search
  switch (ask.kind) {
    case 'rows': return { search: number, rows: rowsAt(search, reader, ask.from, ask.to) }
    case 'times': return { search: number, times: timesAt(search, reader, ask) }
    case 'crossings': return { search: number, found: crossingsOf(search, reader, ask.keys) }
    case 'at': return { search: number, position: positionAt(search, reader, ask) }
    case 'of': {
      const position = search.lowerBound(ask.id)
      const found = search.at(position)
      return { search: number, position, isThere: found === ask.id, ...(found !== undefined && { atMicros: timeAt(search, reader, position) }) }
    }
  }
}

/** Rows at positions, fewer where some are gone. */
export function rowsAt(search: Search, reader: RecordReader, from: number, to: number): StoredRow[] {
  const rows = search.slice(from, Math.min(to, from + MAX_PART_ROWS)).map((id) => reader.row(id))
  return rows.filter((row) => row !== undefined)
}

function crossingsOf(search: Search, reader: RecordReader, keys: readonly string[]): PartAnswers['crossings']['found'] {
  return keys.slice(0, MAX_PART_KEYS).flatMap((key) => reader.crossing(key)).flatMap((id) => {
    const position = search.positionOf(id)
    const row = position === undefined ? undefined : reader.row(id)
    return position === undefined || row === undefined ? [] : [{ position, row }]
  })
}

function timesAt(search: Search, reader: RecordReader, { from, to, step }: { from: number, to: number, step: number }): Micros[] {
  const times: Micros[] = []
  const by = Math.max(1, Math.floor(step))
  for (let position = Math.max(from, search.start); position < Math.min(to, search.end) && times.length < MAX_PART_ROWS; position += by) times.push(timeAt(search, reader, position))
  return times
}

function positionAt(search: Search, reader: RecordReader, { atMicros, from, to }: { atMicros: Micros, from: number, to: number }): number {
  let low = Math.max(from, search.start)
  let high = Math.max(low, Math.min(to, search.end))
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (timeAt(search, reader, middle) < atMicros) low = middle + 1
    else high = middle
  }
  return low
}

function timeAt(search: Search, reader: RecordReader, position: number): Micros {
  const id = search.at(position)
  return id === undefined ? 0 : reader.columns(id)?.[1] ?? 0
}
