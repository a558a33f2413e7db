import type { Segment } from './segment.ts'
import { WIRES } from './shown-request.ts'
import type { ShownRequest, Wire } from './shown-request.ts'

interface Edge { readonly from: string, readonly to: string, wire: Wire, requests: number }

/** Who was seen to call whom, and how it crossed. Bounded by the pairs of workloads. */
export class Edges {
  readonly #edges = new Map<string, Edge>()

  /** 'new': the first request of this edge. 'changed': it crossed in another way than the last one. */
  add(request: ShownRequest): 'new' | 'changed' | 'known' {
    const key = `${request.from} ${request.to}`
    const edge = this.#edges.get(key)
    if (edge === undefined) {
      this.#edges.set(key, { from: request.from, to: request.to, wire: request.wire, requests: 1 })
      return 'new'
    }
    edge.requests++
    // A request whose wire was not seen says nothing about the others.
    if (edge.wire === request.wire || request.wire === 'unknown') return 'known'
    edge.wire = request.wire
    return 'changed'
  }

  get size(): number {
    return this.#edges.size
  }

  segments(): Segment[] {
    return [...this.#edges.values()].flatMap(({ from, to, wire }, index) => [
      { text: `${index === 0 ? '' : '   '}${from}→${to} ` }, { text: WIRES[wire].sign, colour: WIRES[wire].colour },
    ])
  }
}
