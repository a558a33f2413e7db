import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RequestWay } from '../model/api.ts'
import type { Capture, Hop } from '../model/flow.ts'
import type { FilterFlow } from './filter/subject.ts'
import type { WayColumns } from './joined-hops.ts'
import { wayOf } from './joined-hops.ts'
import { COMPLETE, DECRYPTED, OUTCOMES } from './record-columns.ts'
import type { PageRow } from './record-page.ts'
import { RecordPage } from './record-page.ts'
import { MESSAGE_COLUMNS } from './schema.ts'
import type { StoredRow } from './store.ts'

const MAX_PAGES = 16
const MAX_FLOWS = 20_000
const COLUMNS = MESSAGE_COLUMNS.join(', ')

const REMOVED_TO = 'coalesce((SELECT value FROM facts WHERE name = \'removed_to\'), 0)'
const BOUNDS = `SELECT coalesce((SELECT first_id FROM pages ORDER BY first_id LIMIT 1), ${REMOVED_TO} + 1) AS first,
  coalesce((SELECT last_id FROM pages ORDER BY first_id DESC LIMIT 1), ${REMOVED_TO}) AS last`

export interface KnownFlow extends FilterFlow { readonly number: number, readonly handshake: number }

/** Columns of MESSAGE_COLUMNS, in their order. */
export type Columns = [id: number, at: number, elapsed: number, protocol: number, code: number, status: string, outcome: number, flow: number, flags: number, requestBytes: number, responseBytes: number, what: string]

const WAYS = 'SELECT id, sender, receiver, verdict, hops, side, key, doubt FROM ways LEFT JOIN crossings USING(id)'
/** One message has a key; with two nobody says which it is. */
const MAX_CROSSINGS = 2

/** Reads what RecordWriter wrote, through the same connection. */
export class RecordReader {
  readonly #db: DatabaseSync
  readonly #pages = new Map<number, RecordPage>()
  readonly #flows = new Map<number, KnownFlow>()
  readonly #protocols: string[] = []
  readonly #pageOf: StatementSync
  readonly #flow: StatementSync
  readonly #one: StatementSync
  readonly #bounds: StatementSync
  readonly #way: StatementSync
  readonly #ways: StatementSync
  readonly #crossing: StatementSync

  constructor(db: DatabaseSync) {
    this.#db = db
    this.#pageOf = db.prepare('SELECT first_id, last_id, apart, heads, requests, responses FROM pages WHERE first_id <= ? ORDER BY first_id DESC LIMIT 1')
    this.#flow = db.prepare('SELECT * FROM flows WHERE id = ?')
    this.#one = db.prepare(`SELECT ${COLUMNS} FROM messages WHERE id = ?`)
    this.#one.setReturnArrays(true)
    this.#bounds = db.prepare(BOUNDS)
    this.#way = db.prepare(`${WAYS} WHERE id = ?`)
    this.#ways = db.prepare(`${WAYS} WHERE id >= ? AND id < ?`)
    this.#crossing = db.prepare('SELECT id FROM crossings WHERE key = ? ORDER BY id LIMIT ?')
  }

  /** Ids that are there: all between the two. `last` is `first - 1` where there are none. */
  bounds(): { first: number, last: number } {
    const { first, last } = this.#bounds.get() as { first: number, last: number }
    return { first, last }
  }

  page(id: number): RecordPage | undefined {
    for (const page of this.#pages.values()) if (page.firstId <= id && id <= page.lastId) return page
    const row = this.#pageOf.get(id) as unknown as PageRow | undefined
    if (row === undefined || row.last_id < id) return undefined
    const page = new RecordPage(row)
    if (this.#pages.size >= MAX_PAGES) this.#pages.delete(this.#pages.keys().next().value!)
    this.#pages.set(page.firstId, page)
    return page
  }

  /** The record of a message as text; '' where it is gone. */
  line(id: number): string {
    return this.page(id)?.line(id) ?? ''
  }

  flow(number: number): KnownFlow {
    const known = this.#flows.get(number)
    if (known !== undefined) return known
    const row = this.#flow.get(number) as Record<string, string & number> | undefined
    const flow = row === undefined ? NO_FLOW : flowOf(row)
    if (this.#flows.size >= MAX_FLOWS) this.#flows.delete(this.#flows.keys().next().value!)
    this.#flows.set(number, flow)
    return flow
  }

  /** After a handshake was written. */
  forgetFlows(): void {
    this.#flows.clear()
  }

  forgetPages(): void {
    this.#pages.clear()
  }

  protocol(number: number): string {
    if (this.#protocols[number] === undefined) {
      for (const row of this.#db.prepare('SELECT id, name FROM protocols').all()) this.#protocols[row.id as number] = row.name as string
    }
    return this.#protocols[number] ?? 'other'
  }

  columns(id: number): Columns | undefined {
    return this.#one.get(id) as unknown as Columns | undefined
  }

  row(id: number): StoredRow | undefined {
    const columns = this.columns(id)
    return columns && this.rowOf(columns)
  }

  /** Of a request whose hops were joined. */
  way(id: number): RequestWay | undefined {
    const row = this.#way.get(id) as WayColumns | undefined
    return row && wayOf(row)
  }

  /** Of all such requests with `from <= id < below`. */
  ways(from: number, below: number): Map<number, RequestWay> {
    return new Map((this.#ways.all(from, below) as unknown as (WayColumns & { id: number })[]).map((row) => [row.id, wayOf(row)]))
  }

  /** Messages that were seen at one end of a wire, by what tells them there. */
  crossing(key: string): number[] {
    return this.#crossing.all(key, MAX_CROSSINGS).map(({ id }) => Number(id))
  }

  rowOf([id, at, elapsed, protocol, code, status, outcome, flowNumber, flags, requestBytes, responseBytes, what]: Columns): StoredRow {
    const flow = this.flow(flowNumber)
    const way = flow.namespace === undefined ? undefined : this.way(id)
    return {
      id, atMicros: at, protocol: this.protocol(protocol), what,
      ...(code !== -1 ? { status: code } : status !== '' ? { status } : {}),
      outcome: OUTCOMES[outcome] ?? 'none',
      ...(elapsed >= 0 && { elapsedMicros: elapsed }),
      ...(requestBytes >= 0 && { requestBytes }),
      ...(responseBytes >= 0 && { responseBytes }),
      flow: flowNumber, flowId: flow.id, client: flow.client, server: flow.server,
      capture: flow.capture as Capture, hop: flow.hop as Hop,
      ...(flow.namespace !== undefined && { namespace: flow.namespace }),
      ...(flow.interface !== undefined && { interface: flow.interface }),
      ...((flags & DECRYPTED) !== 0 && { decrypted: true }),
      complete: (flags & COMPLETE) !== 0,
      ...(way && { way }),
      ...(flow.handshake >= 0 && { handshake: flow.handshake }),
    }
  }
}

const NO_FLOW: KnownFlow = { number: 0, id: '', capture: '', hop: '', client: { ip: '', port: 0 }, server: { ip: '', port: 0 }, handshake: -1 }

function flowOf(row: Record<string, string & number>): KnownFlow {
  const end = (side: 'client' | 'server'): KnownFlow['client'] => {
    const name = row[`${side}_name`]!
    return { ip: row[`${side}_ip`]!, port: row[`${side}_port`]!, ...(name !== '' && { name }) }
  }
  const { namespace, interface: name } = row
  return {
    number: row.id!, id: row.key!, capture: row.capture!, hop: row.hop!, client: end('client'), server: end('server'), handshake: row.handshake!,
    ...(namespace !== '' && { namespace }), ...(name !== '' && { interface: name }),
  }
}
