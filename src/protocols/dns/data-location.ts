import type { DataReader } from './data-reader.ts'

const EQUATOR = 2 ** 31
const ALTITUDE_BASE_CM = 100_000 * 100

/** LOC: where it is, how large, how exactly known (RFC 1876 §2, §3). */
export function location(r: DataReader): string | undefined {
  if (r.number(1) !== 0) return undefined
  const [size, horizontal, vertical] = [r.number(1), r.number(1), r.number(1)]
  const latitude = degrees(r.number(4), 'N', 'S')
  const longitude = degrees(r.number(4), 'E', 'W')
  const altitude = metres(r.number(4) - ALTITUDE_BASE_CM)
  return [latitude, longitude, altitude, ...[size, horizontal, vertical].map(precision)].join(' ')
}

/** Thousandths of an arc second from the middle of the range. */
function degrees(value: number, positive: string, negative: string): string {
  const distance = Math.abs(value - EQUATOR)
  const seconds = ((distance % 60_000) / 1000).toFixed(3)
  return `${Math.floor(distance / 3_600_000)} ${Math.floor(distance / 60_000) % 60} ${seconds} ${value >= EQUATOR ? positive : negative}`
}

function metres(centimetres: number): string {
  return `${(centimetres / 100).toFixed(2)}m`
}

/** Mantissa and power of ten, a nibble each, in centimetres. */
function precision(byte: number): string {
  return metres((byte >> 4) * 10 ** (byte & 15))
}
