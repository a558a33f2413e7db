import { plural } from '../base/text.ts'
import type { CheckReport, EdgeReport, Verdict } from './verdict.ts'

type Connections = EdgeReport['connections']

/** For `--new-only`: says of each edge what of it is not judged. */
export function leaveOutOlder(report: CheckReport): CheckReport {
  return { ...report, newOnly: true, edges: report.edges.map((edge) => {
    const leftOut = leftOutText(edge)
    return leftOut === undefined ? edge : { ...edge, leftOut }
  }) }
}

/** The connections of which the beginning was seen, and those that are known to be plaintext. */
export function openedConnections({ connections, older = {} }: Pick<EdgeReport, 'connections' | 'older'>): Connections {
  const opened: Partial<Record<Verdict, number>> = {}
  for (const [verdict, count] of Object.entries(connections) as [Verdict, number][]) {
    const rest = count - (older[verdict] ?? 0)
    if (rest > 0) opened[verdict] = rest
  }
  return opened
}

export function olderCount({ older = {} }: Pick<EdgeReport, 'older'>): number {
  return sumOf(older)
}

/** Nothing of it was opened in the watch, nor tried to be. */
export function isOlderOnly(edge: EdgeReport): boolean {
  return edge.refused === 0 && sumOf(openedConnections(edge)) === 0
}

/** Nothing of it is judged. */
export function isLeftOut(edge: EdgeReport): boolean {
  return edge.leftOut !== undefined && isOlderOnly(edge)
}

function leftOutText(edge: EdgeReport): string | undefined {
  const [older, all] = [olderCount(edge), sumOf(edge.connections)]
  if (all === 0) return isOlderOnly(edge) ? 'not judged: nothing was opened in the watch' : undefined
  if (older === 0) return undefined
  const which = older === all ? plural(older, 'connection') : `${older} of ${all} connections`
  return `not judged: ${which}, older than the watch`
}

function sumOf(counts: Connections): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
