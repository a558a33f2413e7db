import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import { FlowTable, scopeWithin } from '../net/flow-table.ts'
import type { Packet } from '../net/packet.ts'
import { isServerPort } from '../protocols/registry.ts'
import type { FlowOwner } from './flow-owner.ts'
import { UdpFlow } from './flow-udp.ts'

/** Without a datagram for so long by capture time a flow is over: nothing in UDP says so itself. */
const IDLE_MICROS = 60 * 1e6
const MAX_FLOWS = 10_000
/** A flow that was read and has nothing more to tell is forgotten after this, or when so many came after it: most queries come from a port of their own. More of them do not fit the processor's cache, which is 8 % of the CPU of a query. */
const DONE_MICROS = 10 * 1e6
const MAX_DONE = 256
const IPPROTO_UDP = 17

/** The flows of UDP, in a table of their own: they are over sooner, and however many there are, no connection has to go for them. */
export class UdpFlows implements Iterable<UdpFlow> {
  readonly #owner: FlowOwner
  readonly #table: FlowTable<UdpFlow>
  #done: UdpFlow[] = []
  #doneHead = 0
  /** One that was forgotten, for the next flow. */
  #spare: UdpFlow | undefined

  constructor(owner: FlowOwner, seed: number) {
    this.#owner = owner
    this.#table = new FlowTable(seed)
  }

  datagram(packet: Packet, atMicros: Micros, interfaceId: number, anyScope: number): void {
    const table = this.#table
    let flow = table.find(packet, IPPROTO_UDP, anyScope)
    let scope = anyScope
    if (flow !== undefined && flow.network !== packet.network && flow.network !== 0 && packet.network !== 0) {
      scope = this.#scopeOf(packet, anyScope)
      flow = table.find(packet, IPPROTO_UDP, scope)
    }
    if (flow !== undefined && atMicros - flow.lastMicros >= IDLE_MICROS) {
      this.drop(flow)
      flow = undefined
    }
    if (flow === undefined) {
      flow = this.#open(interfaceId, atMicros)
      const sender = senderOfFirst(packet)
      table.add(flow, packet, IPPROTO_UDP, scope, sender)
      table.side = sender
    }
    const { side } = table
    table.touch(flow, atMicros)
    flow.datagram(side, packet, atMicros)
    if (!flow.isQueued && flow.isDone) this.#queue(flow)
  }

  /** Whoever asks from two networks (VLANs, overlays) is two, although their addresses are the same; answers may come on a network of their own. */
  #scopeOf(packet: Packet, scope: number): number {
    const isAsking = this.#table.side === CLIENT
    const own = scopeWithin(scope, packet.network)
    return isAsking || this.#table.find(packet, IPPROTO_UDP, own) !== undefined ? own : scope
  }

  #open(interfaceId: number, atMicros: Micros): UdpFlow {
    const number = this.#owner.opened()
    this.expire(atMicros)
    const spare = this.#spare
    this.#spare = undefined
    return spare === undefined ? new UdpFlow(this.#owner, number, interfaceId, atMicros) : spare.again(number, interfaceId, atMicros)
  }

  #queue(flow: UdpFlow): void {
    flow.isQueued = true
    this.#done.push(flow)
  }

  /** One that went on meanwhile queues again, or waits for its answer. The others have nothing to tell, so they are not told that it is over. */
  #expireDone(nowMicros: Micros): void {
    const queue = this.#done
    while (this.#doneHead < queue.length) {
      const flow = queue[this.#doneHead]!
      const isOver = nowMicros - flow.lastMicros >= DONE_MICROS
      if (!isOver && queue.length - this.#doneHead <= MAX_DONE) break
      this.#doneHead++
      flow.isQueued = false
      if (!flow.isDone) continue
      this.#table.remove(flow)
      if (this.#owner.settings.readAtOnce === true) this.#spare = flow
    }
    if (this.#doneHead < 1024 || this.#doneHead * 2 < queue.length) return
    this.#done = queue.slice(this.#doneHead)
    this.#doneHead = 0
  }

  [Symbol.iterator](): Iterator<UdpFlow> {
    return this.#table[Symbol.iterator]()
  }

  /** What it holds is told. */
  drop(flow: UdpFlow): void {
    this.#table.remove(flow)
    flow.end(flow.lastMicros)
  }

  /** Lets go what is idle, and the oldest when there are too many. One that was read and has nothing left to tell is not missed. */
  expire(nowMicros: Micros): void {
    this.#expireDone(nowMicros)
    for (let oldest = this.#table.oldest(); oldest !== undefined; oldest = this.#table.oldest()) {
      const isFull = this.#table.size >= MAX_FLOWS
      if (!isFull && nowMicros - oldest.lastMicros < IDLE_MICROS) return
      if (isFull && !oldest.isClaimed) this.#owner.evicted()
      this.drop(oldest)
    }
  }

  end(): void {
    for (const flow of this.#table) this.drop(flow)
    this.#done = []
    this.#doneHead = 0
  }
}

/** Whoever is seen first asks, unless only its port is one that servers have. */
function senderOfFirst({ srcPort, dstPort }: Packet): Side {
  return isServerPort(srcPort) && !isServerPort(dstPort) ? SERVER : CLIENT
}
