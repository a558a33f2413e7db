import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import Ajv from 'ajv-draft-04'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { validateXML } from 'xmllint-wasm'
import fc from '#property'
import { checkCapture } from '../check-capture.fixture.ts'
import type { Outcome } from '../expectation.ts'
import { AllowPattern, allowEdges, judgeReport } from '../expectation.ts'
import { leaveOutOlder } from '../older.ts'
import { FINDING_KINDS, VERDICTS } from '../verdict.ts'
import type { CheckReport, EdgeReport, FindingKind, Verdict } from '../verdict.ts'
import { htmlReport } from './html.ts'
import { jsonReport } from './json.ts'
import { junitReport } from './junit.ts'
import { mdReport } from './md.ts'
import { sarifReport } from './sarif.ts'
import { textReport } from './text.ts'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const checkSarif = addFormats.default(new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false })).compile(JSON.parse(read('test/fixtures/schemas/sarif-2.1.0-rtm.5.json')))
const checkJson = addFormats.default(new Ajv2020({ strict: true, allErrors: true }) as never).compile(JSON.parse(read('docs/schema/check.schema.json')))
const PLAIN = { safe: (text: string) => text, paint: (_colour: string, text: string) => text }

/** Everything that may be in a report, with what a peer may say wherever one may say anything. */
function everything(evil: string): CheckReport {
  const edges = VERDICTS.map((verdict, i): EdgeReport => ({
    client: evil, server: `${evil}${i}`, port: 8443, verdict, because: evil, forProof: evil, connections: verdict === 'mixed' ? { tls: 1, plaintext: 2 } : { [verdict as Verdict]: 3 },
    refused: i, firstMicros: 1e15, lastMicros: 2e15, addresses: { client: [evil], server: [evil] },
    tls: { versions: ['TLS 1.3'], suites: [evil], groups: [evil], sni: [evil], alpn: [evil], resumed: 1, postQuantum: true },
    clientIdentity: { spiffeId: evil, subject: evil, issuer: evil, names: [evil], chainLength: 1, proved: true },
    serverIdentity: { subject: evil, chainLength: 2, proved: false },
    evidence: [{ kind: 'client-hello', what: evil, frame: 4, atMicros: 1e15 }, { kind: 'limit', what: evil }],
    findings: (Object.keys(FINDING_KINDS) as FindingKind[]).map((kind, n) => ({ kind, severity: (['critical', 'high', 'medium', 'low'] as const)[n % 4]!, what: evil, fix: evil, frame: 1 + n })),
    why: [{ kind: 'not-injected', what: evil, fix: evil }],
    path: [{ kind: 'clear', from: evil, to: 'proxy', what: evil }, { kind: 'tls', from: 'proxy', to: 'proxy', what: evil }],
    ...(i === 2 && { allowed: evil }),
  }))
  return { tool: 'mtlscope check', version: '1.2.3', source: evil, firstMicros: 1e15, lastMicros: -1, edges, notes: [evil], clearHops: 3, packets: 7 }
}

/** The last two edges have connections that are older than the watch: one nothing else, one beside mutual ones. */
function withOlder(report: CheckReport): CheckReport {
  const older = [{ connections: { unknown: 3 }, older: { unknown: 3 }, refused: 0 }, { connections: { 'mtls': 1, 'mtls (inferred)': 2, 'unknown': 1 }, older: { 'mtls (inferred)': 2, 'unknown': 1 }, refused: 0, verdict: 'mixed' as const }]
  return leaveOutOlder({ ...report, edges: report.edges.map((edge, i, { length }) => ({ ...edge, ...older[i - length + 2] })) })
}

const EVIL = 'a"b\'c<script>alert(1)</script>&amp; ]]> | `x` [l](http://x) \u0000\u001b[2J\u202e\u0085 \ud800 ✓\n# h'
const outcomeOf = (report: CheckReport): Outcome => judgeReport(report, 'mtls', [new AllowPattern('x -> y')])
const REPORTS = [everything('web'), everything(EVIL), { ...everything('x'), edges: [] }, await checkCapture('tls12-mutual.pcapng'), await checkCapture('postgres-logins.pcap'), withOlder(everything('web'))]

test('JSON reports hold their schema, and the schema refuses what is no report', () => {
  for (const report of REPORTS) {
    const value = JSON.parse(JSON.stringify(jsonReport(report, { ...outcomeOf(report), worse: ['x'] }))) as { edges: { verdict: string }[] }
    assert.ok(checkJson(value), JSON.stringify(checkJson.errors))
    if (value.edges[0] === undefined) continue
    value.edges[0].verdict = 'good'
    assert.equal(checkJson(value), false)
  }
})

