import { MtlscopeError } from '../base/errors.ts'

/** A set of port numbers: one bit each. Plain data, so that it can be sent to another thread. */
export interface PortSet {
  readonly count: number
  /** 65536 bits. */
  readonly bits: Uint32Array
}

export interface PortRange { low: number, high: number }

export const NO_PORTS: PortSet = { count: 0, bits: new Uint32Array(2048) }

export function hasPort(set: PortSet, port: number): boolean {
  return (set.bits[port >>> 5] >>> (port & 31) & 1) === 1
}

/** `80`, `8000-8010`, `80,443`. Throws 'bad-filter' with the word that is wrong. */
export function parsePortSet(words: readonly string[]): PortSet {
  const bits = new Uint32Array(2048)
  for (const word of words.flatMap((w) => w.split(',')).map((w) => w.trim())) {
    if (word === '') continue
    const { low, high } = parseRange(word)
    for (let port = low; port <= high; port++) bits[port >>> 5] |= 1 << (port & 31)
  }
  const set = { count: 0, bits }
  for (const { low, high } of portRanges(set)) set.count += high - low + 1
  return set
}

function parseRange(word: string): PortRange {
  const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(word)
  const low = match === null ? NaN : Number(match[1])
  const high = match?.[2] === undefined ? low : Number(match[2])
  if (low >= 0 && high <= 0xffff && low <= high) return { low, high }
  throw new MtlscopeError('bad-filter', `not a port: ${word}`, {
    hint: 'a number from 0 to 65535, or a range like 8000-8010, or several with commas', facts: { word },
  })
}

/** In order, not touching each other. */
export function portRanges(set: PortSet): PortRange[] {
  const ranges: PortRange[] = []
  for (let port = 0; port <= 0xffff; port++) {
    if (set.bits[port >>> 5] === 0) port |= 31
    else if (hasPort(set, port)) {
      const last = ranges.at(-1)
      if (last !== undefined && last.high === port - 1) last.high = port
      else ranges.push({ low: port, high: port })
    }
  }
  return ranges
}
