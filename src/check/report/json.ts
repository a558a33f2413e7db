import type { Outcome } from '../expectation.ts'
import type { CheckReport, EdgeReport, Evidence, Finding } from '../verdict.ts'
import { instantText } from './signs.ts'

/** As docs/schema/check.schema.json has it; times as text. */
export function jsonReport(report: CheckReport, outcome: Outcome): object {
  const { tool, version, source, packets, clearHops, notes, edges } = report
  return {
    tool, version, source, from: instantText(report.firstMicros), to: instantText(report.lastMicros), packets, clearHops, ...(report.canary !== undefined && { canary: report.canary }), ...(report.filter !== undefined && { filter: report.filter }),
    ...(report.newOnly === true && { newOnly: true }), ...(outcome.leftOut !== undefined && { leftOut: outcome.leftOut }),
    holds: outcome.holds, ...(outcome.expected !== undefined && { expected: outcome.expected }),
    edges: edges.map(jsonEdge), notes: [...notes, ...outcome.remarks], ...(outcome.worse !== undefined && { worse: outcome.worse }),
  }
}

function jsonEdge(edge: EdgeReport): object {
  const { firstMicros, lastMicros, evidence, findings, ...rest } = edge
  return { ...rest, from: instantText(firstMicros), to: instantText(lastMicros), evidence: evidence.map(withInstant), findings: findings.map(withInstant) }
}

function withInstant<T extends Evidence | Finding>({ atMicros, ...rest }: T): object {
  return { ...rest, ...(atMicros !== undefined && { at: instantText(atMicros) }) }
}