test('SARIF reports hold the schema of SARIF 2.1.0', () => {
  for (const report of REPORTS) {
    for (const artifact of [undefined, 'a b/ü 50%.pcapng']) {
      checkSarif(JSON.parse(JSON.stringify(sarifReport(report, outcomeOf(report), artifact))))
      assert.deepEqual(checkSarif.errors ?? [], [])
    }
  }
})

test('JUnit reports are valid XML of their schema, with a failure for each edge that is less', async () => {
  const xml = REPORTS.map((report, i) => ({ fileName: `${i}.xml`, contents: junitReport(report, outcomeOf(report)) }))
  const { errors } = await validateXML({ xml, schema: { fileName: 'junit.xsd', contents: read('test/fixtures/schemas/jenkins-junit.xsd') } })
  assert.deepEqual(errors.map(({ rawMessage }) => rawMessage), [])
  const report = allowEdges(everything('web'), [new AllowPattern('web -> web5')])
  const text = junitReport(report, judgeReport(report, 'tls', [new AllowPattern('web -> web5')]))
  assert.deepEqual([text.match(/<failure /g)?.length, text.match(/<skipped>/g)?.length], [2, 2])
})

test('what is left out as older than the watch is said in every form, and its verdict is no result', () => {
  const report = withOlder(everything('web'))
  const outcome = judgeReport(report, 'tls', [])
  const [none, some] = ['not judged: 3 connections, older than the watch', 'not judged: 3 of 4 connections, older than the watch']
  const line = 'not judged, as older than the watch: 6 connections; 1 edge has no others, and is not judged'
  for (const text of [textReport(report, outcome, PLAIN), htmlReport(report, outcome), mdReport(report, outcome), junitReport(report, outcome), JSON.stringify(sarifReport(report, outcome, undefined))]) {
    for (const part of [none!, some!, line]) assert.ok(text.includes(part), part)
  }
  const json = jsonReport(report, outcome) as { newOnly: boolean, leftOut: unknown, edges: { leftOut?: string, older?: object }[] }
  assert.deepEqual([json.newOnly, json.leftOut, json.edges.at(-1)], [true, { connections: 6, edges: 1 }, { ...json.edges.at(-1), leftOut: some, older: { 'mtls (inferred)': 2, 'unknown': 1 } }])
  assert.equal(junitReport(report, outcome).match(/<skipped>/g)?.length, 2)
  const { results } = (sarifReport(report, outcome, undefined) as { runs: { results: { ruleId: string, suppressions?: { justification: string }[] }[] }[] }).runs[0]!
  assert.deepEqual(results.flatMap(({ ruleId, suppressions: [why] = [] }) => why === undefined || why.justification.startsWith('allowed') ? [] : [[ruleId, why.justification]]), [['edge-unknown', none], ['edge-mixed', some]])
})

test('no byte of a peer becomes markup, and the page loads nothing', () => {
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(EVIL)), (evil) => {
    const html = htmlReport(everything(`${evil}<img src=x onerror=alert(1)>"'`), outcomeOf(everything('x')))
    assert.doesNotMatch(html, /<(?:img|script)/)
    for (const [tag] of html.matchAll(/<[a-z][^>]*>/g)) assert.match(tag, /^<[a-z0-9]+(?: [a-z-]+(?::[a-z]+)?(?:="[^"<>]*")?)*\/?>$/i)
  }), { numRuns: 8 })
  const page = htmlReport(everything(EVIL), outcomeOf(everything('x')))
  assert.doesNotMatch(page, / (?:src|href|xlink:href)=|url\(|@import/)
  assert.match(page, /default-src 'none'/)
})

test('Markdown has no markup, link or table cell of a peer', () => {
  const text = mdReport(everything(EVIL), outcomeOf(everything('x')))
  assert.doesNotMatch(text, /<script|[^\\]\[l\]\(|http:\/\//)
  for (const row of text.split('\n').filter((line) => line.startsWith('| `'))) assert.equal(row.match(/(?<!\\)\|/g)!.length, 6)
})

test('the text has a line an edge with sign, word and port, and its evidence below', async () => {
  const report = await checkCapture('tls12-mutual.pcapng')
  const lines = textReport(report, judgeReport(report, undefined, []), PLAIN).split('\n')
  assert.match(lines[0]!, /^●═● mtls {13}10\.98\.0\.1 → 10\.98\.0\.2:8443 {2}1 connection$/)
  assert.ok(lines.some((line) => /^ {4}client {2}spiffe:\/\/shop\.example\/ns\/shop\/sa\/web, issued by .*, proved by its signature$/.test(line)))
  assert.ok(lines.some((line) => / \(frame 8, \d\d:\d\d:\d\d\.\d{6}Z\)$/.test(line)))
})
