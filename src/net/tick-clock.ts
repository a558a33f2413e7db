import type { Micros } from '../model/time.ts'
import type { TickResolution } from './capture-handlers.ts'

const DECIMAL = 0
const BINARY = 1
const LARGE = 2
/** Up to here products of a 32-bit word and the divisor stay exact in a double. */
const MAX_DECIMAL_EXPONENT = 12
const MAX_BINARY_EXPONENT = 32
const WORD = 2 ** 32

/**
 * Turns the 64-bit tick counts of a pcapng interface into microseconds, rounded down, exactly and without BigInt for
 * resolutions up to 10^-12 and 2^-32. Results outside 0…2^53-1 (a hostile clock) are set to the nearer end.
 */
export class TickClock {
  readonly resolution: TickResolution
  readonly #kind: number
  /** Microseconds in 2^32 ticks, whole and (in ticks) the rest. */
  readonly #highMicros: number
  readonly #highRest: number
  readonly #divisor: number
  readonly #multiplier: number
  readonly #offsetMicros: number

  /** @param offsetSeconds if_tsoffset: added to every time stamp */
  constructor(resolution: TickResolution, offsetSeconds: number) {
    const { base, exponent } = resolution
    this.resolution = resolution
    this.#offsetMicros = offsetSeconds * 1e6
    const large = exponent > (base === 10 ? MAX_DECIMAL_EXPONENT : MAX_BINARY_EXPONENT)
    this.#kind = large ? LARGE : base === 10 ? DECIMAL : BINARY
    this.#divisor = base === 2 ? 2 ** exponent : 10 ** Math.max(exponent - 6, 0)
    this.#multiplier = base === 2 ? 1 : 10 ** Math.max(6 - exponent, 0)
    this.#highMicros = Math.floor(WORD / this.#divisor)
    this.#highRest = WORD % this.#divisor
  }

  /** @param high,low the words of the count, unsigned */
  toMicros(high: number, low: number): Micros {
    const micros = this.#ticksToMicros(high, low) + this.#offsetMicros
    if (micros >= 0 && micros <= Number.MAX_SAFE_INTEGER) return micros
    return micros < 0 ? 0 : Number.MAX_SAFE_INTEGER
  }

  #ticksToMicros(high: number, low: number): number {
    if (this.#kind === DECIMAL) {
      const divisor = this.#divisor
      if (divisor === 1) return (high * WORD + low) * this.#multiplier
      return high * this.#highMicros + Math.floor((high * this.#highRest + low) / divisor)
    }
    return this.#kind === BINARY ? this.#binary(high, low) : this.#large(high, low)
  }

  #binary(high: number, low: number): number {
    const divisor = this.#divisor
    const seconds = high * this.#highMicros + Math.floor(low / divisor)
    return seconds * 1e6 + Math.floor((low % divisor) * 1e6 / divisor)
  }

  #large(high: number, low: number): number {
    const { base, exponent } = this.resolution
    const ticks = (BigInt(high) << 32n) | BigInt(low)
    return Number(base === 2 ? (ticks * 1_000_000n) >> BigInt(exponent) : ticks / 10n ** BigInt(exponent - 6))
  }
}
