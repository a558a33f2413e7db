import type { ConnectionTable } from './connection-table.ts'
import type { ClearRole, Exchange } from './exchange.ts'
import type { ExchangePool } from './exchange-pool.ts'

/** Of requests that are all alike so many are looked at, the nearest in time first. */
const MAX_LOOKS = 256

/** What is known of exchanges from those before them. */
export interface Experience {
  roleOf(exchange: Exchange): ClearRole | undefined
  /** Positive: their connections have carried the same request before. Negative: they have carried different ones. */
  affinity(outer: Exchange, inner: Exchange): number
}

/**
 * Which exchanges are the same request one hop apart. An outer one encloses an inner one in time and is joined to it: by a wire
 * with an end in its namespace, or by a TLS connection between the two namespaces.
 */
export class ExchangePairing {
  readonly #pool: ExchangePool
  readonly #connections: ConnectionTable
  readonly #experience: Experience

  constructor(pool: ExchangePool, connections: ConnectionTable, experience: Experience) {
    this.#pool = pool
    this.#connections = connections
    this.#experience = experience
  }

  /** The hop before it. */
  outerOf(inner: Exchange): Exchange | undefined {
    const outer = this.#bestAround(inner)
    return outer !== undefined && this.#bestWithin(outer) === inner ? outer : undefined
  }

  /** The hop after it. */
  innerOf(outer: Exchange): Exchange | undefined {
    const inner = this.#bestWithin(outer)
    return inner !== undefined && this.#bestAround(inner) === outer ? inner : undefined
  }

  /**
   * Where several services pass a request on unchanged, it is seen in the clear many times, and the one that began last is the one
   * before this. Among those that are known to come from apps it is the one that has waited longest.
   */
  #bestAround(inner: Exchange): Exchange | undefined {
    const alike = this.#pool.alike(inner)
    const last = alike.lastUntil(inner.atMicros)
    let best: Exchange | undefined
    let bestAffinity = 0
    let seen: Exchange | undefined
    for (let index = last; index >= 0 && index > last - MAX_LOOKS; index--) {
      const outer = alike.items[index]!
      if (!mayBeOneRequest(outer, inner)) continue
      if (seen !== undefined) markRivals(inner, seen, outer)
      seen = outer
      if (!this.#joins(outer, inner)) continue
      const affinity = this.#experience.affinity(outer, inner)
      const waitedLonger = best !== undefined && affinity === bestAffinity && this.#isFromApp(best) && this.#isFromApp(outer)
      if (best !== undefined && affinity <= bestAffinity && !waitedLonger) continue
      best = outer
      bestAffinity = affinity
    }
    return best
  }

  #bestWithin(outer: Exchange): Exchange | undefined {
    const alike = this.#pool.alike(outer)
    const first = alike.firstFrom(outer.atMicros)
    let best: Exchange | undefined
    let bestAffinity = 0
    let seen: Exchange | undefined
    for (let index = first; index < alike.length && index < first + MAX_LOOKS; index++) {
      const inner = alike.items[index]!
      if (inner.atMicros > outer.endMicros) break
      if (!mayBeOneRequest(outer, inner)) continue
      if (seen !== undefined) markRivals(outer, seen, inner)
      seen = inner
      if (!this.#joins(outer, inner)) continue
      const affinity = this.#experience.affinity(outer, inner)
      if (best !== undefined && affinity <= bestAffinity) continue
      best = inner
      bestAffinity = affinity
    }
    return best
  }

  #isFromApp(exchange: Exchange): boolean {
    return !exchange.plain && this.#experience.roleOf(exchange) === 'client'
  }

  /** Whether there is a way from the one to the other. */
  #joins(outer: Exchange, inner: Exchange): boolean {
    if (!outer.plain && this.#experience.roleOf(outer) === 'server') return false
    if (!inner.plain && this.#experience.roleOf(inner) === 'client') return false
    if (outer.plain) return !inner.plain && outer.serverPlace === inner.place
    if (inner.plain) return outer.place === inner.clientPlace
    return outer.mayLeadTo(inner) && this.#connections.areJoined(outer.place, inner.place, outer.atMicros, outer.endMicros)
  }
}

/** As far as the two themselves tell. */
function mayBeOneRequest(outer: Exchange, inner: Exchange): boolean {
  return outer !== inner && outer.encloses(inner)
}

/** For those that are decided later, too, of which then only one is left. */
function markRivals(...alike: readonly Exchange[]): void {
  for (const exchange of alike) exchange.hasRival = true
}
