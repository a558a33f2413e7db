/** Both ends belong to it. */
export interface NumberRange { readonly from: number, readonly to: number }

/** Lists that are longer are in order and do not overlap (orderedRanges), and are halved instead of walked. */
const SHORT = 16

/** The same values, so that isWithin is quick however many ranges there are. */
export function orderedRanges(ranges: readonly NumberRange[]): readonly NumberRange[] {
  if (ranges.length <= SHORT) return ranges
  const ordered: { from: number, to: number }[] = []
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = ordered.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else ordered.push({ from, to })
  }
  return ordered
}

/** Of more than 16 ranges only those of orderedRanges. */
export function isWithin(value: number, ranges: readonly NumberRange[]): boolean {
  if (ranges.length > SHORT) return isWithinOrdered(value, ranges)
  for (let i = 0; i < ranges.length; i++) {
    const range = ranges[i]!
    if (value >= range.from && value <= range.to) return true
  }
  return false
}

/** `80`, `80:90` or `80-90`, either end may be left out (`:90`). Undefined where it is none, or lies beyond `limit`. */
export function parseRange(text: string, limit: number, separator: ':' | '-'): NumberRange | undefined {
  const at = text.indexOf(separator)
  if (at < 0) {
    const value = parseNumber(text)
    return value === undefined || value > limit ? undefined : { from: value, to: value }
  }
  const from = at === 0 ? 0 : parseNumber(text.slice(0, at))
  const to = at === text.length - 1 ? limit : parseNumber(text.slice(at + 1))
  return from === undefined || to === undefined || to > limit || from > to ? undefined : { from, to }
}

function isWithinOrdered(value: number, ranges: readonly NumberRange[]): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = low + high >>> 1
    if (ranges[middle]!.to < value) low = middle + 1
    else high = middle
  }
  return low < ranges.length && ranges[low]!.from <= value
}

const DECIMAL = /^\d{1,10}$/
const HEXADECIMAL = /^0x[0-9a-f]{1,8}$/i

/** Decimal or `0x` hexadecimal, at most 32 bits. */
export function parseNumber(text: string): number | undefined {
  if (!DECIMAL.test(text) && !HEXADECIMAL.test(text)) return undefined
  const value = Number(text)
  return value <= 0xffff_ffff ? value : undefined
}

export function rangeText({ from, to }: NumberRange): string {
  return from === to ? `${from}` : `${from}-${to}`
}
