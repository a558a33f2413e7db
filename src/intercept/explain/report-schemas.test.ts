import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import Ajv from 'ajv-draft-04'
import addFormats from 'ajv-formats'
import { validateXML } from 'xmllint-wasm'
import fc from '#property'
import { istioRedirect, tablesOf } from '../netfilter/listings.fixture.ts'
import { Netfilter } from '../netfilter/netfilter.ts'
import { planWorld } from '../netfilter/world.ts'
import { parseAddress } from '../../net/address.ts'
import { findHoles } from './find-holes.ts'
import { HOLE_KINDS } from './hole.ts'
import type { Hole, HoleKind, HoleReport, Severity } from './hole.ts'
import { recogniseMesh } from './mesh-profile.ts'
import { junitReport } from './report-junit.ts'
import { sarifReport } from './report-sarif.ts'
import { waysSvg } from './ways-text.ts'

const read = (name: string): string => readFileSync(new URL(`../../../test/fixtures/schemas/${name}`, import.meta.url), 'utf8')
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low']
const NOTHING: HoleReport = { holes: [], notes: [], unchecked: [], unknown: [] }

const checkSarif = addFormats.default(new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false })).compile(JSON.parse(read('sarif-2.1.0-rtm.5.json')))

function sarifErrors(report: unknown): string[] {
  checkSarif(JSON.parse(JSON.stringify(report)))
  return (checkSarif.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

async function junitErrors(...texts: string[]): Promise<string[]> {
  const { errors } = await validateXML({ xml: texts.map((contents, i) => ({ fileName: `${i}.xml`, contents })), schema: { fileName: 'junit.xsd', contents: read('jenkins-junit.xsd') } })
  return errors.map(({ rawMessage }) => rawMessage)
}

function holesOf(rules: string): HoleReport {
  const tables = tablesOf(rules)
  return findHoles({ netfilter: new Netfilter(tables), world: planWorld([parseAddress('10.0.0.2')!]), mesh: recogniseMesh(tables), versions: [4], live: undefined })
}

/** One of each kind and severity, with and without a packet and a rule. */
const EVERY: HoleReport = {
  holes: Object.keys(HOLE_KINDS).map((kind, i): Hole => ({
    kind: kind as HoleKind, severity: SEVERITIES[i % 4]!, what: `what of <${kind}> & "more" \u0000\u001b[2J ✓`, fix: 'fix',
    ...i % 2 === 0 ? { packet: 'tcp app uid 1000 -> 10.0.0.3:80', ends: 'leaves' } : {}, ...i % 3 === 0 ? { line: i + 1, rule: '-A OUTPUT -j "x"' } : {},
  })),
  notes: ['a note', ']]> <b>'], unchecked: ['IPv6'], unknown: ['tcp app -> 10.0.0.3:80: unknown: -m statistic'],
}
const REAL = [istioRedirect(), istioRedirect({ excludeInbound: [8080] }), '*nat\nCOMMIT\n', '*nat\n-A OUTPUT -p tcp -m statistic --mode random -j RETURN\n-A OUTPUT -p tcp -j REDIRECT --to-ports 1\nCOMMIT\n'].map(holesOf)
const ARTIFACTS = [undefined, 'nat.txt', '/tmp/a b/50% #1?.txt', 'ünï:côde/ip6.txt']

test('SARIF reports hold the schema of SARIF 2.1.0, and the schema refuses what is no report', () => {
  for (const report of [NOTHING, EVERY, ...REAL]) {
    for (const artifact of ARTIFACTS) assert.deepEqual(sarifErrors(sarifReport(report, { version: '1.2.3', artifact, place: 'pid 1' })), [])
  }
  assert.ok(sarifErrors({ version: '2.1.0', runs: [{ results: [] }] }).length > 0)
  const report = sarifReport(EVERY, { version: '1', place: 'pod' }) as { runs: { results: { level: string }[] }[] }
  report.runs[0]!.results[0]!.level = 'critical'
  assert.ok(sarifErrors(report).length > 0)
})

test('JUnit reports hold the schema that Jenkins has, and the schema refuses what is no report', async () => {
  assert.deepEqual(await junitErrors(...[NOTHING, EVERY, ...REAL].map((report) => junitReport(report, 'p"o<d'))), [])
  assert.ok((await junitErrors(junitReport(EVERY, 'pod').replace('<failure ', '<fault '))).length > 0)
  assert.ok((await junitErrors(junitReport(EVERY, 'pod').slice(0, -5))).length > 0)
})

test('the picture is well-formed, whatever the file is called', async () => {
  const svg = waysSvg([{ direction: 'in', who: 'a <client>', packet: 'tcp & "x"', ends: '\u0001 ends', verdict: 'clear' }], 'a \u001b[2J<b>&"')
  const { errors } = await validateXML({ xml: { fileName: 'ways.svg', contents: svg }, normalization: 'format' })
  assert.deepEqual(errors, [])
})

test('whatever a process or a chain is called, both stay well-formed', async () => {
  const junit: string[] = []
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ maxLength: 20 }), (name, place) => {
    const report: HoleReport = { holes: [{ kind: 'impostor', severity: 'critical', what: name, packet: name, ends: name, fix: name, line: 3, rule: name }], notes: [name], unchecked: [], unknown: [name] }
    assert.deepEqual(sarifErrors(sarifReport(report, { version: '1', artifact: `${place}/x`, place })), [])
    junit.push(junitReport(report, place))
  }), { numRuns: 100 })
  assert.deepEqual(await junitErrors(...junit), [])
})
