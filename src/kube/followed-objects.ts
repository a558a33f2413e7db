import type { KubeClient } from './client.ts'

/** How objects of one kind are asked for, and told apart. */
export interface ObjectKind<T> {
  /** `pods` */
  readonly plural: string
  parse(item: unknown): T | undefined
  keyOf(object: T): string
}

/** Objects of one kind in some places, kept up to date by the API server, which tells what changes. Lists and all that is not parsed are let go at once. */
export class FollowedObjects<T> {
  readonly #kind: ObjectKind<T>
  readonly #client: KubeClient
  readonly #places: readonly string[]
  readonly #objects = new Map<string, Map<string, T>>()
  readonly #healthy = new Set<string>()
  readonly #abort = new AbortController()
  #version = 0

  /** `places`: `/namespaces/NAME`, or '' for all of them. */
  constructor(client: KubeClient, places: readonly string[], kind: ObjectKind<T>) {
    this.#client = client
    this.#places = places
    this.#kind = kind
  }

  /** Resolves when all are listed. Throws what KubeClient throws; nothing is followed then. */
  async begin(): Promise<void> {
    try {
      await Promise.all(this.#places.map((place) => this.#follow(place)))
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** All of it is known, and followed. */
  get isHealthy(): boolean {
    return this.#places.every((place) => this.#healthy.has(place))
  }

  /** Another number whenever an object is another. */
  get version(): number {
    return this.#version
  }

  get objects(): T[] {
    return [...this.#objects.values()].flatMap((objects) => [...objects.values()])
  }

  close(): void {
    this.#abort.abort()
  }

  #follow(place: string): Promise<void> {
    const { plural, parse, keyOf } = this.#kind
    return new Promise((resolve, reject) => {
      this.#client.watch<T | undefined>(`/api/v1${place}/${plural}`, {
        read: parse,
        list: (found) => {
          this.#objects.set(place, new Map(found.filter((object) => object !== undefined).map((object) => [keyOf(object), object])))
          this.#version++
          resolve()
        },
        event: (type, object) => {
          if (object !== undefined) this.#apply(this.#objects.get(place)!, type, object)
        },
        following: () => this.#healthy.add(place),
        // It is tried again; meanwhile others have to ask.
        failed: () => this.#healthy.delete(place),
      }, this.#abort.signal).catch((error: unknown) => {
        this.#healthy.delete(place)
        reject(error)
      })
    })
  }

  /** Most changes of a pod are of nothing that is kept here. */
  #apply(objects: Map<string, T>, type: string, object: T): void {
    const key = this.#kind.keyOf(object)
    const known = objects.get(key)
    if (type === 'DELETED' ? known === undefined : known !== undefined && JSON.stringify(known) === JSON.stringify(object)) return
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, object)
    this.#version++
  }
}
