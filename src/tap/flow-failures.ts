import type { Micros } from '../model/time.ts'
import type { FlowNode } from '../net/flow-table.ts'

/** So many flows of one address that came to nothing are told one by one in a window; those beyond are counted. */
export const MAX_TOLD_OF_ADDRESS = 1000
/** Of all addresses together: a flood may have a forged sender for each packet, and a scan a target. */
export const MAX_TOLD = 10_000
const WINDOW_MICROS = 60 * 1e6
/** Addresses that fall into one slot share its bound, so memory is the same however many there are. */
const SLOTS = 4096

/** Decides which of the flows that came to nothing (unanswered, refused, without data, unread datagrams) are worth a line. */
export class Failures {
  readonly #counts = new Uint16Array(SLOTS)
  readonly #seed: number
  #total = 0
  #windowMicros = 0

  constructor(seed: number) {
    this.#seed = seed | 0
  }

  /** Whether one more of both its addresses is told. */
  tells(flow: FlowNode, atMicros: Micros): boolean {
    if (atMicros - this.#windowMicros >= WINDOW_MICROS || atMicros < this.#windowMicros) {
      this.#windowMicros = atMicros
      this.#total = 0
      this.#counts.fill(0)
    }
    const client = slotOf(this.#seed, flow.c0, flow.c1, flow.c2, flow.c3)
    const server = slotOf(this.#seed, flow.s0, flow.s1, flow.s2, flow.s3)
    if (this.#total >= MAX_TOLD || this.#counts[client]! >= MAX_TOLD_OF_ADDRESS || this.#counts[server]! >= MAX_TOLD_OF_ADDRESS) return false
    this.#total++
    this.#counts[client]!++
    if (server !== client) this.#counts[server]!++
    return true
  }
}

function slotOf(seed: number, w0: number, w1: number, w2: number, w3: number): number {
  let hash = seed
  hash = Math.imul(hash ^ w0, 0x85ebca6b)
  hash = Math.imul(hash ^ hash >>> 15 ^ w1, 0xc2b2ae35)
  hash = Math.imul(hash ^ hash >>> 13 ^ w2, 0x85ebca6b)
  hash = Math.imul(hash ^ hash >>> 16 ^ w3, 0xc2b2ae35)
  return (hash ^ hash >>> 15) & SLOTS - 1
}
