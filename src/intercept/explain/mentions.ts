import type { Address } from '../../net/address.ts'
import { isLoopback, lengthOf } from '../netfilter/address-range.ts'
import type { AddressRange } from '../netfilter/address-range.ts'
import type { NumberRange } from '../netfilter/number-range.ts'
import type { Chain, Hook, Match, Table } from '../netfilter/ruleset.ts'

/** Of each kind so many are tried, and what is beyond is told. */
export const MAX_MENTIONS = 20_000

/** All values that the rules compare with: a packet that is treated otherwise than the others has one of them, or lies at the edge of one. */
export interface Mentions {
  readonly uids: ReadonlySet<number>
  readonly gids: ReadonlySet<number>
  readonly marks: ReadonlySet<number>
  /** Of rules that a packet may meet on its way out, and on its way in. */
  readonly portsOut: ReadonlySet<number>
  readonly portsIn: ReadonlySet<number>
  readonly sources: ReadonlyMap<number | string, Address>
  readonly destinations: ReadonlyMap<number | string, Address>
  readonly interfaces: ReadonlySet<string>
  /** What lies between: ids of both kinds, ports of both directions, addresses of both sides. Those of everything are left out. */
  readonly idRanges: readonly NumberRange[]
  readonly portRanges: readonly NumberRange[]
  readonly addressRanges: readonly AddressRange[]
  /** Some were left out. */
  readonly cut: boolean
}

class Collector implements Mentions {
  readonly uids = new Set<number>()
  readonly gids = new Set<number>()
  readonly marks = new Set<number>()
  readonly portsOut = new Set<number>()
  readonly portsIn = new Set<number>()
  readonly sources = new Map<number | string, Address>()
  readonly destinations = new Map<number | string, Address>()
  readonly interfaces = new Set<string>()
  readonly idRanges: NumberRange[] = []
  readonly portRanges: NumberRange[] = []
  readonly addressRanges: AddressRange[] = []
  cut = false

  add(match: Match, isOut: boolean, isIn: boolean): void {
    if (match.kind === 'port') {
      if (isOut) this.#numbers(this.portsOut, match.ranges, this.portRanges)
      if (isIn) this.#numbers(this.portsIn, match.ranges, this.portRanges)
    } else if (match.kind === 'address') this.#addresses(match.side === 'source' ? this.sources : this.destinations, match.ranges)
    else if (match.kind === 'owner') this.#numbers(match.who === 'uid' ? this.uids : this.gids, match.ranges, this.idRanges)
    else if (match.kind === 'mark') this.#numbers(this.marks, match.ranges, undefined)
    else if (match.kind === 'interface') for (const name of match.names) this.interfaces.add(name)
  }

  #numbers(set: Set<number>, ranges: readonly NumberRange[], between: NumberRange[] | undefined): void {
    for (const range of ranges) {
      if (set.size >= MAX_MENTIONS) this.cut = true
      else {
        set.add(range.from).add(range.to)
        if (range.from !== range.to) between?.push(range)
      }
    }
  }

  #addresses(map: Map<number | string, Address>, ranges: readonly AddressRange[]): void {
    for (const range of ranges) {
      const { low, high } = range
      if (map.size >= MAX_MENTIONS) {
        this.cut = true
        return
      }
      if (!isLoopback(low)) {
        const address = inner(low, high)
        const key = low.version === 4 ? address.words[3] : address.words.join()
        if (!map.has(key) && lengthOf(range) !== 0) this.addressRanges.push(range)
        map.set(key, address)
      }
    }
  }
}

/** The second: the first of a network is none that a packet goes to. */
function inner(low: Address, high: Address): Address {
  if (low.words[3] + 1 < high.words[3] || low.words[2] !== high.words[2]) return { version: low.version, words: [low.words[0], low.words[1], low.words[2], low.words[3] + 1 >>> 0] }
  return low
}

export function collectMentions(tables: readonly Table[]): Mentions {
  const found = new Collector()
  for (const table of tables) {
    const out = reached(table, ['output', 'postrouting'])
    const incoming = reached(table, ['prerouting', 'input'])
    for (const chain of table.chains.values()) {
      const isOut = out.has(chain)
      const isIn = incoming.has(chain)
      if (!isOut && !isIn) continue
      for (const rule of chain.rules) for (const match of rule.matches) found.add(match, isOut, isIn)
    }
  }
  return found
}

/** The base chains of these hooks, and all that is jumped to from there. */
function reached(table: Table, hooks: readonly Hook[]): Set<Chain> {
  const queue = [...table.chains.values()].filter((chain) => chain.base !== undefined && hooks.includes(chain.base.hook))
  const seen = new Set(queue)
  for (let chain = queue.pop(); chain !== undefined; chain = queue.pop()) {
    for (const rule of chain.rules) {
      for (const action of rule.actions) {
        if (action.kind !== 'jump' && action.kind !== 'goto' || seen.has(action.chain)) continue
        seen.add(action.chain)
        queue.push(action.chain)
      }
    }
  }
  return seen
}
