import type { MtlscopeError } from '../../base/errors.ts'
import type { KubeClient } from '../client.ts'
import { namesOf } from '../kube-pods.ts'
import type { PodChoice } from '../pod-choice.ts'
import { isChosen } from '../pod-choice.ts'
import type { Pod, Service } from '../pod.ts'
import { parsePod, parseService } from '../pod.ts'

/** Changes of a moment are told together. */
const CALM_MS = 250

/** All pods and services of the namespaces that are asked for, followed from outside. */
export class ClusterPods {
  readonly #choice: PodChoice
  readonly #pods = new Map<string, Pod>()
  readonly #services = new Map<string, Service>()
  readonly #abort = new AbortController()
  #changed: () => void = () => {}
  #timer: NodeJS.Timeout | undefined

  private constructor(choice: PodChoice) {
    this.#choice = choice
  }

  /** Resolves when all are known. Throws what KubeClient throws; later failures are told to `failed`. */
  static async open(client: KubeClient, choice: PodChoice, failed: (error: MtlscopeError) => void): Promise<ClusterPods> {
    const all = new ClusterPods(choice)
    const places = choice.namespaces?.map((name) => `/namespaces/${name}`) ?? ['']
    try {
      await Promise.all(places.flatMap((place) => [
        all.#follow(client, `/api/v1${place}/pods`, all.#pods, (item) => keyed(parsePod(item), ({ uid }) => uid), failed),
        all.#follow(client, `/api/v1${place}/services`, all.#services, (item) => keyed(parseService(item), ({ namespace, name }) => `${namespace}/${name}`), failed),
      ]))
    } catch (error) {
      all.close()
      throw error
    }
    return all
  }

  /** `then` is called after changes, a moment later. */
  onChange(then: () => void): void {
    this.#changed = then
  }

  /** Chosen, with processes on a node, by node. */
  byNode(): Map<string, Pod[]> {
    const nodes = new Map<string, Pod[]>()
    for (const pod of this.chosen) {
      if (pod.node === undefined || pod.isOver || pod.hostNetwork) continue
      const pods = nodes.get(pod.node)
      if (pods === undefined) nodes.set(pod.node, [pod])
      else pods.push(pod)
    }
    return nodes
  }

  get chosen(): Pod[] {
    return [...this.#pods.values()].filter((pod) => isChosen(this.#choice, pod))
  }

  get all(): Pod[] {
    return [...this.#pods.values()]
  }

  names(): Record<string, string> {
    return namesOf([...this.#pods.values()], [...this.#services.values()])
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#abort.abort()
  }

  #follow<T>(client: KubeClient, path: string, into: Map<string, T>, read: (item: unknown) => readonly [string, T] | undefined, failed: (error: MtlscopeError) => void): Promise<void> {
    // Keys of this place only: a second list replaces what the first one had.
    let own = new Set<string>()
    return new Promise((resolve, reject) => {
      client.watch(path, {
        list: (items) => {
          for (const key of own) into.delete(key)
          const entries = items.flatMap((item) => { const entry = read(item); return entry === undefined ? [] : [entry] })
          own = new Set(entries.map(([key]) => key))
          for (const [key, value] of entries) into.set(key, value)
          resolve()
          this.#tell()
        },
        event: (type, object) => {
          const entry = read(object)
          if (entry === undefined) return
          if (type === 'DELETED') into.delete(entry[0])
          else into.set(...entry)
          own.add(entry[0])
          this.#tell()
        },
        failed,
      }, this.#abort.signal).catch(reject)
    })
  }

  #tell(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#changed()
    }, CALM_MS)
  }
}

function keyed<T>(value: T | undefined, keyOf: (value: T) => string): readonly [string, T] | undefined {
  return value === undefined ? undefined : [keyOf(value), value]
}
