import { InvalidArgumentError } from 'commander'
import type { Keep } from '../store/keep.ts'

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }
const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 }
/** Less than this and hardly anything would be kept. */
const MIN_BYTES = 1024 * 1024

export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : NaN
  if (!(value <= 65_535)) throw new InvalidArgumentError('a port from 0 to 65535.')
  return value
}

/** `1GiB,24h`, `512M`, `48h`, `0` for no bounds. */
export function keepBounds(text: string): Keep {
  const keep: { sizeBytes?: number, ageSeconds?: number } = {}
  if (text === '0') return keep
  for (const part of text.split(',')) {
    const size = /^(\d+(?:\.\d+)?)([kmgt])(?:i?b)?$/i.exec(part.trim())
    const age = /^(\d+(?:\.\d+)?)([smhd])$/.exec(part.trim())
    if (age !== null && !/^\d+m$/.test(part.trim())) keep.ageSeconds = Number(age[1]) * SECONDS[age[2]!]!
    else if (size !== null) keep.sizeBytes = Number(size[1]) * BYTES[size[2]!.toLowerCase()]!
    else throw new InvalidArgumentError('a size, an age or both: 1GiB,24h.')
  }
  if ((keep.sizeBytes ?? MIN_BYTES) < MIN_BYTES || keep.ageSeconds === 0) throw new InvalidArgumentError('at least 1MiB, and longer than no time.')
  return keep
}
