/**
 * The candidate that a mistyped word most likely meant, or undefined where none is close.
 * Close: at most two slips (letter added, left out, changed, or two swapped) in five letters, and one in shorter words.
 * Candidates that the word begins, or that begin the word, count as close too.
 */
export function nearestName(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  const allowed = Math.max(1, Math.floor(wanted.length * 2 / 5))
  let best: string | undefined
  let bestSlips = allowed + 1
  for (const candidate of candidates) {
    const slips = slipsBetween(wanted, candidate.toLowerCase(), bestSlips)
    if (slips < bestSlips) [best, bestSlips] = [candidate, slips]
  }
  return best ?? beginning(wanted, candidates)
}

function beginning(wanted: string, candidates: Iterable<string>): string | undefined {
  if (wanted.length < 2) return undefined
  for (const candidate of candidates) {
    const lower = candidate.toLowerCase()
    if (lower.length >= 2 && (lower.startsWith(wanted) || wanted.startsWith(lower))) return candidate
  }
  return undefined
}

/** Damerau-Levenshtein distance (adjacent swaps), or `limit` where it is no less than that. */
export function slipsBetween(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let slips = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) slips = Math.min(slips, before[j - 2] + 1)
      row.push(slips)
    }
    before = last
    last = row
  }
  return Math.min(last[b.length], limit)
}
