import { BoundedMap } from '../base/bounded-map.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'

const MAX_PLACES = 65_536

/** Whose wires are captured, and how far they have been read. That no plaintext was read there says something only as far as that. */
export class WireProgress {
  readonly #readMicros = new BoundedMap<string, Micros>(MAX_PLACES)
  #allMicros: Micros = -Infinity

  /** Something came of a wire; what was said there before has come as well. */
  add(place: string, { atMicros, elapsedMicros = 0 }: Message): void {
    const known = this.#readMicros.get(place)
    if (known === undefined || known < atMicros + elapsedMicros) this.#readMicros.set(place, atMicros + elapsedMicros)
  }

  /** Whatever is captured has come up to that time. */
  advance(toMicros: Micros): void {
    this.#allMicros = Math.max(this.#allMicros, toMicros)
  }

  isReadTo(place: string, micros: Micros): boolean {
    const readMicros = this.#readMicros.get(place)
    return readMicros !== undefined && Math.max(readMicros, this.#allMicros) >= micros
  }
}
