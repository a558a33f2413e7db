import { COMMON_FIELDS } from './common-fields.ts'
import type { Field } from './field.ts'
import { PROTOCOL_FIELDS } from './protocol-fields.ts'

/** Every field, as documentation and completion show them. */
export const FIELDS: readonly Field[] = [...COMMON_FIELDS, ...PROTOCOL_FIELDS]

const byName = new Map(FIELDS.flatMap((f) => [f.name, ...f.aliases ?? []].map((name) => [name, f] as const)))

/** By its name or another name of it. */
export function fieldOf(name: string): Field | undefined {
  return byName.get(name)
}

/** All names, others included. */
export const FIELD_NAMES: readonly string[] = [...byName.keys()]
