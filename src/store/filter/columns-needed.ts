import type { MESSAGE_COLUMNS } from '../schema.ts'
import type { ASTNode } from './expression.ts'
import type { Field } from './field.ts'
import { fieldOf } from './fields.ts'

export type ColumnName = (typeof MESSAGE_COLUMNS)[number]

/** What fields read beside the record itself; those of a protocol ask for the protocol only, and any other for all of it. */
const OF_FIELD: Readonly<Record<string, readonly ColumnName[]>> = {
  request: [], response: [], request_body: [], response_body: [], notes: [], record: [], id: [],
  protocol: ['protocol'], tls: ['protocol', 'flags'], decrypted: ['flags'], complete: ['flags'], error: ['outcome'], outcome: ['outcome'], what: ['what'], status: ['code', 'status'], status_code: ['code'],
  timestamp: ['at'], elapsed_time: ['elapsed'], elapsed_ms: ['elapsed'], request_body_size: ['request_bytes'], response_body_size: ['response_bytes'],
  conn_id: ['flow'], capture: ['flow'], hop: ['flow'], netns: ['flow'], interface: ['flow'], from: ['flow'], to: ['flow'], src: ['flow'], dst: ['flow'],
}

/** Columns that a filter looks at when it is evaluated, other than `id`. */
export function columnsNeeded(ast: ASTNode | undefined): ReadonlySet<ColumnName> {
  const needed = new Set<ColumnName>()
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const part of value) visit(part)
    else if (isNode(value)) {
      // A variable of a macro that is named like a field costs no more than that field.
      const field = value.op === 'id' ? fieldOf(value.args) : undefined
      if (field !== undefined) for (const column of columnsOf(field)) needed.add(column)
      if (value.op !== 'id' && value.op !== 'value') visit(value.args)
    }
  }
  visit(ast)
  return needed
}

export function columnsOf({ name }: Field): readonly ColumnName[] {
  // `src.name` reads what `src` does.
  return OF_FIELD[name.replace(/\..*/, '')] ?? ['protocol']
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'op' in value && 'args' in value
}
