const MAX_ADDRESSES = 65_536

/**
 * Which workload an address belongs to, as far as the namespaces that are followed tell. Where two of different names claim
 * one address (pod networks may overlap) there is no name: a wrong one is worse.
 */
export class Names {
  /** Address → name → number of those who said so. */
  readonly #claims = new Map<string, Map<string, number>>()

  /** Returns false, and forgets it, when there is no room for another address. */
  add(ip: string, name: string): boolean {
    let claims = this.#claims.get(ip)
    if (claims === undefined) {
      if (this.#claims.size >= MAX_ADDRESSES) return false
      claims = new Map()
      this.#claims.set(ip, claims)
    }
    claims.set(name, (claims.get(name) ?? 0) + 1)
    return true
  }

  /** Takes one claim back. */
  remove(ip: string, name: string): void {
    const claims = this.#claims.get(ip)
    const count = claims?.get(name)
    if (claims === undefined || count === undefined) return
    if (count > 1) claims.set(name, count - 1)
    else claims.delete(name)
    if (claims.size === 0) this.#claims.delete(ip)
  }

  nameOf(ip: string): string | undefined {
    const claims = this.#claims.get(ip)
    if (claims === undefined || claims.size !== 1) return undefined
    return claims.keys().next().value
  }

  get size(): number {
    return this.#claims.size
  }
}
