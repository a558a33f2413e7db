import type { Micros } from '../model/time.ts'
import type { Cursor, Step } from './cursor.ts'
import { LAYER_IP_PROTOCOL } from './cursor.ts'
import { Datagram } from './datagram.ts'
import type { Packet } from './packet.ts'
import { FRAGMENT, MALFORMED } from './packet.ts'

export interface FragmentLimits {
  /** Memory of all datagrams that wait for a part, in bytes, bookkeeping included. */
  readonly heldBytes: number
  readonly datagrams: number
  readonly fragmentsPerDatagram: number
  /** In capture time. */
  readonly timeoutMicros: number
}

/** 60 s is what RFC 8200 §4.5 asks for; Linux gives IPv4 30 s. A datagram of 65,535 bytes over the smallest common MTU has fewer than 256 parts. */
export const FRAGMENT_LIMITS: FragmentLimits = { heldBytes: 4 * 1024 * 1024, datagrams: 1024, fragmentsPerDatagram: 256, timeoutMicros: 30e6 }

/** For this long a copy of a part of a finished datagram is not taken for a new one: the same packet seen at two interfaces. */
const DUPLICATE_MICROS = 100_000
const MAX_DATAGRAM_BYTES = 65_535

export interface FragmentCounters {
  fragments: number
  /** Datagrams given up because a part never came, or to make room. */
  fragmentsExpired: number
  /** Datagrams dropped because their parts overlap or contradict one another. */
  fragmentsConflicting: number
}

/**
 * Joins the fragments of IPv4 and IPv6 datagrams. Parts that overlap drop the whole datagram (RFC 5722 §4; Linux does so for IPv4 too),
 * exact copies are harmless. Memory is bounded; the datagram that waits longest goes first.
 */
export class Defragmenter {
  readonly #limits: FragmentLimits
  readonly #counters: FragmentCounters
  /** In order of age. The key is a hash: of two datagrams with the same one the older is given up. */
  readonly #datagrams = new Map<number, Datagram>()
  #heldBytes = 0

  constructor(counters: FragmentCounters, limits: FragmentLimits = FRAGMENT_LIMITS) {
    this.#counters = counters
    this.#limits = limits
  }

  /** Datagrams that wait for a part. */
  get waiting(): number {
    let count = 0
    for (const datagram of this.#datagrams.values()) if (!datagram.isDone) count++
    return count
  }

  /**
   * Takes the fragment that the cursor stands on; `packet` has its addresses.
   * When it was the last part, the cursor moves into the joined datagram, which belongs to nobody else.
   */
  step(c: Cursor, packet: Packet, atMicros: Micros): Step {
    this.#counters.fragments++
    this.#expire(atMicros)
    const length = c.wireEnd - c.at
    if (length <= 0 || c.fragmentOffset + length > MAX_DATAGRAM_BYTES) return MALFORMED
    if (c.fragmentMore && (length & 7) !== 0) return MALFORMED
    // parts that were not captured whole cannot be joined: the datagram will expire
    if (c.end < c.wireEnd) return FRAGMENT
    const datagram = this.#find(c, packet, atMicros)
    if (datagram.isDone) return FRAGMENT
    return this.#add(datagram, c, atMicros)
  }

  #add(datagram: Datagram, c: Cursor, atMicros: Micros): Step {
    const before = datagram.costBytes
    const fits = datagram.parts.length < this.#limits.fragmentsPerDatagram && datagram.add(c)
    this.#heldBytes += datagram.costBytes - before
    if (!fits) {
      this.#counters.fragmentsConflicting++
      this.#finish(datagram, atMicros)
      return FRAGMENT
    }
    if (datagram.isWhole) {
      const joined = datagram.join()
      this.#finish(datagram, atMicros)
      c.buf = joined
      c.at = 0
      c.end = c.wireEnd = joined.length
      c.type = datagram.protocol
      return LAYER_IP_PROTOCOL
    }
    while (this.#heldBytes > this.#limits.heldBytes) this.#evictOldest()
    return FRAGMENT
  }

  #find(c: Cursor, packet: Packet, atMicros: Micros): Datagram {
    // the protocol belongs to the key of IPv4 (RFC 791 §3.2) but not of IPv6, where only the first part tells it
    const protocol = packet.version === 4 ? c.type : 0
    const key = keyOf(packet, c.fragmentId, protocol)
    const known = this.#datagrams.get(key)
    if (known !== undefined) {
      const isSame = known.matches(packet, c.fragmentId, protocol)
      if (isSame && (!known.isDone || atMicros - known.doneMicros <= DUPLICATE_MICROS)) return known
      this.#forget(key, known)
    }
    if (this.#datagrams.size >= this.#limits.datagrams) this.#evictOldest()
    const datagram = new Datagram(packet, c.fragmentId, protocol, atMicros)
    this.#datagrams.set(key, datagram)
    this.#heldBytes += datagram.costBytes
    return datagram
  }

  /** Joined or spoilt: it stays for a moment, without its bytes, to swallow copies. */
  #finish(datagram: Datagram, atMicros: Micros): void {
    const before = datagram.costBytes
    datagram.finish(atMicros)
    this.#heldBytes += datagram.costBytes - before
  }

  #expire(nowMicros: Micros): void {
    for (const [key, datagram] of this.#datagrams) {
      if (nowMicros - datagram.firstMicros < this.#limits.timeoutMicros) return
      this.#forget(key, datagram)
    }
  }

  #evictOldest(): void {
    for (const [key, datagram] of this.#datagrams) {
      this.#forget(key, datagram)
      return
    }
  }

  #forget(key: number, datagram: Datagram): void {
    this.#datagrams.delete(key)
    this.#heldBytes -= datagram.costBytes
    if (!datagram.isDone) this.#counters.fragmentsExpired++
  }
}

function keyOf(packet: Packet, id: number, protocol: number): number {
  let hash = mix(packet.src3 ^ protocol, id)
  hash = mix(hash, packet.dst3)
  if (packet.version === 6) {
    hash = mix(mix(mix(hash, packet.src0), packet.src1), packet.src2)
    hash = mix(mix(mix(hash, packet.dst0), packet.dst1), packet.dst2)
  }
  return hash >>> 0
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1)
  return mixed ^ mixed >>> 15
}
