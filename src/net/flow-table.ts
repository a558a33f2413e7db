import { CLIENT, SERVER } from '../model/side.ts'
import type { Side } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { Packet } from './packet.ts'

/**
 * A flow extends this, so that the table needs no objects of its own.
 * Address words are signed 32-bit integers (which engines store unboxed); formatAddress takes them as they are.
 */
export class FlowNode {
  version = 0
  /** IP protocol number. */
  transport = 0
  scope = 0
  /** Of the packet that it began with; no part of the key. */
  network = 0
  c0 = 0; c1 = 0; c2 = 0; c3 = 0
  s0 = 0; s1 = 0; s2 = 0; s3 = 0
  clientPort = 0
  serverPort = 0
  lastMicros: Micros = 0
  /** The rest belongs to the table. */
  hash = 0
  inTable = false
  nextInBucket: FlowNode | undefined = undefined
  older: FlowNode | undefined = undefined
  newer: FlowNode | undefined = undefined
}

/** A scope for the connections of one network within another scope, unlike those of small numbers. */
export function scopeWithin(scope: number, network: number): number {
  return Math.imul(scope + 1, 0x9e3779b1) ^ Math.imul(network + 1, 0x85ebca6b)
}

const FIRST_BUCKETS = 1024

/**
 * Flows by addresses, ports, transport and scope, whichever way a packet goes, and in the order in which they were last seen.
 * All operations are O(1); nothing is allocated a packet. A flow from an address and port to itself is all client.
 */
export class FlowTable<T extends FlowNode> implements Iterable<T> {
  /** Who sent the packet of the last successful find(). */
  side: Side = CLIENT
  /** Of the hash. Unknown to peers, it keeps them from choosing addresses that all fall into one bucket. */
  readonly #seed: number
  #buckets: (FlowNode | undefined)[] = new Array<FlowNode | undefined>(FIRST_BUCKETS).fill(undefined)
  #mask = FIRST_BUCKETS - 1
  #size = 0
  #last: FlowNode | undefined = undefined
  #oldest: FlowNode | undefined = undefined
  #newest: FlowNode | undefined = undefined

