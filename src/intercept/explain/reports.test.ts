import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAddress } from '../../net/address.ts'
import { istioRedirect, tablesOf } from '../netfilter/listings.fixture.ts'
import { Netfilter } from '../netfilter/netfilter.ts'
import { planWorld } from '../netfilter/world.ts'
import { findHoles } from './find-holes.ts'
import type { HoleReport } from './hole.ts'
import { recogniseMesh } from './mesh-profile.ts'
import { junitReport } from './report-junit.ts'
import { sarifReport } from './report-sarif.ts'
import { holesText } from './report-text.ts'
import type { Subject } from './subject.ts'
import { waysSvg, waysText } from './ways-text.ts'
import { describeWays } from './ways.ts'

const tables = tablesOf(istioRedirect({ excludeInbound: [8080] }))
const subject: Subject = { netfilter: new Netfilter(tables), world: planWorld([parseAddress('10.0.0.2')!]), mesh: recogniseMesh(tables), versions: [4], live: undefined }
const NASTY: HoleReport = { holes: [{ kind: 'impostor', severity: 'critical', what: 'a <b> & "c" \u001b[2J', fix: 'x' }], notes: ['n'], unchecked: [], unknown: [] }

test('the ways of a pod, with the mesh that wrote them', () => {
  assert.equal(subject.mesh?.name, 'Istio')
  const ways = describeWays(subject)
  assert.deepEqual(ways.map(({ who, verdict }) => [who, verdict]), [['a client', 'proxy'], ['a client, UDP', 'clear'], ['an app', 'proxy'], ['an app, UDP', 'clear'], ['the proxy (1337)', 'own']])
  const lines = waysText(ways, 'pod').split('\n').filter((line) => /[│┌└]/.test(line))
  assert.equal(new Set(lines.slice(0, 4).map((line) => line.length)).size, 1)
  assert.match(waysSvg(ways, 'a <pod>'), /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 \d+ \d+"[\s\S]*a &lt;pod&gt;[\s\S]*<\/svg>\n$/)
})

test('SARIF: every result names a rule of the driver, a level and a place', () => {
  const report = findHoles(subject)
  const sarif = sarifReport(report, { version: '1.2.3', artifact: 'a b/nat.txt', place: 'pod' }) as { version: string, runs: { tool: { driver: { rules: { id: string }[] } }, results: { ruleId: string, ruleIndex: number, level: string, locations: { physicalLocation?: { artifactLocation: { uri: string }, region: { startLine: number } } }[] }[] }[] }
  assert.equal(sarif.version, '2.1.0')
  const { tool: { driver: { rules } }, results } = sarif.runs[0]!
  assert.equal(results.length, report.holes.length)
  for (const result of results) {
    assert.equal(rules[result.ruleIndex]!.id, result.ruleId)
    assert.ok(['error', 'warning', 'note'].includes(result.level))
    const physical = result.locations[0]!.physicalLocation
    if (physical !== undefined) assert.ok(physical.artifactLocation.uri === 'a%20b/nat.txt' && physical.region.startLine > 0)
  }
})

test('JUnit: counts agree, and names of others are no markup', () => {
  const xml = junitReport(NASTY, 'p"od')
  assert.equal(xml.match(/<testcase /g)!.length, Number(/tests="(\d+)"/.exec(xml)![1]))
  assert.equal(xml.match(/<failure /g)!.length, Number(/failures="(\d+)"/.exec(xml)![1]))
  assert.match(xml, /message="a &lt;b&gt; &amp; &quot;c&quot; \[2J"/)
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(xml, /\u001b/)
})

test('the text shows packet, end, rule and fix of each hole, and what was not checked', () => {
  const text = holesText(findHoles(subject))
  assert.match(text, /1\. medium {2}inbound connections to port 8080 are not intercepted/)
  assert.match(text, /packet: tcp in eth0 203\.0\.113\.7:40000 -> 10\.0\.0\.2:8080\n {3}ends: {3}arrives at 10\.0\.0\.2:8080, not intercepted/)
  assert.match(text, /not checked\n(.*\n)* {2}IPv6: its rules were not given/)
  assert.match(holesText({ holes: [], notes: [], unchecked: [], unknown: [] }), /^no holes found/)
})
