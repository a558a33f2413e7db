import type { Micros } from '../model/time.ts'

/** 10000-01-01, in seconds. */
const LAST_SECOND = 253_402_300_800

/**
 * Instants as text. Both keep the text of the last second, the clock of the last millisecond too: a busy capture asks for the same one again and again.
 */
export class TimeText {
  #second = NaN
  #prefix = ''
  #clockSecond = NaN
  #clockPrefix = ''
  #clockMillisecond = NaN
  #clock = ''
  readonly #utc: boolean

  constructor(utc = false) {
    this.#utc = utc
  }

  /** RFC 3339 in UTC with microseconds: `2026-03-01T12:03:41.201004Z`. */
  rfc3339(at: Micros): string {
    const second = Math.floor(at / 1e6)
    if (second !== this.#second) {
      this.#second = second
      this.#prefix = dateOf(second).toISOString().slice(0, -4)
    }
    return `${this.#prefix}${pad(Math.round(at - second * 1e6), 6)}Z`
  }

  /** Time of day with milliseconds, local or UTC: `12:03:41.201`. */
  clock(at: Micros): string {
    const millisecond = Math.floor(at / 1000)
    if (millisecond === this.#clockMillisecond) return this.#clock
    const second = Math.floor(at / 1e6)
    if (second !== this.#clockSecond) {
      this.#clockSecond = second
      const date = dateOf(second)
      this.#clockPrefix = this.#utc
        ? date.toISOString().slice(11, 20)
        : `${pad(date.getHours(), 2)}:${pad(date.getMinutes(), 2)}:${pad(date.getSeconds(), 2)}.`
    }
    this.#clockMillisecond = millisecond
    return this.#clock = this.#clockPrefix + MILLISECONDS[Math.floor((at - second * 1e6) / 1000)]!
  }
}

/** A forged capture may claim instants that RFC 3339 has no text for (years before 0000 or after 9999). */
function dateOf(second: number): Date {
  return new Date(second >= 0 && second < LAST_SECOND ? second * 1000 : 0)
}

const MILLISECONDS: readonly string[] = Array.from({ length: 1000 }, (_, value) => pad(value, 3))

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

/** Of durations below it there are few texts: they have one place behind the point. */
export const SHORT_MICROS = 9_950
/** Most durations are short; making such a text costs 300 ns. */
const shortTexts = new Array<string | undefined>(SHORT_MICROS)

/** A duration for people: `0.8 ms`, `12 ms`, `1.24 s`. */
export function durationText(micros: number): string {
  if (micros < 0) return '-' + durationText(-micros)
  if (micros < SHORT_MICROS) return shortTexts[micros] ??= `${(micros / 1000).toFixed(1)} ms`
  if (micros < 999_500) return `${Math.round(micros / 1000)} ms`
  if (micros < 59_950_000) return `${(micros / 1e6).toFixed(2)} s`
  return `${(micros / 60e6).toFixed(1)} min`
}
