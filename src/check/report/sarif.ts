import { edgeVerdict } from '../edge-verdict.ts'
import type { Outcome } from '../expectation.ts'
import { outcomeLines } from '../expectation.ts'
import { isLeftOut, openedConnections } from '../older.ts'
import { FINDING_KINDS } from '../verdict.ts'
import type { CheckReport, EdgeReport, EdgeVerdict, Finding, FindingSeverity } from '../verdict.ts'
import { edgeText, evidenceText } from './text.ts'

type Level = 'error' | 'warning' | 'note'

const LEVELS: Readonly<Record<FindingSeverity, Level>> = { critical: 'error', high: 'error', medium: 'warning', low: 'note' }
/** What code scanning sorts by, from 0 to 10. */
const SCORES: Readonly<Record<FindingSeverity, string>> = { critical: '9.5', high: '8.0', medium: '5.0', low: '3.0' }
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

/** A verdict below mTLS is a result of its own. */
const VERDICT_RULES: Readonly<Record<Exclude<EdgeVerdict, 'mtls' | 'mtls (inferred)'>, { id: string, what: string, severity: FindingSeverity }>> = {
  plaintext: { id: 'edge-plaintext', what: 'An edge is plaintext on the wire', severity: 'high' },
  mixed: { id: 'edge-mixed', what: 'The connections of an edge differ', severity: 'high' },
  tls: { id: 'edge-one-way-tls', what: 'An edge is encrypted, and the client shows no certificate', severity: 'medium' },
  unknown: { id: 'edge-unknown', what: 'Too little of an edge was seen', severity: 'low' },
}

interface Rule { readonly id: string, readonly what: string, readonly severity: FindingSeverity }
interface Result { readonly rule: Rule, readonly edge: EdgeReport, readonly text: string, readonly frame: number | undefined }

/** SARIF 2.1.0 (OASIS). `artifact`: the capture file, where it was one. Suppressed results: of allowed edges, and verdicts that only connections give which are left out. */
export function sarifReport(report: CheckReport, outcome: Outcome, artifact: string | undefined): object {
  const results = report.edges.flatMap(resultsOf)
  const rules = [...new Map(results.map(({ rule }) => [rule.id, rule])).values()]
  return {
    $schema: SCHEMA, version: '2.1.0',
    runs: [{
      tool: { driver: { name: 'mtlscope', version: report.version, rules: rules.map(sarifRule) } },
      invocations: [{ executionSuccessful: true, exitCode: outcome.holds ? 0 : 1, toolExecutionNotifications: [...report.notes, ...outcomeLines(outcome)].map((text) => ({ level: 'note', message: { text } })) }],
      results: results.map((result) => sarifResult(result, rules.indexOf(rules.find(({ id }) => id === result.rule.id)!), artifact)),
    }],
  }
}

function resultsOf(edge: EdgeReport): Result[] {
  const found = edge.findings.map((finding) => ({ rule: ruleOf(finding), edge, text: `${finding.what}. Fix: ${finding.fix}.`, frame: finding.frame }))
  if (edge.verdict === 'mtls' || edge.verdict === 'mtls (inferred)') return found
  const fixes = edge.why.map(({ what, fix }) => `${what}; fix: ${fix}`).join('. ')
  const proof = edge.evidence.slice(0, 3).map(evidenceText).join('; ')
  return [{ rule: VERDICT_RULES[edge.verdict], edge, text: [`${edge.verdict}: ${edge.because}`, proof, fixes].filter((part) => part !== '').join('. '), frame: edge.evidence[0]?.frame }, ...found]
}

function ruleOf({ kind, severity }: Finding): Rule {
  return { id: kind, what: FINDING_KINDS[kind], severity }
}

function sarifRule({ id, what, severity }: Rule): object {
  return {
    id, shortDescription: { text: what }, defaultConfiguration: { level: LEVELS[severity] },
    properties: { 'security-severity': SCORES[severity], 'tags': ['security', 'mtls'] },
  }
}

function sarifResult({ rule, edge, text, frame }: Result, ruleIndex: number, artifact: string | undefined): object {
  const physical = artifact === undefined ? {} : { physicalLocation: { artifactLocation: { uri: encodeURIComponent(artifact) } } }
  return {
    ruleId: rule.id, ruleIndex, level: LEVELS[rule.severity], message: { text: `${edgeText(edge)}: ${text}` },
    locations: [{ ...physical, logicalLocations: [{ name: edgeText(edge), kind: 'edge' }] }],
    partialFingerprints: { edge: `${edge.client} ${edge.server} ${edge.port} ${rule.id}` },
    ...suppressed(edge, rule),
    ...(frame !== undefined && { properties: { frame } }),
  }
}

function suppressed(edge: EdgeReport, rule: Rule): { suppressions?: object[] } {
  const why = edge.allowed !== undefined ? `allowed by ${edge.allowed}` : isVerdict(rule) && isFineWithoutOlder(edge) ? edge.leftOut : undefined
  return why === undefined ? {} : { suppressions: [{ kind: 'external', justification: why }] }
}

function isVerdict({ id }: Rule): boolean {
  return Object.values(VERDICT_RULES).some((rule) => rule.id === id)
}

function isFineWithoutOlder(edge: EdgeReport): boolean {
  if (edge.leftOut === undefined) return false
  const opened = edgeVerdict(openedConnections(edge))
  return isLeftOut(edge) || opened === 'mtls' || opened === 'mtls (inferred)'
}
