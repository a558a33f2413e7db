const SECOND_MILLIS = 1000
const HOUR_MILLIS = 3_600_000
const DAY_MILLIS = 24 * HOUR_MILLIS

/** Clocks of a mesh differ: a certificate is valid from this long before it was made. */
export const BACKDATE_MILLIS = 60_000
export const DEFAULT_TTL_MILLIS = DAY_MILLIS
/** A shorter life would be over before everyone's clock agrees that it began. */
export const MIN_TTL_MILLIS = BACKDATE_MILLIS
export const ROOT_TTL_MILLIS = 3650 * DAY_MILLIS
export const INTERMEDIATE_TTL_MILLIS = 365 * DAY_MILLIS

export interface Lifetime { readonly notBeforeMillis: number, readonly notAfterMillis: number }

/** From a minute ago until `ttlMillis` from now, never beyond `limitMillis`. Whole seconds, as certificates have them (RFC 5280 §4.1.2.5). */
export function planLifetime(nowMillis: number, ttlMillis: number, limitMillis = Infinity): Lifetime {
  const floor = (millis: number): number => Math.floor(millis / SECOND_MILLIS) * SECOND_MILLIS
  return { notBeforeMillis: floor(nowMillis - BACKDATE_MILLIS), notAfterMillis: floor(Math.min(nowMillis + ttlMillis, limitMillis)) }
}

/**
 * When to ask for the next certificate: at two thirds of the lifetime. `spread`, a random number from 0 to 1, moves that up to a tenth of
 * the lifetime forward, so that workloads which started together do not ask together. Milliseconds since 1970.
 */
export function renewAtMillis(notBeforeMillis: number, notAfterMillis: number, spread = 0): number {
  const lifeMillis = notAfterMillis - notBeforeMillis
  return Math.floor(notBeforeMillis + (lifeMillis * 2) / 3 - spread * lifeMillis / 10)
}
