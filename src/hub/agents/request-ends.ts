import type { RequestHalf, WireVerdict } from '../../model/api.ts'
import type { Micros } from '../../model/time.ts'
import type { EndWay } from '../../store/end-table.ts'
import type { PartAnswers } from '../../store/search-part.ts'
import type { StoredRow } from '../../store/store.ts'

/** What tells a request apart is exact, so this is for clocks only: where two nodes differ by more, what they say is left apart. */
const MAX_APART_MICROS: Micros = 10_000_000
/** What proves more comes first: both ends speak of one connection. */
const VERDICTS: readonly WireVerdict[] = ['mtls-seen', 'mtls-inferred', 'tls-one-way', 'tls']

/** One end of a request as its store has it: `at` says which of the parts that is, `position` where it stands there. */
export interface RequestEnd { readonly at: number, readonly position: number, readonly row: StoredRow }

/** A row of the merged order. `standsAt`: its other end, where that comes first and stands for both. */
export interface EndedRow { readonly row: StoredRow, readonly standsAt?: RequestEnd }

/** The requests between two nodes on one page, each of which has seen its own end. */
export class RequestEnds {
  readonly #byKey = new Map<string, RequestEnd[]>()
  readonly #nodes: readonly string[]
  readonly #isFiltered: boolean

  /** @param found what each part has for the keys of the page @param isFiltered the other end may be there and hidden */
  constructor(found: readonly (PartAnswers['crossings'] | undefined)[], nodes: readonly string[], isFiltered: boolean) {
    this.#nodes = nodes
    this.#isFiltered = isFiltered
    for (const [at, answer] of found.entries()) for (const { position, row } of answer?.found ?? []) this.#add({ at, position, row })
  }

  #add(end: RequestEnd): void {
    const key = end.row.way?.half?.key
    if (key === undefined) return
    const known = this.#byKey.get(key)
    if (known === undefined) this.#byKey.set(key, [end])
    else known.push(end)
  }

  /**
   * What a row shows. Of two ends the one that comes first in the merged order stands for both, whichever was known first: places never change, so neither does that.
   * @param passed how far each part is passed before this row @param floor where the order begins in each: what is before that is not in it yet
   */
  rowOf(own: RequestEnd, passed: Float64Array, floor: Float64Array): EndedRow {
    const { row } = own
    const half = row.way?.half
    if (half?.key === undefined) return { row }
    const others = (this.#byKey.get(half.key) ?? []).filter((end) => end.at !== own.at || end.row.id !== row.id)
    const [other] = others
    if (other === undefined) return { row: this.#isFiltered ? row : doubted(row, 'no-other-end') }
    const [client, server] = half.side === 'client' ? [own, other] : [other, own]
    if (others.length > 1 || !isSameRequest(client.row, server.row)) return { row: doubted(row, 'differs') }
    if (other.position >= floor[other.at]! && other.position < passed[other.at]!) return { row, standsAt: other }
    return { row: this.#whole(row, client, server) }
  }

  /** The other end of a server's end, where it is known for certain. */
  clientOf(own: Omit<RequestEnd, 'position'>): RequestEnd | undefined {
    const others = (this.#byKey.get(own.row.way?.half?.key ?? '') ?? []).filter((end) => end.at !== own.at || end.row.id !== own.row.id)
    return others.length === 1 && isSameRequest(others[0]!.row, own.row) ? others[0] : undefined
  }

  /** A row that stands for both of its ends. */
  standing(end: RequestEnd, other: RequestEnd): StoredRow {
    return end.row.way?.half?.side === 'client' ? this.#whole(end.row, end, other) : this.#whole(end.row, other, end)
  }

  #whole(row: StoredRow, client: RequestEnd, server: RequestEnd): StoredRow {
    const [from, to] = [client.row.way!, server.row.way!]
    // The wire between is a hop of each.
    return { ...row, way: { ...wholeWay(from, to), hops: from.hops + to.hops - 1, nodes: [this.#nodes[client.at]!, this.#nodes[server.at]!] } }
  }
}

/** The keys by which other ends of these rows are found. */
export function keysOf(rows: readonly StoredRow[]): string[] {
  return [...new Set(rows.map((row) => row.way?.half?.key).filter((key) => key !== undefined))]
}

function isSameRequest(client: StoredRow, server: StoredRow): boolean {
  return client.way?.half?.side === 'client' && server.way?.half?.side === 'server'
    && client.protocol === server.protocol && client.what === server.what && client.status === server.status && isSameExchange(client, server)
}

type Exchanged = Pick<StoredRow, 'atMicros' | 'elapsedMicros' | 'requestBytes' | 'responseBytes' | 'complete'>

/** Whether what was measured at two ends may be of the same request. No clock of one node says anything here but within its own: a server takes no longer than its client waits. */
export function isSameExchange(client: Exchanged, server: Exchanged): boolean {
  return isSameSize(client.requestBytes, server.requestBytes, client, server) && isSameSize(client.responseBytes, server.responseBytes, client, server)
    && (server.elapsedMicros ?? 0) <= (client.elapsedMicros ?? Infinity) && Math.abs(client.atMicros - server.atMicros) <= MAX_APART_MICROS
}

/** Where a request went, of which the two ends are known: each names its own, and the better proof counts for both. */
export function wholeWay(client: EndWay, server: EndWay): EndWay {
  const verdict = VERDICTS.find((one) => one === client.verdict || one === server.verdict) ?? client.verdict
  const from = client.from ?? server.from
  const to = server.to ?? client.to
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }), verdict }
}

/** As far as both are known. */
function isSameSize(a: number | undefined, b: number | undefined, client: Exchanged, server: Exchanged): boolean {
  return a === undefined || b === undefined || a === b || !client.complete || !server.complete
}

function doubted(row: StoredRow, doubt: NonNullable<RequestHalf['doubt']>): StoredRow {
  return { ...row, way: { ...row.way!, half: { ...row.way!.half!, doubt } } }
}
