import assert from 'node:assert/strict'
import test from 'node:test'
import { parseBaseline, worseEdges } from './baseline.ts'
import { AllowPattern, allowEdges, judgeReport, outcomeLines } from './expectation.ts'
import { leaveOutOlder } from './older.ts'
import { jsonReport } from './report/json.ts'
import type { CheckReport, EdgeReport, EdgeVerdict, Verdict } from './verdict.ts'

function edge(server: string, verdict: EdgeVerdict, more: Partial<EdgeReport> = {}): EdgeReport {
  return {
    client: 'web', server, port: 8080, verdict, because: 'so', connections: verdict === 'mixed' ? { mtls: 1, plaintext: 1 } : { [verdict as Verdict]: 1 }, refused: 0,
    firstMicros: 0, lastMicros: 0, addresses: { client: ['10.0.0.1'], server: ['10.0.0.2'] }, evidence: [], findings: [], why: [], ...more,
  }
}

function report(...edges: EdgeReport[]): CheckReport {
  return { tool: 'mtlscope check', version: '0', source: 'x', firstMicros: 0, lastMicros: 0, edges, notes: [], clearHops: 0, packets: 0 }
}

test('what is expected holds of each edge, by its worst connection', () => {
  const all = report(edge('a', 'mtls'), edge('b', 'mtls (inferred)'), edge('c', 'tls'), edge('d', 'mixed'), edge('e', 'unknown'), edge('f', 'plaintext'))
  const failing = (expected: 'mtls' | 'mtls-inferred' | 'tls'): string => judgeReport(all, expected, []).failing.map(({ server }) => server).join('')
  assert.deepEqual([failing('mtls'), failing('mtls-inferred'), failing('tls')], ['bcdef', 'cdef', 'def'])
  assert.equal(judgeReport(all, undefined, []).holds, true)
  assert.equal(judgeReport(report(edge('g', 'unknown', { connections: {}, refused: 2 })), 'tls', []).holds, false)
})

test('of nothing nothing holds, unless nothing was asked', () => {
  assert.equal(judgeReport(report(), 'tls', []).holds, false)
  assert.equal(judgeReport(report(), undefined, []).holds, true)
})

test('a pattern covers edges by names or addresses, and one that covers nothing is told', () => {
  const covers = (pattern: string): boolean => new AllowPattern(pattern).covers(edge('cart.shop', 'tls'))
  for (const pattern of ['web -> cart.shop:8080', 'web→cart.shop', '* -> *:8080', '* -> cart.*', '10.0.0.1 -> 10.0.0.2:80*', '*->*']) assert.equal(covers(pattern), true, pattern)
  for (const pattern of ['web -> cart.shop:80', '* -> cart', 'w -> cart.shop', 'web -> cartxshop', '(web|x) -> *']) assert.equal(covers(pattern), false, pattern)
  for (const text of ['web -> cart', '*→*']) assert.equal(AllowPattern.isEdge(text), true, text)
  for (const text of ['cart', '', '->', 'web ->', '-> cart', 'a -> b -> c']) assert.equal(AllowPattern.isEdge(text), false, text)
  const patterns = [new AllowPattern('* -> ads'), new AllowPattern('* -> nobody')]
  const all = allowEdges(report(edge('ads', 'plaintext'), edge('cart', 'mtls')), patterns)
  const outcome = judgeReport(all, 'mtls', patterns)
  assert.deepEqual([outcome.holds, outcome.allowed.map(({ server }) => server)], [true, ['ads']])
  assert.deepEqual(outcomeLines(outcome), ['--allow * -> nobody covers no edge', '1 edge is allowed to be less', 'every edge is at least mtls'])
})

