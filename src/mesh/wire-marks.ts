import type { Micros } from '../model/time.ts'
import type { Exchange } from './exchange.ts'

/** The two ends of one wire see the same request at most so far apart. */
const SAME_MICROS = 50_000
const MAX_MARKS = 16_384

/** That a request was read on a wire, and where. It outlives the exchange, so that the other end of the wire is not taken for another request. */
interface WireMark { readonly key: string, readonly atMicros: Micros, readonly places: string[], exchange: Exchange | undefined }

/** Tells the same request at the two ends of one wire from two that are alike. */
export class WireMarks {
  readonly #marks = new Map<string, WireMark[]>()
  #order: WireMark[] = []

  /** True where it is the other end of one that was seen before; that one then knows of it, if it still waits. */
  isOtherEnd(exchange: Exchange): boolean {
    const key = exchange.wireKey
    const marks = this.#marks.get(key) ?? []
    let closest: WireMark | undefined
    for (const mark of marks) {
      if (distance(mark, exchange) > SAME_MICROS || mark.places.includes(exchange.place)) continue
      if (closest === undefined || distance(mark, exchange) < distance(closest, exchange)) closest = mark
    }
    if (closest === undefined) {
      this.#add({ key, atMicros: exchange.atMicros, places: [exchange.place], exchange }, marks)
      return false
    }
    closest.places.push(exchange.place)
    closest.exchange?.flows.push(exchange.first.flow)
    return true
  }

  /** It waits no longer. */
  release(exchange: Exchange): void {
    const mark = this.#marks.get(exchange.wireKey)?.find((m) => m.exchange === exchange)
    if (mark !== undefined) mark.exchange = undefined
  }

  /** Forgets those that began before that. */
  expire(beforeMicros: Micros): void {
    const keep = this.#order.findIndex((mark) => mark.atMicros >= beforeMicros)
    this.#drop(keep < 0 ? this.#order.length : keep)
  }

  #add(mark: WireMark, marks: WireMark[]): void {
    marks.push(mark)
    this.#marks.set(mark.key, marks)
    if (this.#order.push(mark) > MAX_MARKS) this.#drop(MAX_MARKS / 4)
  }

  #drop(count: number): void {
    for (const mark of this.#order.splice(0, count)) {
      const rest = this.#marks.get(mark.key)!.filter((other) => other !== mark)
      if (rest.length > 0) this.#marks.set(mark.key, rest)
      else this.#marks.delete(mark.key)
    }
  }
}

function distance(a: { readonly atMicros: Micros }, b: { readonly atMicros: Micros }): Micros {
  return Math.abs(a.atMicros - b.atMicros)
}
