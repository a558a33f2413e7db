/** JSON Schema of values that were seen (2020-12, as OpenAPI 3.1 has it). */
export type Schema = Readonly<Record<string, unknown>>

const MAX_PROPERTIES = 200
const MAX_DEPTH = 12
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const DATE = /^\d{4}-\d{2}-\d{2}$/

/** What all values seen at one place have in common. */
export class Shape {
  readonly #types = new Set<string>()
  readonly #formats = new Set<string>()
  readonly #properties = new Map<string, { readonly shape: Shape, seen: number }>()
  #items: Shape | undefined
  #objects = 0

  add(value: unknown, depth = 0): void {
    const type = typeOf(value)
    this.#types.add(type)
    if (typeof value === 'string') this.#formats.add(formatOf(value))
    if (depth >= MAX_DEPTH) return
    if (Array.isArray(value)) for (const item of value) (this.#items ??= new Shape()).add(item, depth + 1)
    else if (typeof value === 'object' && value !== null) this.#addObject(value as Record<string, unknown>, depth)
  }

  #addObject(object: Record<string, unknown>, depth: number): void {
    this.#objects++
    for (const [name, value] of Object.entries(object)) {
      let property = this.#properties.get(name)
      if (property === undefined) {
        if (this.#properties.size >= MAX_PROPERTIES) continue
        this.#properties.set(name, property = { shape: new Shape(), seen: 0 })
      }
      property.seen++
      property.shape.add(value, depth + 1)
    }
  }

  schema(): Schema {
    const types = [...this.#types].filter((type) => !(type === 'integer' && this.#types.has('number'))).sort()
    const [format = ''] = this.#formats.size === 1 ? this.#formats : []
    return {
      ...(types.length === 1 ? { type: types[0] } : types.length > 1 && { type: types }),
      ...(format !== '' && { format }),
      ...(this.#objects > 0 && { properties: Object.fromEntries([...this.#properties].map(([name, { shape }]) => [name, shape.schema()])) }),
      ...this.#required(),
      ...(this.#types.has('array') && { items: this.#items?.schema() ?? {} }),
    }
  }

  /** Properties that no object lacked. */
  #required(): { required?: string[] } {
    const required = [...this.#properties].filter(([, { seen }]) => seen === this.#objects).map(([name]) => name)
    return required.length === 0 ? {} : { required }
  }
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'number' ? Number.isInteger(value) ? 'integer' : 'number' : typeof value
}

function formatOf(text: string): string {
  return UUID.test(text) ? 'uuid' : DATE_TIME.test(text) ? 'date-time' : DATE.test(text) ? 'date' : ''
}

/** What a text of a query or a path stands for: numbers and booleans are written as texts there. */
export function plainValue(text: string): unknown {
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  if (/^-?\d{1,15}\.\d{1,15}$/.test(text)) return Number(text)
  return text === 'true' ? true : text === 'false' ? false : text
}
