import { textOf } from '../sql/byte-text.ts'
import { rowsByName } from '../sql/rows.ts'
import type { Redactor } from '../redaction.ts'
import { PacketReader } from './packet-reader.ts'
import type { Value } from './types.ts'
import { UNSIGNED, binaryValue, textValue, typeName } from './types.ts'

export interface Column { readonly name: string, readonly table: string, readonly type: number, readonly charset: number, readonly isUnsigned: boolean, readonly extended: string | undefined }

/** Length of the fixed part of a column definition. */
const FIXED_BYTES = 0x0c

/** A column definition (§ ColumnDefinition41). MariaDB puts what it extends a type by between the names and the fixed part. */
export function parseColumn(body: string): Column {
  const reader = new PacketReader(body)
  for (let skipped = 0; skipped < 2; skipped++) reader.string()
  const table = reader.string() ?? ''
  reader.string()
  const name = reader.string() ?? ''
  reader.string()
  let extended: string | undefined
  let fixed = reader.lenenc()
  if (fixed >= 0 && reader.left === fixed + FIXED_BYTES + 1) {
    extended = extendedName(reader.take(fixed))
    fixed = reader.lenenc()
  }
  if (fixed !== FIXED_BYTES) reader.ok = false
  const charset = reader.u16()
  reader.u32()
  const type = reader.u8()
  return { name: textOf(name), table: textOf(table), type, charset, isUnsigned: (reader.u16() & UNSIGNED) !== 0, extended }
}

/** Pairs of a kind (0: type name, 1: format) and a text: `uuid`, `json`. */
function extendedName(body: string): string | undefined {
  const reader = new PacketReader(body)
  const names: string[] = []
  while (reader.left > 1 && reader.ok) {
    reader.u8()
    const name = reader.string()
    if (name !== undefined && reader.ok) names.push(textOf(name))
  }
  return names.length > 0 ? names.join(' ') : undefined
}

export function columnView({ name, table, type, charset, isUnsigned, extended }: Column): object {
  return { name, table: table === '' ? undefined : table, type: extended ?? typeName(type, charset), unsigned: isUnsigned ? true : undefined }
}

export function shown(value: Value, redactor: Redactor): Value {
  return typeof value === 'string' ? redactor.text(value) : value
}

/** The rows that were kept, by the names of the columns. */
export function rowViews(columns: readonly Column[], rows: readonly string[], isBinary: boolean, redactor: Redactor): object[] {
  const read = isBinary ? binaryRow : textRow
  return rowsByName(columns.map(({ name }) => name), rows.map((row) => read(columns, row).map((value) => shown(value, redactor))))
}

function textRow(columns: readonly Column[], row: string): Value[] {
  const reader = new PacketReader(row)
  const values: Value[] = []
  for (const { type, charset } of columns) {
    if (reader.left === 0) break
    const kept = reader.string()
    values.push(kept === undefined ? null : textValue(type, charset, kept))
  }
  return values
}

/** Behind a zero a bit for each column that is NULL, the first two bits unused. */
function binaryRow(columns: readonly Column[], row: string): Value[] {
  const reader = new PacketReader(row, 1)
  const nulls = reader.take(Math.floor((columns.length + 9) / 8))
  const values: Value[] = []
  columns.forEach(({ type, charset, isUnsigned }, i) => {
    if (!reader.ok) return
    const isNull = (nulls.charCodeAt(i + 2 >> 3) & 1 << (i + 2 & 7)) !== 0
    const value = isNull ? null : binaryValue(reader, type, charset, isUnsigned)
    if (reader.ok) values.push(value)
  })
  return values
}
