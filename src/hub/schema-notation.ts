/** JSON Schema, as OpenAPI 3.1 has it. */
export type JsonSchema = Readonly<Record<string, unknown>>

const PLAIN: Readonly<Record<string, JsonSchema>> = {
  integer: { type: 'integer' }, number: { type: 'number' }, string: { type: 'string' }, boolean: { type: 'boolean' }, null: { type: 'null' }, any: {}, object: { type: 'object' }, true: { const: true },
}

/**
 * A schema of an object out of lines like `status?: number | string`, `rows: MessageRow[]`, `kind: 'file' | 'live'`, `counts: {integer}` (a map):
 * what stands in TypeScript for the same. A `?` makes a member optional; nothing else may be there.
 */
export function objectOf(...members: readonly string[]): JsonSchema {
  const parsed = members.map((member) => /^(\w+)(\?)?: (.+)$/.exec(member)!)
  const required = parsed.filter(([, , optional]) => optional === undefined).map(([, name]) => name!)
  return {
    type: 'object', additionalProperties: false, properties: Object.fromEntries(parsed.map(([, name, , type]) => [name, typeOf(type!)])),
    ...(required.length > 0 && { required }),
  }
}

export function typeOf(text: string): JsonSchema {
  const parts = text.split(' | ')
  if (parts.length > 1 && parts.every((part) => part.startsWith('\''))) return { type: 'string', enum: parts.map((part) => part.slice(1, -1)) }
  if (parts.length > 1) return { anyOf: parts.map(typeOf) }
  if (text.startsWith('\'')) return { const: text.slice(1, -1) }
  if (text.endsWith('[]')) return { type: 'array', items: typeOf(text.slice(0, -2)) }
  if (text.startsWith('{')) return { type: 'object', additionalProperties: typeOf(text.slice(1, -1)) }
  return PLAIN[text] ?? { $ref: `#/components/schemas/${text}` }
}
