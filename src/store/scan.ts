import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parseFilter } from './filter/filter.ts'
import type { Filter } from './filter/filter.ts'
import type { ColumnName } from './filter/columns-needed.ts'
import { columnsNeeded } from './filter/columns-needed.ts'
import type { RequiredText } from './filter/required-text.ts'
import { requiredText } from './filter/required-text.ts'
import type { Sql, SqlValue } from './filter/sql.ts'
import { toSql } from './filter/sql.ts'
import { FURTHER_HOP } from './record-columns.ts'
import type { RecordReader } from './record-reader.ts'
import { RowSubject } from './row-subject.ts'
import type { Selection } from './store.ts'
import { FilterError } from './store.ts'

/** Where each has to be looked into, so many at once. */
const CANDIDATES = 4_000

/** Finds the messages of a selection in a range of ids: by SQLite alone where it can answer, else by looking into the records that it lets through. */
export class Scan {
  /** SQLite answers alone. */
  readonly isExact: boolean
  readonly #filter: Filter
  readonly #sql: Sql
  readonly #required: RequiredText | undefined
  readonly #requiredBytes: Buffer
  readonly #subject: RowSubject
  readonly #ids: StatementSync
  /** Of `#candidates`. */
  readonly #columns: readonly ColumnName[]
  /** Undefined where every message has to be looked into, and no column is needed for that. */
  readonly #candidates: StatementSync | undefined
  #possiblePage = -1
  #possibleIds: ReadonlySet<number> = new Set()

  /** Throws FilterError. @param nowMicros what `now()` is in the filter */
  constructor(db: DatabaseSync, reader: RecordReader, selection: Selection, nowMicros: number) {
    const parsed = parseFilter(selection.q ?? '', nowMicros)
    if (!parsed.ok) throw new FilterError(parsed.problem)
    this.#filter = parsed.filter
    const { ast } = parsed.filter
    this.#sql = withRange(toSql(ast, nowMicros), selection)
    this.isExact = this.#sql.exact
    this.#required = requiredText(ast)
    this.#requiredBytes = Buffer.from(this.#required?.text ?? '')
    this.#subject = new RowSubject(reader)
    const where = `FROM messages WHERE id >= ? AND id < ? AND (${this.#sql.text})`
    this.#ids = db.prepare(`SELECT id ${where} ORDER BY id DESC`)
    this.#ids.setReturnArrays(true)
    this.#columns = ['id', ...columnsNeeded(ast)]
    this.#candidates = this.#columns.length === 1 && this.#sql.text === '1' ? undefined : db.prepare(`SELECT ${this.#columns.join(', ')} ${where} ORDER BY id DESC LIMIT ${CANDIDATES}`)
    this.#candidates?.setReturnArrays(true)
  }

  /** Adds matching ids of `from <= id < below` to `found`, newest first. Returns down to where it looked. */
  look(from: number, below: number, found: number[]): number {
    if (this.isExact) {
      for (const row of this.#ids.all(from, below, ...this.#sql.values) as unknown as [number][]) found.push(row[0])
      return from
    }
    return this.#candidates === undefined ? this.#lookAtAll(from, below, found) : this.#lookAtCandidates(this.#candidates, from, below, found)
  }

  #lookAtAll(from: number, below: number, found: number[]): number {
    const down = Math.max(from, below - CANDIDATES)
    for (let id = below - 1; id >= down; id--) {
      this.#subject.setRecord(id)
      const possible = this.#possible()
      if (possible?.size === 0) id = Math.max(down, this.#subject.page!.firstId)
      else if (possible?.has(id) !== false && this.#filter.matches(this.#subject)) found.push(id)
    }
    return down
  }

  #lookAtCandidates(candidates: StatementSync, from: number, below: number, found: number[]): number {
    const rows = candidates.all(from, below, ...this.#sql.values) as unknown as [number, ...(string | number)[]][]
    for (const row of rows) {
      this.#subject.setSome(this.#columns, row)
      if (this.#possible()?.has(row[0]) !== false && this.#filter.matches(this.#subject)) found.push(row[0])
    }
    return rows.length < CANDIDATES ? from : rows.at(-1)![0]
  }

  /** Records of the page of the message that have the text that all matching ones have; undefined where there is no such text. One search a page. */
  #possible(): ReadonlySet<number> | undefined {
    const { page } = this.#subject
    if (this.#required === undefined || page === undefined) return undefined
    if (page.firstId !== this.#possiblePage) {
      this.#possiblePage = page.firstId
      this.#possibleIds = new Set(page.idsWith(this.#requiredBytes, this.#required.part))
    }
    return this.#possibleIds
  }
}

function withRange(sql: Sql, { from, to, requests }: Selection): Sql {
  const values: SqlValue[] = [...sql.values]
  let { text } = sql
  if (requests === true) text = `(${text}) AND (flags & ${FURTHER_HOP}) = 0`
  if (from !== undefined) {
    text = `(${text}) AND at >= ?`
    values.push(from)
  }
  if (to !== undefined) {
    text = `(${text}) AND at < ?`
    values.push(to)
  }
  return { text, values, exact: sql.exact }
}
