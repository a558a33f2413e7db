import type { Address } from '../../net/address.ts'
import { formatAddress, isLoopbackWords, parseAddress } from '../../net/address.ts'

/** From one address to another, both belonging to it. `low` and `high` have the same version. */
export interface AddressRange { readonly low: Address, readonly high: Address }

export function isInside(address: Address, range: AddressRange): boolean {
  if (address.version !== range.low.version) return false
  if (address.version === 4) {
    const word = address.words[3]
    return word >= range.low.words[3] && word <= range.high.words[3]
  }
  return compareAddresses(address, range.low) >= 0 && compareAddresses(address, range.high) <= 0
}

/** Lists that are longer are in order and do not overlap (orderedAddresses), and are halved instead of walked. */
const SHORT = 16

/** The same addresses, so that isInsideAny is quick however many ranges there are. */
export function orderedAddresses(ranges: readonly AddressRange[]): readonly AddressRange[] {
  if (ranges.length <= SHORT) return ranges
  const ordered: AddressRange[] = []
  for (const range of [...ranges].sort((a, b) => inOrder(a.low, b.low))) {
    const last = ordered.at(-1)
    if (last === undefined || inOrder(range.low, last.high) > 0) ordered.push(range)
    else if (inOrder(range.high, last.high) > 0) ordered[ordered.length - 1] = { low: last.low, high: range.high }
  }
  return ordered
}

function inOrder(a: Address, b: Address): number {
  return a.version - b.version || compareAddresses(a, b)
}

/** Of more than 16 ranges only those of orderedAddresses. */
export function isInsideAny(address: Address, ranges: readonly AddressRange[]): boolean {
  if (ranges.length > SHORT) return isInsideOrdered(address, ranges)
  for (let i = 0; i < ranges.length; i++) if (isInside(address, ranges[i]!)) return true
  return false
}

function isInsideOrdered(address: Address, ranges: readonly AddressRange[]): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = low + high >>> 1
    if (inOrder(ranges[middle]!.high, address) < 0) low = middle + 1
    else high = middle
  }
  return low < ranges.length && isInside(address, ranges[low]!)
}

/** Of one version. Negative where `a` is before `b`. */
export function compareAddresses(a: Address, b: Address): number {
  for (let i = 0; i < 4; i++) {
    const difference = a.words[i]! - b.words[i]!
    if (difference !== 0) return difference
  }
  return 0
}

export function sameAddress(a: Address, b: Address): boolean {
  return a.version === b.version && compareAddresses(a, b) === 0
}

export function single(address: Address): AddressRange {
  return { low: address, high: address }
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8` or a bare address. Undefined for anything else. */
export function parsePrefix(text: string): AddressRange | undefined {
  const slash = text.indexOf('/')
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash))
  if (address === undefined) return undefined
  if (slash < 0) return single(address)
  const length = prefixLength(text.slice(slash + 1), address.version)
  return length === undefined ? undefined : prefixRange(address, length)
}

/** The prefix of that length which the address lies in. */
export function prefixRange(address: Address, length: number): AddressRange {
  if (length === (address.version === 4 ? 32 : 128)) return single(address)
  const low: number[] = []
  const high: number[] = []
  const shift = address.version === 4 ? 96 : 0
  for (let i = 0; i < 4; i++) {
    const bits = Math.max(0, Math.min(32, length + shift - 32 * i))
    const mask = bits === 0 ? 0 : 0xffff_ffff << 32 - bits
    low.push((address.words[i]! & mask) >>> 0)
    high.push(address.version === 4 && i < 3 ? 0 : (address.words[i]! & mask | ~mask) >>> 0)
  }
  return { low: { version: address.version, words: quad(low) }, high: { version: address.version, words: quad(high) } }
}

function quad(words: readonly number[]): [number, number, number, number] {
  return [words[0]!, words[1]!, words[2]!, words[3]!]
}

function prefixLength(text: string, version: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= (version === 4 ? 32 : 128) ? Number(text) : undefined
  const mask = parseAddress(text)
  if (mask === undefined || mask.version !== version || version === 6) return undefined
  const inverted = ~mask.words[3] >>> 0
  // Only masks whose ones come first are prefixes.
  return (inverted & inverted + 1) === 0 ? Math.clz32(inverted) : undefined
}

export function addressText(address: Address): string {
  return formatAddress(address.version, ...address.words)
}

export function rangeOfAddressesText(range: AddressRange): string {
  const low = addressText(range.low)
  if (compareAddresses(range.low, range.high) === 0) return low
  const length = lengthOf(range)
  return length === undefined ? `${low}-${addressText(range.high)}` : `${low}/${length}`
}

/** The length of the prefix that the range is; undefined where it is none. */
export function lengthOf({ low, high }: AddressRange): number | undefined {
  let length = low.version === 4 ? -96 : 0
  for (let i = 0; i < 4; i++) {
    const differing = (low.words[i]! ^ high.words[i]!) >>> 0
    length += 32
    if (differing === 0) continue
    const isWhole = (differing & differing + 1) === 0 && (low.words[i]! & differing) === 0 && restIsWhole(low, high, i + 1)
    return isWhole ? length - 32 + Math.clz32(differing) : undefined
  }
  return length
}

/** The words from `first` on go from all zeros to all ones. */
function restIsWhole(low: Address, high: Address, first: number): boolean {
  for (let i = first; i < 4; i++) if (low.words[i] !== 0 || high.words[i] !== 0xffff_ffff) return false
  return true
}

export function isLoopback(address: Address): boolean {
  return isLoopbackWords(address.version, ...address.words)
}
