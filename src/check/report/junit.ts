import type { Outcome } from '../expectation.ts'
import { outcomeLines } from '../expectation.ts'
import type { CheckReport, EdgeReport } from '../verdict.ts'
import { isLeftOut } from '../older.ts'
import { markup } from './markup.ts'
import { edgeText, evidenceText } from './text.ts'

/** JUnit's XML: each edge is a test. It fails where it is less than what was asked, and is skipped where it is allowed to be, or nothing of it is judged. */
export function junitReport(report: CheckReport, outcome: Outcome): string {
  const failing = new Set(outcome.failing)
  const cases = report.edges.map((edge) => testCase(edge, failing.has(edge), outcome))
  const extra = outcome.holds || outcome.failing.length > 0 ? [] : [failure('the report as a whole', outcomeLines(outcome))]
  const skipped = report.edges.filter((edge) => edge.allowed !== undefined || isLeftOut(edge)).length
  const counts = `tests="${cases.length + extra.length}" failures="${failing.size + extra.length}" errors="0" time="0"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="mtlscope check" ${counts}>`,
    `  <testsuite name="${markup(report.source)}" skipped="${skipped}" ${counts}>`, ...cases, ...extra,
    `    <system-out>${markup([...report.notes, ...outcomeLines(outcome)].join('\n'))}</system-out>`, '  </testsuite>', '</testsuites>', '',
  ].join('\n')
}

function testCase(edge: EdgeReport, fails: boolean, { expected }: Outcome): string {
  const head = `    <testcase classname="mtlscope.check" name="${markup(edgeText(edge))}" time="0"`
  if (edge.allowed !== undefined) return `${head}>\n      <skipped>${markup(`allowed by ${edge.allowed}: ${edge.verdict}`)}</skipped>\n    </testcase>`
  if (isLeftOut(edge)) return `${head}>\n      <skipped>${markup(`${edge.leftOut}: ${edge.verdict}`)}</skipped>\n    </testcase>`
  if (fails) return `${head}>\n      <failure message="${markup(`${edge.verdict}, asked was ${expected}: ${edge.because}`)}" type="${markup(edge.verdict)}">${markup(details(edge))}</failure>\n    </testcase>`
  return `${head}>\n      <system-out>${markup(`${edge.verdict}: ${details(edge)}`)}</system-out>\n    </testcase>`
}

function failure(name: string, lines: readonly string[]): string {
  return `    <testcase classname="mtlscope.check" name="${markup(name)}" time="0">\n      <failure message="${markup(lines[0] ?? 'does not hold')}">${markup(lines.join('\n'))}</failure>\n    </testcase>`
}

function details(edge: EdgeReport): string {
  return [
    ...(edge.leftOut === undefined ? [] : [edge.leftOut]), edge.because, ...edge.evidence.map(evidenceText), ...edge.findings.flatMap(({ severity, what, fix }) => [`${severity}: ${what}`, `fix: ${fix}`]),
    ...edge.why.flatMap(({ what, fix }) => [`why not: ${what}`, `fix: ${fix}`]), ...(edge.forProof === undefined ? [] : [`for proof: ${edge.forProof}`]),
  ].join('\n')
}
