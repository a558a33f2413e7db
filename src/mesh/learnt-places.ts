import type { FlowInfo } from '../model/flow.ts'
import { isLoopbackAddress } from '../net/address.ts'

const MAX_PLACES = 1000
const MAX_ADDRESSES = 16

/**
 * Addresses of namespaces that nobody can ask any more: who sends from an address on the loopback of a namespace has that address there.
 * Not where it is named as another's: a proxy may keep the address of who called it.
 */
export class LearntPlaces {
  readonly #addresses = new Map<string, Set<string>>()

  /** All addresses of the flow's namespace, where it says one that was not known. */
  learn({ hop, namespace, client }: FlowInfo): readonly string[] | undefined {
    if (hop !== 'clear' || namespace === undefined || isLoopbackAddress(client.ip) || (client.name ?? namespace) !== namespace) return undefined
    const known = this.#addresses.get(namespace) ?? new Set<string>()
    if (known.has(client.ip) || known.size >= MAX_ADDRESSES || (known.size === 0 && this.#addresses.size >= MAX_PLACES)) return undefined
    known.add(client.ip)
    this.#addresses.set(namespace, known)
    return [...known]
  }
}
