import { lookup } from 'node:dns/promises'
import type { SidecarPlan } from '../sidecar-plan.ts'
import { parseSocketAddress } from './socket-address.ts'
import type { SocketAddress } from './socket-address.ts'
import type { NameAddresses } from './thread-messages.ts'

const EVERY_MS = 5000

export interface NameLookupEvents {
  /** Something is different from before. */
  changed(names: NameAddresses): void
  unresolved(host: string, cause: string): void
}

/**
 * Keeps the addresses of the names that a plan connects to up to date, through the system's resolver. A name that cannot be resolved
 * any more keeps its last addresses, and is told once.
 */
export class NameLookup {
  readonly #events: NameLookupEvents
  readonly #timer: NodeJS.Timeout
  readonly #failing = new Set<string>()
  #hosts: readonly string[] = []
  #names: Record<string, readonly SocketAddress[]> = {}
  #closed = false

  constructor(events: NameLookupEvents) {
    this.#events = events
    this.#timer = setInterval(() => void this.#refresh(), EVERY_MS).unref()
  }

  /** Resolves when each new name was tried once. */
  async use(plan: SidecarPlan): Promise<void> {
    this.#hosts = namesIn(plan)
    await this.#refresh()
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
  }

  async #refresh(): Promise<void> {
    if (this.#hosts.length === 0) return
    const before = JSON.stringify(this.#names)
    await Promise.all(this.#hosts.map((host) => this.#resolve(host)))
    if (!this.#closed && JSON.stringify(this.#names) !== before) this.#events.changed({ ...this.#names })
  }

  async #resolve(host: string): Promise<void> {
    try {
      const found = await lookup(host, { all: true })
      // Sorted, because resolvers turn the list round with each answer.
      this.#names[host] = found.map(({ address }) => address).sort().flatMap((address) => parseSocketAddress(address, 0) ?? [])
      this.#failing.delete(host)
    } catch (error) {
      if (this.#failing.has(host) || this.#closed) return
      this.#failing.add(host)
      this.#events.unresolved(host, (error as NodeJS.ErrnoException).code ?? String(error))
    }
  }
}

export function namesIn({ inbound, outbound }: SidecarPlan): string[] {
  const hosts = [...inbound?.to === undefined ? [] : [inbound.to.host], ...(outbound?.map ?? []).map(({ to }) => to.host)]
  return [...new Set(hosts)].filter((host) => parseSocketAddress(host, 0) === undefined)
}
