import type { Flow } from './flow.ts'
import type { TcpFlows } from './flow-connections.ts'
import type { UdpFlows } from './flow-datagrams.ts'
import type { FlowOwner } from './flow-owner.ts'

/** Of what the dissectors of all flows keep. Flows are weighed after so many bytes of segments, headers included: as much may come on top. */
const MAX_HELD_BYTES = 96 * 1024 * 1024
const WEIGH_AFTER_BYTES = 16 * 1024 * 1024
/** Floods of small handshakes are few bytes and much memory. */
const WEIGH_AFTER_FLOWS = 1024
const SEGMENT_HEADER_BYTES = 64

/** What the dissectors of all flows keep together: weighed now and then, and made less where it is too much. */
export class FlowMemory {
  readonly #owner: FlowOwner
  readonly #connections: TcpFlows
  readonly #datagrams: UdpFlows
  readonly #maxHeldBytes: number
  #unweighedBytes = 0
  #unweighedFlows = 0

  constructor(owner: FlowOwner, connections: TcpFlows, datagrams: UdpFlows, maxHeldBytes = MAX_HELD_BYTES) {
    this.#owner = owner
    this.#connections = connections
    this.#datagrams = datagrams
    this.#maxHeldBytes = maxHeldBytes
  }

  /** A packet with so much payload comes next. */
  payload(lengthBytes: number): void {
    this.#unweighedBytes += lengthBytes + SEGMENT_HEADER_BYTES
    if (this.#unweighedBytes > WEIGH_AFTER_BYTES) this.#weigh()
  }

  /** One connection more. */
  connection(): void {
    if (++this.#unweighedFlows > WEIGH_AFTER_FLOWS) this.#weigh()
  }

  /** Lets the flows go that were silent longest, where all together hold too much. What they hold is told, marked incomplete. */
  #weigh(): void {
    this.#unweighedBytes = 0
    this.#unweighedFlows = 0
    let heldBytes = 0
    for (const flow of this.#connections) heldBytes += flow.heldBytes
    for (const flow of this.#datagrams) heldBytes += flow.heldBytes
    if (heldBytes <= this.#maxHeldBytes) return
    heldBytes = this.#lighten(heldBytes, this.#connections)
    this.#lighten(heldBytes, this.#datagrams)
  }

  #lighten<T extends Flow & { readonly heldBytes: number }>(totalBytes: number, flows: Iterable<T> & { drop(flow: T): void }): number {
    let heldBytes = totalBytes
    for (const flow of flows) {
      if (heldBytes <= this.#maxHeldBytes / 2) break
      const flowBytes = flow.heldBytes
      if (flowBytes === 0) continue
      heldBytes -= flowBytes
      this.#owner.anomaly('memory of messages under way, a connection let go')
      flows.drop(flow)
    }
    return heldBytes
  }
}
