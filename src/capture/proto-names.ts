import protobuf from 'protobufjs'
import { builtInTypes } from '../protocols/protobuf/built-in.ts'

/** Finds types by the names that .proto files call them. */
export class ProtoNames {
  readonly #messages = new Set(builtInTypes().messages.keys())
  readonly #enums = new Set(builtInTypes().enums.keys())

  constructor(root: protobuf.Root) {
    this.#add(root)
  }

  #add(space: protobuf.NamespaceBase): void {
    for (const object of space.nestedArray) {
      if (object instanceof protobuf.Enum) this.#enums.add(nameOf(object))
      if (object instanceof protobuf.Type) this.#messages.add(nameOf(object))
      if (object instanceof protobuf.Namespace) this.#add(object)
    }
  }

  /** Full name of what `name` means within `scope`: the innermost of that name wins. Undefined where there is none. */
  resolve(name: string, scope: string): { name: string, isEnum: boolean } | undefined {
    if (name.startsWith('.')) return this.#named(name.slice(1))
    for (let prefix = scope; ; prefix = prefix.slice(0, Math.max(prefix.lastIndexOf('.'), 0))) {
      const found = this.#named(prefix === '' ? name : `${prefix}.${name}`)
      if (found !== undefined || prefix === '') return found
    }
  }

  #named(name: string): { name: string, isEnum: boolean } | undefined {
    if (this.#messages.has(name)) return { name, isEnum: false }
    return this.#enums.has(name) ? { name, isEnum: true } : undefined
  }
}

/** Full name without the dot before it. */
export function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '')
}
