import type { FlowInfo } from '../model/flow.ts'
import { nameOf } from './edge.ts'
import { edgeVerdict } from './edge-verdict.ts'
import { edgeKeyOf } from './ledger.ts'
import type { Ledger } from './ledger.ts'
import type { EdgeVerdict } from './verdict.ts'
import { VERDICTS } from './verdict.ts'

const MAX_EDGES = 20_000

/**
 * Edges that a filter chooses: those with one message at least that it lets through. Such an edge is judged by all that was seen of it: were only what matches looked at,
 * a filter for TLS would make an edge of TLS and plaintext look like one of TLS alone.
 */
export class ChosenEdges {
  readonly #keys = new Set<string>()
  readonly #ways = new Set<string>()

  has(flow: FlowInfo): boolean {
    return this.#keys.has(keyOf(flow))
  }

  /** A message of this flow was let through. What passes beside a proxy on a loopback is of no edge. */
  add(flow: FlowInfo): void {
    if (this.#keys.size < MAX_EDGES) this.#keys.add(keyOf(flow))
  }

  /** A request was let through that went from one workload to another, at whatever port. */
  addWay(from: string, to: string): void {
    if (this.#ways.size < MAX_EDGES) this.#ways.add(`${from}\0${to}`)
  }

  /** Takes all other edges out of a ledger; notes for its report. */
  applyTo(ledger: Ledger, filter: string): string[] {
    const all = ledger.edges.size
    const leftOut: Partial<Record<EdgeVerdict, number>> = {}
    for (const [key, edge] of ledger.edges) {
      if (this.#keys.has(key) || this.#ways.has(`${edge.client}\0${edge.server}`)) continue
      const verdict = edgeVerdict(edge.connections)
      leftOut[verdict] = (leftOut[verdict] ?? 0) + 1
      ledger.edges.delete(key)
    }
    const rest = all === ledger.edges.size ? '' : `; left out: ${VERDICTS.flatMap((verdict) => leftOut[verdict] === undefined ? [] : [`${leftOut[verdict]} ${verdict}`]).join(', ')}`
    return [`a filter is on (${filter}): ${ledger.edges.size} of ${all} edges have a message that it lets through, and are judged by all that was seen of them${rest}`]
  }
}

function keyOf({ client, server }: FlowInfo): string {
  return edgeKeyOf(nameOf(client), nameOf(server), server.port)
}
