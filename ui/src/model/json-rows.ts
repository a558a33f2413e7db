/** One line of a JSON value as it is shown: an opening, a scalar, a closing, or what stands for children that are not listed. */
export interface JsonRow {
  readonly path: string
  readonly depth: number
  /** Member name; undefined for elements and the root. */
  readonly name: string | undefined
  /** Instead of a name: shown as it is. */
  readonly label?: string
  /** Beside the value. */
  readonly note?: string
  readonly kind: 'open' | 'close' | 'scalar' | 'folded' | 'more'
  /** Scalars: as JSON. Openings and closings: the bracket. Folded: `{ 3 members }`. */
  readonly text: string
  readonly type: 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'
  readonly hasComma: boolean
}

/** Rows of one object or array before "more" takes the rest. */
export const CHILDREN_SHOWN = 500
/** Rows in all; a body of a megabyte has no more lines than a person can use. */
export const MAX_ROWS = 20_000

/**
 * The lines of `value`, where `folded` has the paths of what is closed and `unbounded` those whose children are all wanted.
 * Paths are JSON pointers (RFC 6901).
 */
export function jsonRows(value: unknown, folded: ReadonlySet<string>, unbounded: ReadonlySet<string>): JsonRow[] {
  const rows: JsonRow[] = []
  addRows(rows, value, { path: '', depth: 0, name: undefined, isLast: true }, folded, unbounded)
  return rows
}

interface At { readonly path: string, readonly depth: number, readonly name: string | undefined, readonly isLast: boolean }

function addRows(rows: JsonRow[], value: unknown, at: At, folded: ReadonlySet<string>, unbounded: ReadonlySet<string>): void {
  if (rows.length >= MAX_ROWS) return
  const { path, depth, name, isLast } = at
  const type = typeOf(value)
  if (type !== 'object' && type !== 'array') {
    rows.push({ path, depth, name, kind: 'scalar', text: JSON.stringify(value) ?? 'null', type, hasComma: !isLast })
    return
  }
  const entries = type === 'array' ? (value as unknown[]).map((v): [undefined, unknown] => [undefined, v]) : Object.entries(value as object)
  const [open, close] = type === 'array' ? ['[', ']'] : ['{', '}']
  if (entries.length === 0 || folded.has(path)) {
    const inside = entries.length === 0 ? '' : ` ${entries.length} ${noun(type, entries.length)} `
    rows.push({ path, depth, name, kind: entries.length === 0 ? 'scalar' : 'folded', text: open + inside + close, type, hasComma: !isLast })
    return
  }
  rows.push({ path, depth, name, kind: 'open', text: open, type, hasComma: false })
  const shown = unbounded.has(path) ? entries.length : Math.min(entries.length, CHILDREN_SHOWN)
  for (let i = 0; i < shown; i++) {
    const [member, child] = entries[i]!
    addRows(rows, child, { path: `${path}/${escapeToken(member ?? String(i))}`, depth: depth + 1, name: member, isLast: i === entries.length - 1 }, folded, unbounded)
  }
  if (shown < entries.length) rows.push({ path, depth: depth + 1, name: undefined, kind: 'more', text: `${entries.length - shown} more`, type, hasComma: false })
  rows.push({ path, depth, name: undefined, kind: 'close', text: close, type, hasComma: !isLast })
}

/** Paths of everything that opens, but the value as a whole: what "fold all" closes. */
export function foldablePaths(rows: readonly JsonRow[]): string[] {
  return rows.filter((row) => row.kind === 'open' && row.path !== '').map((row) => row.path)
}

function typeOf(value: unknown): JsonRow['type'] {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' ? type : 'object'
}

function noun(type: 'object' | 'array', count: number): string {
  return `${type === 'array' ? 'element' : 'member'}${count === 1 ? '' : 's'}`
}

function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