const STRICT_AND_OLD = edge('a', 'mtls (inferred)', { connections: { 'mtls': 2, 'mtls (inferred)': 3 }, older: { 'mtls (inferred)': 3 } })
const ALL_OLD = edge('b', 'unknown', { connections: { unknown: 4 }, older: { unknown: 4 } })
const NEW_TLS = edge('c', 'mixed', { connections: { tls: 1, unknown: 2 }, older: { unknown: 2 } })
const ENDED = edge('d', 'unknown', { connections: {} })
const IN_THE_CLEAR = edge('e', 'mixed', { connections: { mtls: 1, plaintext: 1, unknown: 1 }, older: { unknown: 1 } })
const REFUSED = edge('f', 'unknown', { connections: { unknown: 1 }, older: { unknown: 1 }, refused: 2 })

test('of new connections only: what is older is listed, counted and not judged', () => {
  const all = leaveOutOlder(report(STRICT_AND_OLD, ALL_OLD, ENDED))
  assert.deepEqual(all.edges.map(({ leftOut }) => leftOut), ['not judged: 3 of 5 connections, older than the watch', 'not judged: 4 connections, older than the watch', 'not judged: nothing was opened in the watch'])
  const outcome = judgeReport(all, 'mtls', [])
  assert.deepEqual([outcome.holds, outcome.leftOut], [true, { connections: 7, edges: 2 }])
  assert.deepEqual(outcomeLines(outcome), ['not judged, as older than the watch: 7 connections; 2 edges have no others, and are not judged', 'every connection that was opened in the watch is at least mtls'])
  assert.deepEqual(judgeReport(leaveOutOlder(report(STRICT_AND_OLD, NEW_TLS, IN_THE_CLEAR, REFUSED)), 'mtls', []).failing.map(({ server }) => server), ['c', 'e', 'f'])
})

test('where nothing was opened in the watch nothing holds, nor on edges that are allowed to be less', () => {
  const why = ['no connection was opened in the watch: there is nothing to judge']
  for (const edges of [[ALL_OLD], [ENDED], [ALL_OLD, ENDED]]) {
    const outcome = judgeReport(leaveOutOlder(report(...edges)), 'tls', [])
    assert.deepEqual([outcome.holds, outcome.remarks, outcomeLines(outcome).at(-1)], [false, why, 'not shown to be tls'])
  }
  const patterns = [new AllowPattern('* -> c')]
  assert.deepEqual(judgeReport(allowEdges(leaveOutOlder(report(ALL_OLD, NEW_TLS)), patterns), 'mtls', patterns).remarks, why)
  assert.equal(judgeReport(allowEdges(leaveOutOlder(report(NEW_TLS)), patterns), 'mtls', patterns).holds, true)
  assert.equal(judgeReport(leaveOutOlder(report()), 'tls', []).holds, false)
})

test('where only older connections are less, the way to judge the others is told', () => {
  const remarks = (...edges: EdgeReport[]): readonly string[] => judgeReport(report(...edges), 'mtls', []).remarks
  assert.deepEqual(remarks(STRICT_AND_OLD, NEW_TLS), ['1 of 2 edges that are less is so only by connections that are older than the watch; --new-only judges those that were opened in it'])
  assert.deepEqual([remarks(NEW_TLS, IN_THE_CLEAR), remarks(edge('g', 'mtls'))], [[], []])
})

test('a baseline tells only what got worse', () => {
  const before = report(edge('a', 'mtls'), edge('b', 'tls'), edge('c', 'mtls (inferred)'), edge('d', 'mtls'))
  const baseline = parseBaseline(JSON.stringify(jsonReport(before, judgeReport(before, undefined, []))))!
  const finding = { kind: 'weak-suite', severity: 'high', what: 'x', fix: 'y' } as const
  const now = report(edge('a', 'plaintext'), edge('b', 'tls'), edge('c', 'mtls'), edge('d', 'mtls', { findings: [finding] }), edge('e', 'tls'), edge('f', 'mtls'))
  assert.deepEqual(worseEdges(now, baseline).worse, ['web → a:8080: plaintext, was mtls', 'web → d:8080: new finding: weak-suite', 'web → e:8080: new, and tls'])
  for (const text of ['', '{}', '{"edges":[1]}', '{"edges":[{"client":"a","server":"b","port":1,"verdict":"fine","findings":[]}]}']) assert.equal(parseBaseline(text), undefined, text)
})
