import type { FilterProblem, KeepInfo, MessageRow, RequestWay, ValueList, WireVerdict } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import type { JoinedEnds } from './joined-ends.ts'

/** Which messages: a filter and `from <= at < to`. */
export interface Selection {
  readonly q?: string
  readonly from?: Micros
  readonly to?: Micros
  /** Each request once: what `join` said to be further hops is left out, and so is what it has not decided yet. */
  readonly requests?: boolean
}

/** What joining the hops of requests has found. */
export interface HopsFound {
  /** Of messages that stand for a request. */
  readonly ways: readonly { readonly id: number, readonly way: RequestWay }[]
  /** Its other messages. */
  readonly further: readonly number[]
  /** Everything up to this message is decided. */
  readonly upTo: number
}

/** What a store knows of a message without its record; the verdict is for those who know TLS. */
export type StoredRow = Omit<MessageRow, 'verdict'> & {
  /** Id of the flow within its run. */
  readonly flowId: string
  /** The message with the TLS handshake of its connection, where one was stored. */
  readonly handshake?: number
}

export interface StoredRecord { readonly row: StoredRow, readonly line: string }

export interface PageQuery extends Selection {
  readonly offset?: number
  readonly near?: number
  readonly limit: number
  /** How long a search may take before the answer is given with what was found. */
  readonly waitMs: number
}

/** Positions as in MessagesPage of the API: they never change while the store is open, and may be negative. */
export interface Page {
  readonly start: number
  readonly end: number
  readonly offset: number
  readonly rows: readonly StoredRow[]
  readonly nearPosition?: number
  readonly searching?: { readonly scanned: number, readonly of: number }
  readonly stored: number
  /** Messages that another one stands for. */
  readonly furtherHops: number
  /** Where it changes, positions of before hold no longer. */
  readonly generation?: string
}

export interface NewRows {
  readonly rows: readonly StoredRow[]
  /** Rows of before that stand for some of these, as they are now. */
  readonly joined?: readonly StoredRow[]
  /** Matching messages between `after` and the first of `rows`. */
  readonly skipped: number
  /** Everything up to this id has been looked at. */
  readonly lastId: number
  readonly end?: number
  readonly stored: number
  readonly furtherHops: number
  /** As in Page. */
  readonly generation?: string
}

export interface Batch {
  readonly records: readonly StoredRecord[]
  /** Ask again with this; undefined at the end. */
  readonly next?: number
}

export interface StoreInfo {
  readonly stored: number
  readonly firstId: number
  readonly lastId: number
  readonly firstMicros?: Micros
  readonly lastMicros?: Micros
  /** When the message `firstId` was said, which need not be the earliest. */
  readonly firstIdMicros?: Micros
  readonly keep: KeepInfo
  /** Lines that were no records. */
  readonly rejected: number
}

/** Counts of one edge, at one place of capture. */
export interface EdgeCounts {
  readonly from: string
  readonly fromIp: string
  readonly to: string
  readonly toIp: string
  readonly toPort: number
  readonly hop: string
  readonly namespace: string
  readonly capture: string
  readonly protocol: string
  /** Of requests whose hops were joined: the lock of the wire between. Then `from` and `to` are the workloads, and other hops of them are counted nowhere. */
  readonly verdict?: WireVerdict
  readonly requests: number
  readonly errors: number
  readonly bytes: number
  /** How many took as long as latency-buckets.ts says: [bucket, count, …]. */
  readonly latencies: readonly number[]
  readonly firstMicros: Micros
  readonly lastMicros: Micros
  /** Messages with handshakes of its connections, at most a few. */
  readonly handshakes: readonly number[]
}

export interface Counted<T> {
  readonly value: T
  readonly searching?: { readonly scanned: number, readonly of: number }
  /** Of stores that are merged: at most so many requests are counted at both of their ends. Absent: none. */
  readonly twice?: number
}

/** `operation`: service, protocol and operation, with a tab between. */
export type GroupBy = 'protocol' | 'service' | 'path' | 'outcome' | 'operation'

/** Counts of one group over time. Arrays have one element a step. */
export interface GroupCounts {
  readonly name: string
  readonly requests: readonly number[]
  readonly errors: readonly number[]
  readonly bytes: readonly number[]
  /** For each step the latencies as in EdgeCounts. */
  readonly latencies: readonly (readonly number[])[]
}

export interface SeriesCounts {
  readonly fromMicros: Micros
  readonly stepMicros: Micros
  readonly groups: readonly GroupCounts[]
  readonly omittedGroups: number
}

export interface SeriesQuery extends Selection {
  readonly by: GroupBy
  readonly points: number
  /** Groups that are told apart; default 50. */
  readonly groups?: number
  /** What the points cover where that is not the selection's own range; it chooses no messages. */
  readonly span?: { readonly from: Micros, readonly to: Micros }
}

/**
 * Messages, kept and searched. The embedded one is EmbeddedStore; `contract` in store-contract.fixture.ts says what every store must do.
 * A selection with a filter that cannot be understood rejects with a FilterError.
 */
export interface Store {
  /** Takes over lines of records (docs/protocols/README.md), each with its newline. Settles when they are kept; a reader that waits for it is never too fast. */
  add(lines: Uint8Array): Promise<void>
  page(query: PageQuery): Promise<Page>
  /** What was added after the message `after`: the newest `limit` of it that match. */
  newer(selection: Selection, after: number, limit: number): Promise<NewRows>
  /** Those that are there, in the order asked for. */
  records(ids: readonly number[]): Promise<readonly StoredRecord[]>
  /** Records of a selection, oldest first, a piece at a time. */
  batch(selection: Selection, after: number | undefined, limit: number): Promise<Batch>
  /** Messages of a connection, oldest first. */
  connection(flow: number, bounds: { after?: number, before?: number, limit: number }): Promise<{ readonly records: readonly StoredRecord[], readonly total: number }>
  /** Messages that prove something of the wire: those about TLS, and the first other one of each connection. Oldest first. */
  witnesses(selection: Selection, limit: number): Promise<readonly number[]>
  values(field: string, prefix: string, limit: number): Promise<ValueList['values']>
  /** @param ends from whoever merges several stores, as in `series` */
  edges(selection: Selection, ends?: JoinedEnds): Promise<Counted<readonly EdgeCounts[]>>
  series(query: SeriesQuery, ends?: JoinedEnds): Promise<Counted<SeriesCounts>>
  /** Messages after `after` that were captured in namespaces, oldest first; everything up to `lastId` has been looked at. */
  unjoined(after: number, limit: number): Promise<{ readonly rows: readonly StoredRow[], readonly lastId: number, readonly more: boolean }>
  /** How far `join` has got, in this run or one before. */
  decided(): Promise<{ readonly upTo: number }>
  /** Takes over which messages are hops of one request. */
  join(found: HopsFound): Promise<void>
  info(): Promise<StoreInfo>
  /** Called, some time later, when messages were added or removed; many at once are told once. */
  onChange(tell: () => void): () => void
  close(): Promise<void>
}

/** A filter that cannot be understood. */
export class FilterError extends Error {
  readonly problem: FilterProblem

  constructor(problem: FilterProblem) {
    super(problem.message)
    this.name = 'FilterError'
    this.problem = problem
  }
}
