import assert from 'node:assert/strict'
import test from 'node:test'
import { parseBaseline, worseEdges } from './baseline.ts'
import { AllowPattern, allowEdges, judgeReport, outcomeLines } from './expectation.ts'
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
  for (const pattern of ['web -> cart.shop:8080', 'web→cart.shop', '* -> *:8080', 'cart.*', '10.0.0.1 -> 10.0.0.2:80*', '*']) assert.equal(covers(pattern), true, pattern)
  for (const pattern of ['web -> cart.shop:80', 'cart', 'w -> cart.shop', 'web -> cartxshop', '(web|x) -> *']) assert.equal(covers(pattern), false, pattern)
  const patterns = [new AllowPattern('* -> ads'), new AllowPattern('* -> nobody')]
  const all = allowEdges(report(edge('ads', 'plaintext'), edge('cart', 'mtls')), patterns)
  const outcome = judgeReport(all, 'mtls', patterns)
  assert.deepEqual([outcome.holds, outcome.allowed.map(({ server }) => server)], [true, ['ads']])
  assert.deepEqual(outcomeLines(outcome), ['--allow * -> nobody covers no edge', '1 edge is allowed to be less', 'every edge is at least mtls'])
})

test('a baseline tells only what got worse', () => {
  const before = report(edge('a', 'mtls'), edge('b', 'tls'), edge('c', 'mtls (inferred)'), edge('d', 'mtls'))
  const baseline = parseBaseline(JSON.stringify(jsonReport(before, judgeReport(before, undefined, []))))!
  const finding = { kind: 'weak-suite', severity: 'high', what: 'x', fix: 'y' } as const
  const now = report(edge('a', 'plaintext'), edge('b', 'tls'), edge('c', 'mtls'), edge('d', 'mtls', { findings: [finding] }), edge('e', 'tls'), edge('f', 'mtls'))
  assert.deepEqual(worseEdges(now, baseline).worse, ['web → a:8080: plaintext, was mtls', 'web → d:8080: new finding: weak-suite', 'web → e:8080: new, and tls'])
  for (const text of ['', '{}', '{"edges":[1]}', '{"edges":[{"client":"a","server":"b","port":1,"verdict":"fine","findings":[]}]}']) assert.equal(parseBaseline(text), undefined, text)
})
