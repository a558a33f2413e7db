import { textOf } from '../sql/byte-text.ts'
import { rowsByName } from '../sql/rows.ts'
import type { Redactor } from '../redaction.ts'
import { KeptReader } from './kept-reader.ts'
import { MAX_COLUMNS } from './limits.ts'
import type { Value } from './types.ts'
import { binaryValue, textValue, typeName } from './types.ts'

export interface Column { readonly name: string, readonly typeOid: number, readonly isBinary: boolean }

/** The columns of a RowDescription. */
export function parseColumns(body: string): Column[] {
  const reader = new KeptReader(body)
  const columns: Column[] = []
  for (let count = Math.min(reader.u16(), MAX_COLUMNS); count > 0 && reader.ok; count--) {
    const name = reader.text()
    reader.take(6)
    const typeOid = reader.u32()
    reader.take(6)
    const isBinary = reader.u16() === 1
    if (reader.ok) columns.push({ name: textOf(name), typeOid, isBinary })
  }
  return columns
}

export function columnView({ name, typeOid, isBinary }: Column): object {
  return { name, typeOid, type: typeName(typeOid), format: isBinary ? 'binary' : 'text' }
}

/** A value as it may be shown; `length` of -1 is NULL. */
export function shownValue(typeOid: number, isBinary: boolean, kept: string, redactor: Redactor): Value {
  const value = isBinary ? binaryValue(typeOid, kept) : textValue(typeOid, kept)
  return typeof value === 'string' ? redactor.text(value) : value
}

/** The rows that were kept (bodies of DataRow), by the names of the columns. `formats`: of the Bind, where no description says it. */
export function rowViews(columns: readonly Column[] | undefined, formats: readonly number[], rows: readonly string[], redactor: Redactor): object[] {
  const values = rows.map((row) => rowValues(columns, formats, row, redactor))
  return rowsByName(columns?.map(({ name }) => name) ?? [], values)
}

function rowValues(columns: readonly Column[] | undefined, formats: readonly number[], row: string, redactor: Redactor): Value[] {
  const reader = new KeptReader(row)
  const values: Value[] = []
  for (let count = Math.min(reader.u16(), MAX_COLUMNS), i = 0; i < count && reader.ok; i++) {
    const length = reader.i32()
    if (length < 0) {
      values.push(null)
      continue
    }
    const kept = reader.take(length)
    const isBinary = formatOf(formats, i) ?? columns?.[i]?.isBinary ?? false
    values.push(shownValue(columns?.[i]?.typeOid ?? 0, isBinary, kept, redactor))
  }
  return values
}

/** None: not said. One: of all. */
function formatOf(formats: readonly number[], i: number): boolean | undefined {
  const format = formats.length === 1 ? formats[0] : formats[i]
  return format === undefined ? undefined : format === 1
}
