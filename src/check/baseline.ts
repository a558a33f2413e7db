import { VERDICTS, FINDING_KINDS } from './verdict.ts'
import type { CheckReport, EdgeReport, EdgeVerdict, FindingKind } from './verdict.ts'
import { WORTH } from './edge-verdict.ts'

/** What is compared of an earlier report. */
export interface BaselineEdge { readonly verdict: EdgeVerdict, readonly findings: ReadonlySet<FindingKind> }

export type Baseline = ReadonlyMap<string, BaselineEdge>

/** A report of `-o json`; undefined where it is none. */
export function parseBaseline(text: string): Baseline | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const edges = (value as { edges?: unknown } | null)?.edges
  if (!Array.isArray(edges)) return undefined
  const baseline = new Map<string, BaselineEdge>()
  for (const edge of edges as unknown[]) {
    const parsed = parseEdge(edge)
    if (parsed === undefined) return undefined
    baseline.set(parsed[0], parsed[1])
  }
  return baseline
}

function parseEdge(value: unknown): [string, BaselineEdge] | undefined {
  const { client, server, port, verdict, findings } = (value ?? {}) as Record<string, unknown>
  if (typeof client !== 'string' || typeof server !== 'string' || typeof port !== 'number' || !Array.isArray(findings)) return undefined
  if (!VERDICTS.includes(verdict as EdgeVerdict)) return undefined
  const kinds = findings.map((finding) => (finding as { kind?: unknown } | null)?.kind).filter((kind): kind is FindingKind => typeof kind === 'string' && kind in FINDING_KINDS)
  return [keyOf({ client, server, port }), { verdict: verdict as EdgeVerdict, findings: new Set(kinds) }]
}

function keyOf({ client, server, port }: { client: string, server: string, port: number }): string {
  return `${client} ${server} ${port}`
}

/** The edges that are less than they were, are new and not mTLS, or have findings of a new kind; a sentence for each reason. */
export function worseEdges(report: CheckReport, baseline: Baseline): { readonly edges: readonly EdgeReport[], readonly worse: readonly string[] } {
  const edges: EdgeReport[] = []
  const worse: string[] = []
  for (const edge of report.edges) {
    if (edge.allowed !== undefined) continue
    const reasons = reasonsOf(edge, baseline.get(keyOf(edge)))
    if (reasons.length === 0) continue
    edges.push(edge)
    worse.push(...reasons.map((reason) => `${edge.client} → ${edge.server}:${edge.port}: ${reason}`))
  }
  return { edges, worse }
}

function reasonsOf(edge: EdgeReport, before: BaselineEdge | undefined): string[] {
  if (before === undefined) return WORTH[edge.verdict] >= WORTH['mtls (inferred)'] ? [] : [`new, and ${edge.verdict}`]
  const reasons = WORTH[edge.verdict] < WORTH[before.verdict] ? [`${edge.verdict}, was ${before.verdict}`] : []
  const kinds = new Set(edge.findings.map(({ kind }) => kind))
  for (const kind of kinds) if (!before.findings.has(kind)) reasons.push(`new finding: ${kind}`)
  return reasons
}