  /** @param seed a random 32-bit integer, where peers may be hostile */
  constructor(seed = 0) {
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  find(packet: Packet, transport: number, scope: number): T | undefined {
    const last = this.#last
    if (last !== undefined && this.#matches(last, packet, transport, scope)) return last as T
    const hash = hashOf(packet, transport, scope, this.#seed)
    let node = this.#buckets[hash & this.#mask]
    while (node !== undefined) {
      if (node.hash === hash && this.#matches(node, packet, transport, scope)) {
        this.#last = node
        return node as T
      }
      node = node.nextInBucket
    }
    return undefined
  }

  /** Sets `side` when the packet belongs to the node. */
  #matches(node: FlowNode, packet: Packet, transport: number, scope: number): boolean {
    if (node.clientPort === packet.srcPort && node.serverPort === packet.dstPort && isFromClient(node, packet)) {
      this.side = CLIENT
    } else if (node.clientPort === packet.dstPort && node.serverPort === packet.srcPort && isFromServer(node, packet)) {
      this.side = SERVER
    } else return false
    return node.transport === transport && node.scope === scope && node.version === packet.version
  }

  /** Copies the key out of the packet, which `sender` sent. The node must not be in a table, its key not in this one. */
  add(node: T, packet: Packet, transport: number, scope: number, sender: Side): void {
    setKey(node, packet, sender)
    node.version = packet.version
    node.transport = transport
    node.scope = scope
    node.network = packet.network
    node.hash = hashOf(packet, transport, scope, this.#seed)
    // Half empty, so that few nodes are looked at in vain: each is far away in memory.
    if (this.#size * 2 > this.#mask) this.#grow()
    const bucket = node.hash & this.#mask
    node.nextInBucket = this.#buckets[bucket]
    this.#buckets[bucket] = node
    node.inTable = true
    this.#size++
    this.#append(node)
    this.#last = node
  }

  /** A node that is not in the table is left alone. */
  remove(node: T): void {
    if (!node.inTable) return
    const bucket = node.hash & this.#mask
    let link = this.#buckets[bucket]
    if (link === node) this.#buckets[bucket] = node.nextInBucket
    else {
      while (link !== undefined && link.nextInBucket !== node) link = link.nextInBucket
      if (link !== undefined) link.nextInBucket = node.nextInBucket
    }
    node.nextInBucket = undefined
    node.inTable = false
    this.#size--
    this.#unlink(node)
    if (this.#last === node) this.#last = undefined
  }

  /** The node was seen: it becomes the newest. */
  touch(node: T, atMicros: Micros): void {
    node.lastMicros = atMicros
    if (node === this.#newest || !node.inTable) return
    this.#unlink(node)
    this.#append(node)
  }

  /** The one that was not seen for the longest time. */
  oldest(): T | undefined {
    return this.#oldest as T | undefined
  }

  /** From the oldest on. The node that was just given out may be removed meanwhile. */
  * [Symbol.iterator](): Iterator<T> {
    let node = this.#oldest
    while (node !== undefined) {
      const newer: FlowNode | undefined = node.newer
      yield node as T
      node = newer
    }
  }

  #append(node: FlowNode): void {
    node.older = this.#newest
    node.newer = undefined
    if (this.#newest === undefined) this.#oldest = node
    else this.#newest.newer = node
    this.#newest = node
  }

  #unlink(node: FlowNode): void {
    const { older, newer } = node
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    node.older = node.newer = undefined
  }

  #grow(): void {
    const size = this.#buckets.length * 2
    const buckets = new Array<FlowNode | undefined>(size).fill(undefined)
    for (let node = this.#oldest; node !== undefined; node = node.newer) {
      const bucket = node.hash & size - 1
      node.nextInBucket = buckets[bucket]
      buckets[bucket] = node
    }
    this.#buckets = buckets
    this.#mask = size - 1
  }
}

function setKey(node: FlowNode, packet: Packet, sender: Side): void {
  if (sender === CLIENT) {
    node.c0 = packet.src0 | 0; node.c1 = packet.src1 | 0; node.c2 = packet.src2 | 0; node.c3 = packet.src3 | 0
    node.s0 = packet.dst0 | 0; node.s1 = packet.dst1 | 0; node.s2 = packet.dst2 | 0; node.s3 = packet.dst3 | 0
    node.clientPort = packet.srcPort
    node.serverPort = packet.dstPort
  } else {
    node.c0 = packet.dst0 | 0; node.c1 = packet.dst1 | 0; node.c2 = packet.dst2 | 0; node.c3 = packet.dst3 | 0
    node.s0 = packet.src0 | 0; node.s1 = packet.src1 | 0; node.s2 = packet.src2 | 0; node.s3 = packet.src3 | 0
    node.clientPort = packet.dstPort
    node.serverPort = packet.srcPort
  }
}

function isFromClient(node: FlowNode, packet: Packet): boolean {
  return node.c3 === (packet.src3 | 0) && node.s3 === (packet.dst3 | 0)
    && (packet.version === 4 || (node.c0 === (packet.src0 | 0) && node.c1 === (packet.src1 | 0) && node.c2 === (packet.src2 | 0)
      && node.s0 === (packet.dst0 | 0) && node.s1 === (packet.dst1 | 0) && node.s2 === (packet.dst2 | 0)))
}

function isFromServer(node: FlowNode, packet: Packet): boolean {
  return node.s3 === (packet.src3 | 0) && node.c3 === (packet.dst3 | 0)
    && (packet.version === 4 || (node.s0 === (packet.src0 | 0) && node.s1 === (packet.src1 | 0) && node.s2 === (packet.src2 | 0)
      && node.c0 === (packet.dst0 | 0) && node.c1 === (packet.dst1 | 0) && node.c2 === (packet.dst2 | 0)))
}

/** The same for both directions: each end is mixed on its own, the sum is mixed again. */
function hashOf(packet: Packet, transport: number, scope: number, seed: number): number {
  let src = mix(mix(seed, packet.srcPort), packet.src3)
  let dst = mix(mix(seed, packet.dstPort), packet.dst3)
  if (packet.version === 6) {
    src = mix(mix(mix(src, packet.src0), packet.src1), packet.src2)
    dst = mix(mix(mix(dst, packet.dst0), packet.dst1), packet.dst2)
  }
  return mix(mix(src + dst | 0, scope), transport)
}

/** A round of MurmurHash3 with its final avalanche shortened to one step. */
function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = k << 15 | k >>> 17
  const h = Math.imul(hash ^ Math.imul(k, 0x1b873593), 0x85ebca6b)
  return h ^ h >>> 13
}
