import { createHash } from 'node:crypto'
import type { SchemaSource, Settings } from '../protocol.ts'
import { BUILT_IN_METHODS, builtInTypes } from './built-in.ts'
import type { SchemaTable } from './descriptor.ts'
import { addDescriptor, addDescriptorSet, emptySchema, extend, resolveNames } from './descriptor.ts'
import { MAX_LEARNED_BYTES, MAX_LEARNED_FILES, MAX_UNRESOLVED } from './limits.ts'
import type { EnumType, MessageType, MethodType, TypeSource } from './types.ts'

/** Every type that is known: those that were given, before those that were learned from captured bytes, before those built in. */
export class Schemas implements TypeSource {
  readonly #given = emptySchema()
  readonly #learned = emptySchema()
  /** Digests of the files that were learned. */
  readonly #files = new Set<string>()
  #learnedBytes = 0

  constructor(source: SchemaSource | undefined) {
    for (const set of source?.descriptorSets ?? []) addDescriptorSet(this.#given, set)
  }

  message(name: string): MessageType | undefined {
    return this.#given.messages.get(name) ?? this.#learned.messages.get(name) ?? builtInTypes().messages.get(name)
  }

  enum(name: string): EnumType | undefined {
    return this.#given.enums.get(name) ?? this.#learned.enums.get(name) ?? builtInTypes().enums.get(name)
  }

  /** `service` with its package. */
  method(service: string, method: string): MethodType | undefined {
    const name = `${service}/${method}`
    return this.#given.methods.get(name) ?? this.#learned.methods.get(name) ?? BUILT_IN_METHODS.get(name)
  }

  /** Adds a serialized FileDescriptorProto that a peer sent; its types replace older ones. False where there is no more room. */
  learn(bytes: Uint8Array): boolean {
    const digest = createHash('sha256').update(bytes).digest('base64')
    if (this.#files.has(digest)) return true
    if (this.#learnedBytes + bytes.length > MAX_LEARNED_BYTES || this.#files.size >= MAX_LEARNED_FILES) return false
    this.#learnedBytes += bytes.length
    this.#files.add(digest)
    const table = emptySchema()
    if (addDescriptor(table, bytes)) this.#take(table)
    return true
  }

  #take(table: SchemaTable): void {
    for (const [name, type] of table.messages) this.#learned.messages.set(name, type)
    for (const [name, type] of table.enums) this.#learned.enums.set(name, type)
    for (const [name, type] of table.methods) this.#learned.methods.set(name, type)
    this.#learned.relative = [...table.relative, ...this.#learned.relative].slice(0, MAX_UNRESOLVED)
    resolveNames(this.#learned, (name) => this.message(name) !== undefined || this.enum(name) !== undefined)
    extend(this.#learned, table.extensions)
  }
}

const schemas = new WeakMap<Settings, Schemas>()

/** One for each run and thread, so that what one connection taught serves all. */
export function schemasOf(settings: Settings): Schemas {
  let known = schemas.get(settings)
  if (known === undefined) schemas.set(settings, known = new Schemas(settings.schemas))
  return known
}
