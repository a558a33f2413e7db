import type { DiffLine } from '../model/api.ts'

/** Longer texts are not compared line by line: the table would have the product of both. */
const MAX_LINES = 1000

/** The lines of two texts, with those in common once (longest common subsequence). */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  if (before.length > MAX_LINES || after.length > MAX_LINES) return [...before.slice(0, MAX_LINES).map((text) => ({ kind: 'old', text } as const)), ...after.slice(0, MAX_LINES).map((text) => ({ kind: 'new', text } as const))]
  const lengths = commonLengths(before, after)
  const width = after.length + 1
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      lines.push({ kind: 'same', text: before[i]! })
      i++
      j++
    } else if (j >= after.length || (i < before.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) lines.push({ kind: 'old', text: before[i++]! })
    else lines.push({ kind: 'new', text: after[j++]! })
  }
  return lines
}

/** How many lines what follows `i` and `j` has in common. */
function commonLengths(before: readonly string[], after: readonly string[]): Uint16Array {
  const width = after.length + 1
  const lengths = new Uint16Array((before.length + 1) * width)
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      lengths[i * width + j] = before[i] === after[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  return lengths
}
