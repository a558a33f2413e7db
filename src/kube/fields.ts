/** A mapping of JSON of which nothing is known. */
export type Fields = Record<string, unknown>

/** Empty for anything that is no mapping. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Fields : {}
}

/** The mappings of a list; empty for anything that is no list. */
export function list(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fields) : []
}

/** Undefined for anything that is no text, or an empty one. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
