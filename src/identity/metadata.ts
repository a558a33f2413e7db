type Store = Map<unknown, unknown>
interface MetadataReflect {
  getMetadata?(key: unknown, target: object): unknown
  getOwnMetadata?(key: unknown, target: object): unknown
  defineMetadata?(key: unknown, value: unknown, target: object): void
}

const stores = new WeakMap<object, Store>()

function own(key: unknown, target: object): unknown {
  return stores.get(target)?.get(key)
}

function inherited(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (stores.get(at)?.has(key)) return own(key, at)
  }
  return undefined
}

function define(key: unknown, value: unknown, target: object): void {
  const store = stores.get(target) ?? new Map<unknown, unknown>()
  store.set(key, value)
  stores.set(target, store)
}

/**
 * The three calls of the metadata proposal that the dependency container under @peculiar/x509 makes.
 * Call this before the library is loaded: it refuses to load without them. A full polyfill that is already there is left alone.
 */
export function provideMetadata(): void {
  const reflect = Reflect as MetadataReflect
  reflect.getMetadata ??= inherited
  reflect.getOwnMetadata ??= own
  reflect.defineMetadata ??= define
}
