import type { NumberRange } from '../netfilter/number-range.ts'

/** Slots of one multiport match; a range needs two. */
const MAX_SLOTS = 15

/** As many in each as one multiport match takes. */
export function portGroups(ports: readonly NumberRange[]): NumberRange[][] {
  const groups: NumberRange[][] = []
  let left = 0
  for (const one of ports) {
    const slots = one.from === one.to ? 1 : 2
    if (slots > left) {
      groups.push([])
      left = MAX_SLOTS
    }
    groups.at(-1)!.push(one)
    left -= slots
  }
  return groups
}

/** In order; those that overlap or touch are one. */
export function mergedRanges(ranges: readonly NumberRange[]): NumberRange[] {
  const merged: NumberRange[] = []
  for (const one of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1)
    if (last === undefined || one.from > last.to + 1) merged.push(one)
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, one.to) }
  }
  return merged
}
