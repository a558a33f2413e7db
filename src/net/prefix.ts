import { parseAddress } from './address.ts'

export type Words = readonly [number, number, number, number]

/**
 * An address or a network, as four 32-bit words (unsigned). IPv4 uses word 3 only, as Packet does.
 * `bits` counts from the first of the 128 bits, so an IPv4 address has 128 and 10.0.0.0/8 has 104. Bits beyond are 0.
 */
export interface Prefix { readonly version: 4 | 6, readonly words: Words, readonly bits: number }

/** `10.0.0.7`, `10.1.0.0/16`, `fd00::1`, `fd00::/8`; undefined for anything else. Host bits of a network are cleared. */
export function parsePrefix(text: string): Prefix | undefined {
  const [ip, length, ...more] = text.split('/')
  const address = more.length > 0 ? undefined : parseAddress(ip)
  if (address === undefined) return undefined
  const own = address.version === 4 ? 32 : 128
  if (length !== undefined && !(/^\d{1,3}$/.test(length) && Number(length) <= own)) return undefined
  const bits = 128 - own + (length === undefined ? own : Number(length))
  return { version: address.version, words: maskWords(address.words, bits), bits }
}

export function maskWords(words: Words, bits: number): Words {
  return [
    (words[0] & wordMask(bits, 0)) >>> 0, (words[1] & wordMask(bits, 1)) >>> 0,
    (words[2] & wordMask(bits, 2)) >>> 0, (words[3] & wordMask(bits, 3)) >>> 0,
  ]
}

/** The mask of word `index` (0 to 3) for a prefix of `bits`, as a signed number. */
export function wordMask(bits: number, index: number): number {
  const own = bits - index * 32
  return own <= 0 ? 0 : own >= 32 ? -1 : -1 << (32 - own)
}

/** In order, without those that lie inside another. */
export function disjointPrefixes(prefixes: readonly Prefix[]): Prefix[] {
  const sorted = [...prefixes].sort(comparePrefixes)
  const kept: Prefix[] = []
  for (const prefix of sorted) {
    const last = kept.at(-1)
    if (last === undefined || !contains(last, prefix)) kept.push(prefix)
  }
  return kept
}

function contains(outer: Prefix, inner: Prefix): boolean {
  if (outer.version !== inner.version || outer.bits > inner.bits) return false
  return maskWords(inner.words, outer.bits).every((word, i) => word === outer.words[i])
}

function comparePrefixes(a: Prefix, b: Prefix): number {
  if (a.version !== b.version) return a.version - b.version
  for (let i = 0; i < 4; i++) if (a.words[i] !== b.words[i]) return a.words[i] - b.words[i]
  return a.bits - b.bits
}
