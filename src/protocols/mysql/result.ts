import { textOf } from '../sql/byte-text.ts'
import { exactNumber } from '../sql/rows.ts'
import type { Redactor } from '../redaction.ts'
import { SESSION_TRACK, statusNames } from './capabilities.ts'
import type { Column } from './columns.ts'
import { columnView, parseColumn, rowViews } from './columns.ts'
import { PacketReader } from './packet-reader.ts'

/** A prepared statement. Texts have a character for each byte. */
export class Statement {
  readonly id: number
  readonly query: string
  readonly queryBytes: number
  readonly parameterCount: number
  /** Types of the parameters as last bound, two bytes each. */
  types = ''
  /** As it may be shown in one line, once somebody asked. */
  line: string | undefined
  /** Column definitions, as the answer to the prepare told them. */
  columns: readonly string[] = []

  constructor(id: number, query: string, queryBytes: number, parameterCount: number) {
    this.id = id
    this.query = query
    this.queryBytes = queryBytes
    this.parameterCount = parameterCount
  }

  get heldBytes(): number {
    return 200 + this.query.length
  }
}

/** What one statement gave back. */
export class Result {
  /** Announced; -1 without rows. */
  columnCount = -1
  columns: string[] = []
  columnBytes = 0
  isBinary = false
  rowCount = 0
  readonly rows: string[] = []
  /** The OK packet, or the EOF packet that ends the rows. */
  end: string | undefined
  infile: string | undefined
  infileBytes = 0
  hasCursor = false

  view(capabilities: number, statement: Statement | undefined, redactor: Redactor): object {
    const definitions = this.columns.length > 0 || statement === undefined ? this.columns : statement.columns
    const columns = this.columnCount < 0 ? [] : definitions.map(parseColumn)
    return {
      ...this.end === undefined ? {} : endView(this.end, capabilities, this.columnCount < 0),
      columns: this.columnCount < 0 ? undefined : columns.map(columnView),
      rowCount: this.columnCount < 0 ? undefined : this.rowCount,
      rows: this.rows.length > 0 ? this.#rowViews(columns, redactor) : undefined,
      truncated: this.rows.length < this.rowCount ? true : undefined,
      cursor: this.hasCursor ? true : undefined,
      infile: this.infile === undefined ? undefined : redactor.text(textOf(this.infile)),
      infileBytes: this.infile === undefined ? undefined : this.infileBytes,
    }
  }

  #rowViews(columns: readonly Column[], redactor: Redactor): object[] {
    return rowViews(columns, this.rows, this.isBinary, redactor)
  }
}

/** An EOF packet is five bytes: warnings, status. An OK packet has counts before them. */
function endView(end: string, capabilities: number, isOk: boolean): object {
  const reader = new PacketReader(end, 1)
  if (end.length <= 5) {
    const warnings = reader.u16()
    return { warnings, serverStatus: statusNames(reader.u16()) }
  }
  const affected = reader.lenencExact()
  const insertId = reader.lenencExact()
  const status = reader.u16()
  const warnings = reader.u16()
  const info = (capabilities & SESSION_TRACK) !== 0 ? reader.left > 0 ? reader.string() ?? '' : '' : reader.rest()
  return {
    affectedRows: isOk ? exactNumber(affected) : undefined,
    lastInsertId: isOk && insertId > 0n ? exactNumber(insertId) : undefined,
    warnings,
    info: info === '' ? undefined : textOf(info),
    serverStatus: statusNames(status),
  }
}

/** Status flags of an OK or EOF packet. */
export function statusOf(end: string): number {
  const reader = new PacketReader(end, 1)
  if (end.length <= 5) {
    reader.u16()
    return reader.u16()
  }
  reader.lenenc()
  reader.lenenc()
  return reader.u16()
}

export function affectedRows(end: string): number {
  return Math.max(0, new PacketReader(end, 1).lenenc())
}
