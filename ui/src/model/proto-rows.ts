import type { JsonRow } from './json-rows.ts'
import { CHILDREN_SHOWN, MAX_ROWS } from './json-rows.ts'

/** A field of protobuf read without its schema: docs/protocols/grpc.md. */
interface GuessedField {
  readonly field?: unknown
  readonly kind?: unknown
  readonly value?: unknown
  readonly fields?: unknown
  readonly asFloat?: unknown
  readonly asVarints?: unknown
}

/**
 * The lines of a message without its type: number, value, and in which form it was sent. Paths are JSON pointers into the array as it stands in the record, so that
 * a value can be asked for.
 */
export function protoRows(fields: unknown, folded: ReadonlySet<string>, unbounded: ReadonlySet<string>): JsonRow[] {
  const rows: JsonRow[] = []
  addFields(rows, fields, '', 0, folded, unbounded)
  return rows
}

function addFields(rows: JsonRow[], fields: unknown, path: string, depth: number, folded: ReadonlySet<string>, unbounded: ReadonlySet<string>): void {
  const list = Array.isArray(fields) ? fields as GuessedField[] : []
  const shown = unbounded.has(path) ? list.length : Math.min(list.length, CHILDREN_SHOWN)
  for (let at = 0; at < shown; at++) addField(rows, list[at]!, `${path}/${at}`, depth, folded, unbounded)
  if (shown < list.length) rows.push({ path, depth, name: undefined, kind: 'more', text: `${list.length - shown} more`, type: 'array', hasComma: false })
}

function addField(rows: JsonRow[], field: GuessedField, path: string, depth: number, folded: ReadonlySet<string>, unbounded: ReadonlySet<string>): void {
  if (rows.length >= MAX_ROWS) return
  const label = String(field.field ?? '?')
  if (!Array.isArray(field.fields)) {
    rows.push({ path: `${path}/value`, depth, name: undefined, label, kind: 'scalar', text: JSON.stringify(field.value) ?? 'null', type: typeof field.value === 'string' ? 'string' : 'number', hasComma: false, note: noteOf(field) })
    return
  }
  const inner = `${path}/fields`
  const count = field.fields.length
  const isFolded = folded.has(inner)
  rows.push({ path: inner, depth, name: undefined, label, kind: isFolded ? 'folded' : 'open', text: isFolded ? `{ ${count} field${count === 1 ? '' : 's'} }` : '{', type: 'object', hasComma: false })
  if (isFolded) return
  addFields(rows, field.fields, inner, depth + 1, folded, unbounded)
  rows.push({ path: inner, depth, name: undefined, kind: 'close', text: '}', type: 'object', hasComma: false })
}

/** What a number or bytes may be as well; of a string nothing need be said. */
function noteOf({ kind, asFloat, asVarints }: GuessedField): string {
  if (asFloat !== undefined) return `${String(kind)}, or ${String(asFloat)}`
  if (Array.isArray(asVarints)) return `bytes, or numbers: ${asVarints.slice(0, 20).join(', ')}${asVarints.length > 20 ? ' …' : ''}`
  return kind === 'string' ? '' : String(kind ?? '')
}
