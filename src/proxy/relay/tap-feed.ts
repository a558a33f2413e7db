import { bytesAt } from '../../sys/memory.ts'
import { tapOpening } from './connection.ts'
import { COUNTER } from './counters.ts'
import type { Leg } from './leg.ts'
import type { RelayLoop } from './loop.ts'

/** Tapped bytes that the main thread has not taken yet; what comes beyond is not tapped. */
const MAX_BACKLOG_BYTES = 8 * 1024 * 1024
const NOTHING = new Uint8Array(0)

/** Hands copies of the plaintext of one thread to the main thread, while somebody reads them. */
export class TapFeed {
  isOn = false
  readonly #backlog: Int32Array
  #round = 0

  /** `backlog`: see ThreadInput. */
  constructor(backlog: SharedArrayBuffer) {
    this.#backlog = new Int32Array(backlog)
  }

  /** Openings are told again. */
  turn(on: boolean): void {
    this.isOn = on
    this.#round++
  }

  /** `count` bytes at the address came from the leg; 0: it is done. */
  chunk(loop: RelayLoop, from: Leg, address: number, count: number): void {
    const { connection } = from
    if (count > 0 && Atomics.load(this.#backlog, 0) + count > MAX_BACKLOG_BYTES) {
      loop.counters[COUNTER.tapDroppedBytes] += count
      return
    }
    Atomics.add(this.#backlog, 0, count)
    const bytes = count === 0 ? NOTHING : bytesAt(address, count).slice()
    const opening = connection.tapRound === this.#round ? undefined : tapOpening(connection, loop.ownIdentity)
    connection.tapRound = this.#round
    const chunk = { connection: connection.id, fromClient: from === connection.client, offset: from.bytesRead - count, bytes, atMicros: Math.round((performance.timeOrigin + performance.now()) * 1000) }
    loop.reports.tapped(opening === undefined ? chunk : { ...chunk, opening }, loop.nowMs)
  }
}
