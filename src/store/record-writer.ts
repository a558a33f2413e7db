import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { KnownFlows } from './known-flows.ts'
import { packLines } from './page-codec.ts'
import { PageParts, hasMarks } from './page-parts.ts'
import { RecordReader } from './record-reader.ts'
import { HANDSHAKE, RecordColumns } from './record-columns.ts'

const LF = 0x0a
/** Records of a page, before compression: a page is read whole for one of them. */
const MAX_PAGE_BYTES = 256 * 1024
/** Protocols that have a number of their own; a forged file may name more, which are `other`. */
const MAX_PROTOCOLS = 200
const NOTHING = Buffer.alloc(0)

/** What was written by one call. */
export interface Written { messages: number, rejected: number, firstId: number, lastId: number }

/** Writes records into the tables of schema.ts. One writer a database. */
export class RecordWriter {
  readonly #db: DatabaseSync
  readonly #record = new RecordColumns()
  readonly #flows: KnownFlows
  readonly #protocols = new Map<string, number>()
  readonly #insert: StatementSync
  readonly #insertPage: StatementSync
  readonly #insertProtocol: StatementSync
  readonly #page = new PageParts()
  #nextId: number
  #pageFirstId = 0
  #firstMicros = 0
  #lastMicros = 0

  constructor(db: DatabaseSync, run: string) {
    this.#db = db
    this.#flows = new KnownFlows(db, run)
    this.#insert = db.prepare('INSERT INTO messages VALUES(?,?,?,?,?,?,?,?,?,?,?,?)')
    this.#insertPage = db.prepare('INSERT INTO pages VALUES(?,?,?,?,?,?,?,?)')
    this.#insertProtocol = db.prepare('INSERT INTO protocols VALUES(?,?)')
    this.#nextId = new RecordReader(db).bounds().last + 1
    this.#readProtocols()
  }

  get nextId(): number {
    return this.#nextId
  }

  #readProtocols(): void {
    this.#protocols.clear()
    for (const row of this.#db.prepare('SELECT id, name FROM protocols').all()) this.#protocols.set(row.name as string, row.id as number)
  }

  /** Lines of records, all or nothing. What is no record is counted and left out. Throws what SQLite throws (disk full). */
  write(lines: Buffer): Written {
    const firstId = this.#nextId
    const written: Written = { messages: 0, rejected: 0, firstId, lastId: firstId - 1 }
    this.#db.exec('BEGIN')
    try {
      this.#writeLines(lines, written)
      this.#db.exec('COMMIT')
    } catch (error) {
      this.#nextId = firstId
      this.#flows.forget()
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      this.#readProtocols()
      throw error
    }
    written.messages = this.#nextId - firstId
    written.lastId = this.#nextId - 1
    return written
  }

  #writeLines(lines: Buffer, written: Written): void {
    const whole = hasMarks(lines)
    this.#openPage()
    for (let at = 0; at < lines.length;) {
      const found = lines.indexOf(LF, at)
      const end = found < 0 ? lines.length : found
      if (end > at && this.#record.read(lines, at, end)) {
        this.#row()
        this.#page.add(lines, at, end, this.#record, whole)
      } else if (end > at) written.rejected++
      at = end + 1
      if (this.#page.sizeBytes > MAX_PAGE_BYTES) this.#closePage(whole)
    }
    this.#closePage(whole)
  }

  #openPage(): void {
    this.#page.clear()
    this.#pageFirstId = this.#nextId
    this.#firstMicros = Infinity
    this.#lastMicros = 0
  }

  #closePage(whole: boolean): void {
    if (this.#nextId === this.#pageFirstId) return
    const { heads, requests, responses } = this.#page
    this.#insertPage.run(this.#pageFirstId, this.#nextId - 1, whole ? 0 : 1, this.#firstMicros, this.#lastMicros,
      packLines(heads.bytes), packLines(whole ? NOTHING : requests.bytes), packLines(whole ? NOTHING : responses.bytes))
    this.#openPage()
  }

  #row(): void {
    const r = this.#record
    const id = this.#nextId++
    const flow = this.#flows.numberOf(r, id)
    if ((r.flags & HANDSHAKE) !== 0) this.#flows.handshake(flow, id)
    if (r.atMicros < this.#firstMicros) this.#firstMicros = r.atMicros
    if (r.atMicros > this.#lastMicros) this.#lastMicros = r.atMicros
    this.#insert.run(id, r.atMicros, r.elapsedMicros, this.#protocolNumber(r.protocol), r.statusCode, r.status, r.outcome, flow, r.flags, r.requestBytes, r.responseBytes, r.what)
  }

  #protocolNumber(name: string): number {
    const known = this.#protocols.get(name)
    if (known !== undefined) return known
    if (this.#protocols.size >= MAX_PROTOCOLS && name !== 'other') return this.#protocolNumber('other')
    const number = this.#protocols.size + 1
    this.#insertProtocol.run(number, name)
    this.#protocols.set(name, number)
    return number
  }
}
