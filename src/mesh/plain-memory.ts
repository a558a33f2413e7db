import type { Micros } from '../model/time.ts'
import type { Exchange } from './exchange.ts'
import { TimeLine } from './time-line.ts'

const MAX_REMEMBERED = 4096
/** Of requests that are all alike so many are looked at, the nearest in time first. */
const MAX_LOOKS = 256

/**
 * Requests that were read on a wire, and nowhere else when they were told. A hop in the clear that comes later, because another
 * thread was kept waiting, is one of theirs: no TLS connection that was in use at the time may be said to have carried it.
 */
export class PlainMemory {
  readonly #alike = new Map<string, TimeLine<Exchange>>()
  #order: Exchange[] = []

  add(wire: Exchange): void {
    wire.letGo()
    const alike = this.#alike.get(wire.signature) ?? new TimeLine<Exchange>()
    alike.insert(wire)
    this.#alike.set(wire.signature, alike)
    if (this.#order.push(wire) > MAX_REMEMBERED) this.#drop(MAX_REMEMBERED / 4)
  }

  /** The wire that a request crossed after it was read in the clear in its client's place, or before it was in its server's. It is not given again. */
  take(clear: Exchange): Exchange | undefined {
    const found = this.#find(clear)
    if (found !== undefined) this.#remove(found)
    return found
  }

  #find(clear: Exchange): Exchange | undefined {
    const alike = this.#alike.get(clear.signature)
    if (alike === undefined) return undefined
    const first = alike.firstFrom(clear.atMicros)
    for (let index = first; index < alike.length && index < first + MAX_LOOKS; index++) {
      const wire = alike.items[index]!
      if (wire.atMicros > clear.endMicros) break
      if (wire.clientPlace === clear.place && clear.encloses(wire)) return wire
    }
    for (let index = first - 1; index >= 0 && index > first - MAX_LOOKS; index--) {
      const wire = alike.items[index]!
      if (wire.serverPlace === clear.place && wire.encloses(clear)) return wire
    }
    return undefined
  }

  /** Forgets those that began before that. */
  expire(beforeMicros: Micros): void {
    const keep = this.#order.findIndex(({ atMicros }) => atMicros >= beforeMicros)
    this.#drop(keep < 0 ? this.#order.length : keep)
  }

  #drop(count: number): void {
    for (const wire of this.#order.slice(0, count)) this.#remove(wire)
    this.#order = this.#order.slice(count)
  }

  #remove(wire: Exchange): void {
    const alike = this.#alike.get(wire.signature)
    alike?.remove(wire)
    if (alike?.length === 0) this.#alike.delete(wire.signature)
  }
}
