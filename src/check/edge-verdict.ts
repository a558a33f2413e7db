import type { Edge } from './edge.ts'
import type { EdgeVerdict, Verdict } from './verdict.ts'

/** How much a verdict is worth: what `--expect` and `--baseline` compare. */
export const WORTH: Readonly<Record<EdgeVerdict, number>> = { 'mtls': 4, 'mtls (inferred)': 3, 'tls': 2, 'mixed': 1, 'unknown': 1, 'plaintext': 0 }

const ORDER: readonly Verdict[] = ['plaintext', 'unknown', 'tls', 'mtls (inferred)', 'mtls']

/** What its connections come to. Proved and inferred mTLS together are inferred; whatever else is together is mixed. */
export function edgeVerdict(connections: Edge['connections']): EdgeVerdict {
  const found = ORDER.filter((verdict) => connections[verdict] !== undefined)
  if (found.length === 0) return 'unknown'
  if (found.length === 1) return found[0]!
  return found.every((verdict) => verdict === 'mtls' || verdict === 'mtls (inferred)') ? 'mtls (inferred)' : 'mixed'
}

/** Some are mutual, and of the others it is only not known: nothing is there that a cause could be looked for of. */
export function isMutualAsSeen({ mtls = 0, 'mtls (inferred)': inferred = 0, tls = 0, plaintext = 0 }: Readonly<Partial<Record<Verdict, number>>>): boolean {
  return mtls + inferred > 0 && tls + plaintext === 0
}

/** The worth of its worst connection. */
export function worthOf(connections: Readonly<Partial<Record<Verdict, number>>>): number {
  return Math.min(...ORDER.filter((verdict) => connections[verdict] !== undefined).map((verdict) => WORTH[verdict]), Infinity)
}

/** `12 mtls, 1 plaintext`. */
export function countsText(connections: Readonly<Partial<Record<Verdict, number>>>): string {
  return [...ORDER].reverse().flatMap((verdict) => connections[verdict] === undefined ? [] : [`${connections[verdict]} ${verdict}`]).join(', ')
}
