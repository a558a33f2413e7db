import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RequestHalf, RequestWay } from '../model/api.ts'
import { FURTHER_HOP } from './record-columns.ts'
import type { Columns, RecordReader } from './record-reader.ts'
import { MESSAGE_COLUMNS } from './schema.ts'
import type { HopsFound, StoredRow } from './store.ts'

/** Messages looked at for one answer, whether they were captured in a namespace or not. */
const LOOKED_AT = 100_000

/** Which messages are hops of one request, as whoever joins them says. A message that was there at the start, or captured in no namespace, stands for itself. */
export class JoinedHops {
  readonly #db: DatabaseSync
  readonly #reader: RecordReader
  readonly #candidates: StatementSync
  readonly #setWay: StatementSync
  readonly #setCrossing: StatementSync
  readonly #setFurther: StatementSync
  #decidedTo: number
  #further: number

  constructor(db: DatabaseSync, reader: RecordReader) {
    this.#db = db
    this.#reader = reader
    this.#candidates = db.prepare(`SELECT ${MESSAGE_COLUMNS.join(', ')} FROM messages WHERE id > ? AND id <= ? AND EXISTS (SELECT 1 FROM flows WHERE flows.id = messages.flow AND namespace <> '') ORDER BY id LIMIT ?`)
    this.#candidates.setReturnArrays(true)
    this.#setWay = db.prepare('INSERT OR REPLACE INTO ways VALUES(?,?,?,?,?)')
    this.#setCrossing = db.prepare('INSERT OR REPLACE INTO crossings VALUES(?,?,?,?)')
    this.#setFurther = db.prepare(`UPDATE messages SET flags = flags | ${FURTHER_HOP} WHERE id = ?`)
    this.#decidedTo = reader.bounds().last
    this.#further = this.#count()
  }

  /** Of every message up to this it is known whether it is a further hop. */
  get decidedTo(): number {
    return this.#decidedTo
  }

  /** Messages that are shown by another one. */
  get further(): number {
    return this.#further
  }

  #count(): number {
    return (this.#db.prepare(`SELECT count(*) AS count FROM messages WHERE (flags & ${FURTHER_HOP}) <> 0`).get() as { count: number }).count
  }

  /** Messages after `after` that were captured in namespaces, oldest first, and how far it looked. */
  unjoined(after: number, limit: number): { rows: StoredRow[], lastId: number, more: boolean } {
    const { last } = this.#reader.bounds()
    const to = Math.min(after + LOOKED_AT, last)
    const found = this.#candidates.all(after, to, limit) as unknown as Columns[]
    const lastId = found.length < limit ? Math.max(after, to) : found.at(-1)![0]
    return { rows: found.map((columns) => this.#reader.rowOf(columns)), lastId, more: lastId < last }
  }

  /** A message that was decided upon, and so may have been shown, is no longer hidden. */
  take({ ways, further, upTo }: HopsFound): void {
    this.#db.exec('BEGIN')
    try {
      for (const { id, way } of ways) this.#setWayOf(id, way)
      let hidden = 0
      for (const id of further) if (id > this.#decidedTo) hidden += Number(this.#setFurther.run(id).changes)
      this.#db.exec('COMMIT')
      this.#further += hidden
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      throw error
    } finally {
      this.#decidedTo = Math.max(this.#decidedTo, Math.min(upTo, this.#reader.bounds().last))
    }
  }

  #setWayOf(id: number, { from, to, verdict, hops, half }: RequestWay): void {
    this.#setWay.run(id, from ?? '', to ?? '', verdict, hops)
    if (half !== undefined) this.#setCrossing.run(id, Number(half.side === 'server'), half.key ?? null, half.doubt ?? null)
  }

  /** Messages below `firstId` are gone. */
  removeBelow(firstId: number): void {
    this.#db.prepare('DELETE FROM ways WHERE id < ?').run(firstId)
    this.#db.prepare('DELETE FROM crossings WHERE id < ?').run(firstId)
    this.#further = this.#count()
    this.#decidedTo = Math.max(this.#decidedTo, firstId - 1)
  }
}

/** A row of `ways`, with that of `crossings` where there is one. */
export interface WayColumns {
  readonly sender: string
  readonly receiver: string
  readonly verdict: string
  readonly hops: number
  readonly side: number | null
  readonly key: string | null
  readonly doubt: string | null
}

export function wayOf({ sender, receiver, verdict, hops, side, key, doubt }: WayColumns): RequestWay {
  return {
    ...(sender !== '' && { from: sender }), ...(receiver !== '' && { to: receiver }), verdict: verdict as RequestWay['verdict'], hops,
    ...(side !== null && { half: { side: side === 0 ? 'client' : 'server', ...(key !== null && { key }), ...(doubt !== null && { doubt: doubt as NonNullable<RequestHalf['doubt']> }) } }),
  }
}
