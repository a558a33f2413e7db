import type { EndBlock, EndWay, PartEnd, PartEnds } from '../../store/end-table.ts'
import type { JoinedEnds } from '../../store/joined-ends.ts'
import { isSameExchange, wholeWay } from './request-ends.ts'

/** Blocks begin at the same request at both ends: further apart they are not the same, or a clock is wrong. */
const MAX_APART_MICROS = 10_000_000

interface Seen<T> { readonly at: number, readonly end: T }

/** What one store is told: the ends that it counts, and those that another one counts. */
class Stands {
  readonly ways: EndWay[] = []
  readonly stands: [string, number][] = []
  readonly #numbers = new Map<string, number>()

  counts(name: string, way: EndWay): void {
    const key = JSON.stringify(way)
    let number = this.#numbers.get(key)
    if (number === undefined) this.#numbers.set(key, number = this.ways.push(way) - 1)
    this.stands.push([name, number])
  }

  leaves(name: string): void {
    this.stands.push([name, -1])
  }
}

/**
 * Finds the two ends of requests among what several stores tell of them: first blocks that are the same at both, then, of those that are not, one by one. The client's end stands for both:
 * it knows how long its client waited.
 */
export class EndJoin {
  readonly #told: readonly PartEnds[]
  readonly #stands: readonly Stands[]
  /** Ends that have a key and no other end, and those of which nobody can say. */
  readonly #alone = { client: 0, server: 0 }
  readonly #loose = { client: 0, server: 0 }
  #differing = 0

  constructor(told: readonly PartEnds[]) {
    this.#told = told
    this.#stands = told.map(() => new Stands())
    for (const { keyed, unkeyed } of told) {
      for (const side of ['client', 'server'] as const) {
        this.#alone[side] += keyed[side]
        this.#loose[side] += unkeyed[side]
      }
    }
  }

  /** Joins blocks that are the same. Returns for each store those of which each end has to be told. @param maxEnds so many in total at most; of further blocks nothing is known */
  takeBlocks(maxEnds: number): string[][] {
    const unclear = this.#told.map((): string[] => [])
    let ends = 0
    for (const [block, { clients, servers }] of bySide(this.#told.map(({ blocks }) => blocks), (one) => one.block)) {
      const [client, server] = [clients[0], servers[0]]
      if (client === undefined || server === undefined) continue
      if (clients.length === 1 && servers.length === 1 && this.#isSameBlock(client, server)) this.#joinAs(block, client, server, client.end.count)
      else if ((ends += countOf(clients) + countOf(servers)) <= maxEnds) for (const at of new Set([...clients, ...servers].map((one) => one.at))) unclear[at]!.push(block)
      else this.#giveUp(countOf(clients), countOf(servers))
    }
    return unclear
  }

  #isSameBlock({ at, end: client }: Seen<EndBlock>, { at: other, end: server }: Seen<EndBlock>): boolean {
    return at !== other && client.way >= 0 && server.way >= 0 && client.count === server.count && client.digest === server.digest && server.elapsedMicros <= client.elapsedMicros
      && Math.abs(client.atMicros - server.atMicros) <= MAX_APART_MICROS
  }

  #giveUp(clients: number, servers: number): void {
    this.#alone.client -= clients
    this.#loose.client += clients
    this.#alone.server -= servers
    this.#loose.server += servers
  }

  /** Ends one by one, of each store in their order. */
  takeEnds(details: readonly (Pick<PartEnds, 'ways' | 'ends'> | undefined)[]): void {
    const found = bySide(details.map((told) => told?.ends ?? []), (one) => one.key)
    for (const [key, { clients, servers }] of found) {
      const [client, server] = [clients[0], servers[0]]
      if (client === undefined || server === undefined) continue
      const isOne = clients.length === 1 && servers.length === 1 && client.at !== server.at && client.end.subject === server.end.subject && isSameExchange(client.end, server.end)
      if (isOne) this.#joinAs(key, client, server, 1, details)
      else this.#differing += clients.length + servers.length - 1
    }
  }

  #joinAs(name: string, client: Seen<{ readonly way: number }>, server: Seen<{ readonly way: number }>, count: number, told: readonly (Pick<PartEnds, 'ways'> | undefined)[] = this.#told): void {
    const wayOf = ({ at, end }: Seen<{ readonly way: number }>): EndWay | undefined => told[at]?.ways[end.way]
    const [from, to] = [wayOf(client), wayOf(server)]
    if (from === undefined || to === undefined) return
    this.#stands[client.at]!.counts(name, wholeWay(from, to))
    this.#stands[server.at]!.leaves(name)
    this.#alone.client -= count
    this.#alone.server -= count
  }

  /** What a store is asked to count, and as what. */
  ends(at: number): Pick<JoinedEnds, 'ways' | 'stands'> {
    const { ways, stands } = this.#stands[at]!
    return { ways, stands }
  }

  /** Requests that may be counted at both ends, at most: pairs of a client's and a server's end, of which one at least has no key. */
  get twice(): number {
    const { client: c, server: s } = this.#alone
    const { client, server } = this.#loose
    return this.#differing + Math.max(0, Math.min(client + server, client + c, server + s))
  }
}

interface Sides<T> { readonly clients: Seen<T>[], readonly servers: Seen<T>[] }

function bySide<T extends PartEnd | EndBlock>(lists: readonly (readonly T[])[], nameOf: (end: T) => string): Map<string, Sides<T>> {
  const named = new Map<string, Sides<T>>()
  for (const [at, list] of lists.entries()) {
    for (const end of list) {
      let sides = named.get(nameOf(end))
      if (sides === undefined) named.set(nameOf(end), sides = { clients: [], servers: [] })
      const side = end.side === 'client' ? sides.clients : sides.servers
      side.push({ at, end })
    }
  }
  return named
}

function countOf(blocks: readonly Seen<EndBlock>[]): number {
  return blocks.reduce((sum, { end }) => sum + end.count, 0)
}
