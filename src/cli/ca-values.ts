import { InvalidArgumentError } from 'commander'

export const DEFAULT_FOLDER = 'ca'

const UNIT_MILLIS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
/** As long as an intermediate lives. */
const MAX_TTL_MILLIS = 365 * UNIT_MILLIS.d!
const MAX_RATE = 60_000

/** `90s`, `30m`, `24h`, `7d`, up to a year. Milliseconds. */
export function ttlMillis(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? []
  const value = Number(digits) * (UNIT_MILLIS[unit] ?? NaN)
  if (!(value > 0 && value <= MAX_TTL_MILLIS)) throw new InvalidArgumentError('a duration like 30m, 24h or 7d (up to 365d).')
  return value
}

export interface ListenAddress { readonly host: string, readonly port: number }

/** `127.0.0.1:8444`, `[::1]:8444`, `localhost:0`. */
export function listenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(text) ?? []
  const port = Number(digits === '' ? NaN : digits)
  if (!(port <= 65535)) throw new InvalidArgumentError('an address like 127.0.0.1:8444 or [::]:8444.')
  return { host: bracketed ?? plain!, port }
}

/** From 1 to 60000. */
export function perMinute(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(value >= 1 && value <= MAX_RATE)) throw new InvalidArgumentError(`a whole number from 1 to ${MAX_RATE}.`)
  return value
}
