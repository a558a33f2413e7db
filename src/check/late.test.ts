import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { record } from '../protocols/tls/recording.fixture.ts'
import type { StreamPiece } from './check-stream.fixture.ts'
import { feed, flowOf } from './check-stream.fixture.ts'
import { countsText } from './edge-verdict.ts'
import { Ledger } from './ledger.ts'
import { buildReport } from './report.ts'
import type { EdgeReport, ProbeAttempt, ProbeResult, Verdict } from './verdict.ts'

const pki = await makePki()
const mutual = { ...pki.server, ca: pki.ca, requestCert: true }
const withCertificate = { ca: pki.ca, ...pki.client }
const MUTUAL_13 = await record(mutual, withCertificate)
const MUTUAL_12 = await record({ ...mutual, maxVersion: 'TLSv1.2' }, withCertificate)
const ONE_WAY_13 = await record({ ...mutual, rejectUnauthorized: false }, { ca: pki.ca })
const ONE_WAY_12 = await record({ ...pki.server, maxVersion: 'TLSv1.2' }, { ca: pki.ca })
const PLAIN: readonly StreamPiece[] = [{ side: 0, bytes: Buffer.from('GET /cart HTTP/1.1\r\nHost: a\r\n\r\n') }, { side: 1, bytes: Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n') }]

/** Records of data, of any TLS: what a connection looks like whose beginning nobody saw. */
const recordOf = (size: number): Uint8Array => Buffer.concat([Buffer.from([23, 3, 3, size >> 8, size & 255]), Buffer.alloc(size, 0xa7)])
const DATA: readonly StreamPiece[] = [{ side: 0, bytes: recordOf(300) }, { side: 1, bytes: recordOf(2000) }, { side: 0, bytes: recordOf(40) }]
const ENDING: readonly StreamPiece[] = [{ side: 0, bytes: recordOf(19) }, { side: 1, bytes: recordOf(19) }]

/** A mutual handshake of which the client's certificate was lost. */
const CUT: readonly StreamPiece[] = MUTUAL_12.steps.map((piece, index, all) => index === all.findIndex(({ side }, i) => i > 1 && side === 0) ? { ...piece, isLost: true } : piece)

/** What is done in a scene, in this order: each a connection of its own. */
type Step = 'mutual 1.3' | 'mutual 1.2' | 'one-way 1.3' | 'one-way 1.2' | 'plain' | 'cut' | 'late' | 'ending' | 'mutual of another' | 'late of another'
const HANDSHAKES: Readonly<Record<string, typeof MUTUAL_13>> = { 'mutual 1.3': MUTUAL_13, 'mutual 1.2': MUTUAL_12, 'one-way 1.3': ONE_WAY_13, 'one-way 1.2': ONE_WAY_12, 'mutual of another': MUTUAL_13 }

/** All between the workload `web` and one port of `cart`. */
function judged(steps: readonly Step[], probes: readonly ProbeResult[] = []): EdgeReport {
  const ledger = new Ledger()
  for (const [index, step] of steps.entries()) {
    const flow = flowOf(String(index + 1), {
      client: { ip: step.endsWith('another') ? '10.0.0.9' : '10.0.0.1', port: 40_000 + index, name: 'web' }, server: { ip: '10.0.0.2', port: 8443, name: 'cart' },
    })
    const pieces = step === 'plain' ? PLAIN : step === 'cut' ? CUT : step === 'ending' ? ENDING : step.startsWith('late') ? DATA : HANDSHAKES[step]!.steps
    feed(ledger, flow, pieces, step.startsWith('late') || step === 'ending')
  }
  ledger.end()
  const { edges } = buildReport(ledger, { version: '0', source: 'x', packets: 0, notes: [], probes })
  assert.equal(edges.length, 1)
  return edges[0]!
}

const attempt = (kind: ProbeAttempt['kind'], outcome: ProbeAttempt['outcome'], version: string | undefined = 'TLS 1.3'): ProbeAttempt => ({ kind, outcome, version, what: `${kind} ${outcome}` })
const probe = (...attempts: ProbeAttempt[]): readonly ProbeResult[] => [undefined, 'cart.shop.example'].map((sni) => ({ ip: '10.0.0.2', port: 8443, atMicros: 1, attempts, chain: [], ...(sni !== undefined && { sni }) }))
const STRICT = probe(attempt('no-certificate', 'refused'), attempt('foreign-certificate', 'refused'), attempt('plaintext', 'refused', undefined))
const SHY = probe(attempt('no-certificate', 'unknown'), attempt('foreign-certificate', 'unknown'), attempt('plaintext', 'unknown', undefined))
const OPEN: Readonly<Record<string, readonly ProbeResult[]>> = {
  'it asks and does not insist': probe(attempt('no-certificate', 'accepted'), attempt('foreign-certificate', 'refused'), attempt('plaintext', 'refused', undefined)),
  'by an older version only': probe(attempt('no-certificate', 'refused'), attempt('no-certificate', 'accepted', 'TLS 1.2'), attempt('plaintext', 'refused', undefined)),
  'to any issuer': probe(attempt('no-certificate', 'refused'), attempt('foreign-certificate', 'accepted'), attempt('plaintext', 'refused', undefined)),
  'to plaintext': probe(attempt('no-certificate', 'refused'), attempt('foreign-certificate', 'refused'), attempt('plaintext', 'accepted', undefined)),
}

/** Steps, then the counts without a probe, and with one that finds the port strict. */
const SCENES: readonly (readonly [steps: readonly Step[], looked: string, strict: string])[] = [
  [['late'], 'unknown: 1 unknown', 'mtls (inferred): 1 mtls (inferred)'],
  [['late', 'mutual 1.2'], 'mtls (inferred): 1 mtls, 1 mtls (inferred)', 'mtls (inferred): 1 mtls, 1 mtls (inferred)'],
  [['mutual 1.2', 'late', 'mutual 1.2', 'late'], 'mtls (inferred): 2 mtls, 2 mtls (inferred)', 'mtls (inferred): 2 mtls, 2 mtls (inferred)'],
  [['late', 'mutual 1.3'], 'mtls (inferred): 2 mtls (inferred)', 'mtls (inferred): 1 mtls, 1 mtls (inferred)'],
  [['late', 'one-way 1.3'], 'mixed: 1 tls, 1 unknown', 'mixed: 1 tls, 1 unknown'],
  [['late', 'one-way 1.2'], 'mixed: 1 tls, 1 unknown', 'mixed: 1 tls, 1 unknown'],
  [['late', 'mutual 1.3', 'one-way 1.3'], 'mixed: 1 mtls (inferred), 1 tls, 1 unknown', 'mixed: 1 mtls (inferred), 1 tls, 1 unknown'],
  [['mutual 1.2', 'late', 'one-way 1.2'], 'mixed: 1 mtls, 1 tls, 1 unknown', 'mixed: 1 mtls, 1 tls, 1 unknown'],
  [['late', 'mutual 1.2', 'plain'], 'mixed: 1 mtls, 1 unknown, 1 plaintext', 'mixed: 1 mtls, 1 unknown, 1 plaintext'],
  [['late', 'plain'], 'mixed: 1 unknown, 1 plaintext', 'mixed: 1 unknown, 1 plaintext'],
  [['late', 'mutual of another'], 'mixed: 1 mtls (inferred), 1 unknown', 'mtls (inferred): 1 mtls, 1 mtls (inferred)'],
  [['late', 'late of another', 'mutual of another'], 'mixed: 2 mtls (inferred), 1 unknown', 'mtls (inferred): 1 mtls, 2 mtls (inferred)'],
  [['late', 'mutual 1.2', 'cut'], 'mixed: 1 mtls, 2 unknown', 'mixed: 1 mtls, 2 unknown'],
  [['late', 'cut'], 'unknown: 2 unknown', 'unknown: 2 unknown'],
  [['ending'], 'unknown: ', 'unknown: '],
  [['ending', 'mutual 1.2'], 'mtls: 1 mtls', 'mtls: 1 mtls'],
  [['ending', 'mutual 1.3'], 'mtls (inferred): 1 mtls (inferred)', 'mtls: 1 mtls'],
  [['ending', 'late', 'mutual 1.2'], 'mtls (inferred): 1 mtls, 1 mtls (inferred)', 'mtls (inferred): 1 mtls, 1 mtls (inferred)'],
  [['ending', 'one-way 1.2'], 'tls: 1 tls', 'tls: 1 tls'],
]

const told = ({ verdict, connections }: EdgeReport): string => `${verdict}: ${countsText(connections)}`

for (const [steps, looked, strict] of SCENES) {
  test(`${steps.join(', ')}: ${looked}; where the port is strict: ${strict}`, () => {
    assert.deepEqual([told(judged(steps)), told(judged(steps, SHY)), told(judged(steps, STRICT))], [looked, looked, strict])
    for (const [how, probes] of Object.entries(OPEN)) {
      const { connections, joinedLate = 0 } = judged(steps, probes)
      assert.equal(connections.unknown ?? 0, joinedLate + Number(steps.includes('cut')), `open ${how}: nothing is concluded of what was not seen`)
    }
  })
}

test('the report says which connections were joined late, by what something was inferred of them, and what would prove it', () => {
  const lateOf = ({ evidence }: EdgeReport): string[] => evidence.filter(({ kind }) => kind === 'late').map(({ what }) => what)
  const edge = judged(['late', 'mutual 1.2', 'mutual 1.2'])
  assert.equal(edge.joinedLate, 1)
  assert.match(edge.because, /^1 of 3 connections is older than the watch, and mutual TLS is inferred of it: 2 handshakes of the same client with this server were mutual$/)
  assert.match(edge.forProof!, /^see the connection begin/)
  assert.ok(lateOf(edge).includes(`${edge.because}; whether the server insists on it a probe tells (--probe)`) && lateOf(edge).some((what) => what.startsWith('joined late')))
  assert.deepEqual(edge.why, [])
  assert.match(judged(['late', 'late'], STRICT).because, /^2 connections are older than the watch, and mutual TLS is inferred of them: the server refuses whoever has no certificate, and what it asked for before was not seen$/)
  assert.ok(lateOf(judged(['late', 'mutual of another'])).some((what) => what.includes('no mutual handshake of the same client')))
  assert.ok(lateOf(judged(['late', 'mutual 1.2'], OPEN['to plaintext']!)).some((what) => what.includes('the probe found the port open')))
  assert.ok(lateOf(judged(['late', 'mutual 1.2', 'one-way 1.2'])).some((what) => what.includes('not all other connections')))
  assert.ok(lateOf(judged(['ending', 'mutual 1.2'])).some((what) => what.startsWith('1 connection that was there before ended')))
  assert.match(judged(['ending']).because, /nothing was seen but the end/)
})

test('beside connections of which it is only not known what they are no cause is made up', () => {
  assert.deepEqual(judged(['late', 'mutual of another']).why, [])
  assert.deepEqual(judged(['late', 'one-way 1.2']).why.map(({ kind }) => kind), ['permissive'])
})

test('whatever the others are, a connection that was joined late is never proved, and inferred only where all that is known is mutual', () => {
  const step = fc.constantFrom<Step>('mutual 1.3', 'mutual 1.2', 'one-way 1.3', 'one-way 1.2', 'plain', 'cut', 'late', 'ending', 'mutual of another', 'late of another')
  fc.assert(fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.constantFrom(undefined, SHY, STRICT, ...Object.values(OPEN)), (steps, probes) => {
    const { connections, joinedLate = 0, verdict, older = {} } = judged(steps, probes)
    const late = steps.filter((one) => one.startsWith('late')).length
    const seen = steps.filter((one) => one.startsWith('mutual')).length
    const isLess = steps.some((one) => one.startsWith('one-way') || one === 'plain' || one === 'cut')
    assert.equal(joinedLate, late)
    assert.deepEqual([(older['mtls (inferred)'] ?? 0) + (older.unknown ?? 0), older.mtls], [late, undefined])
    for (const [one, count] of Object.entries(older)) assert.ok(count <= (connections[one as Verdict] ?? 0), one)
    assert.ok((connections.mtls ?? 0) <= seen)
    assert.ok((connections.mtls ?? 0) + (connections['mtls (inferred)'] ?? 0) <= seen + (isLess ? 0 : late))
    if (late > 0) assert.notEqual(verdict, 'mtls')
  }), { numRuns: 60 })
})

test('what breaks off its records is no TLS that something could be inferred of', () => {
  const ledger = new Ledger()
  feed(ledger, flowOf('1'), MUTUAL_12.steps)
  const client = flowOf('1').client
  feed(ledger, flowOf('2', { client: { ...client, port: 2 } }), [...DATA, { side: 0, bytes: Buffer.alloc(40_000, 0x2e) }], true)
  ledger.end()
  const [edge] = buildReport(ledger, { version: '0', source: 'x', packets: 0, notes: [] }).edges
  assert.equal(told(edge!), 'mixed: 1 mtls, 1 unknown')
  assert.deepEqual(edge!.older, { unknown: 1 })
})

test('what cannot be told and is older than the watch is counted as older, what is read in the clear is not', () => {
  const bytes: readonly StreamPiece[] = [{ side: 0, bytes: Buffer.from([0x81, 0x99, 0, 7, 3, 3, 3, 3]) }]
  const older = (pieces: readonly StreamPiece[], isLate: boolean): EdgeReport['older'] => {
    const ledger = new Ledger()
    feed(ledger, flowOf('1'), pieces, isLate)
    ledger.end()
    return buildReport(ledger, { version: '0', source: 'x', packets: 0, notes: [] }).edges[0]!.older
  }
  assert.deepEqual([older(bytes, true), older(bytes, false), older(PLAIN, true), older(DATA, true)], [{ unknown: 1 }, undefined, undefined, { unknown: 1 }])
})

test('of two places that saw a connection end late, one that saw its data counts', () => {
  const ledger = new Ledger()
  const flow = flowOf('1')
  feed(ledger, { ...flow, namespace: 'web' }, DATA, true)
  feed(ledger, { ...flow, namespace: 'cart' }, ENDING, true)
  feed(ledger, flowOf('2', { client: { ...flow.client, port: 2 }, namespace: 'web' }), ENDING, true)
  feed(ledger, flowOf('2', { client: { ...flow.client, port: 2 }, namespace: 'cart' }), ENDING, true)
  ledger.end()
  const [edge] = buildReport(ledger, { version: '0', source: 'x', packets: 0, notes: [] }).edges
  assert.equal(told(edge!), 'unknown: 1 unknown')
  assert.deepEqual([edge!.joinedLate, edge!.evidence.filter(({ what }) => what.startsWith('1 connection that was there before')).length], [1, 1])
})

test('two records, or a byte more than an alert takes, are data', () => {
  const once = (pieces: readonly StreamPiece[]): string => {
    const ledger = new Ledger()
    feed(ledger, flowOf('1'), pieces, true)
    ledger.end()
    return told(buildReport(ledger, { version: '0', source: 'x', packets: 0, notes: [] }).edges[0]!)
  }
  const end = { side: 0, bytes: recordOf(19) } as const
  assert.equal(once([end]), 'unknown: ')
  for (const pieces of [[end, end], [{ side: 1, bytes: recordOf(20) }], [end, { side: 1, bytes: recordOf(300) }], [end, { side: 0, bytes: recordOf(19).subarray(0, 9) }]] as const) assert.equal(once(pieces), 'unknown: 1 unknown')
  const alert = Buffer.concat([Buffer.from([21, 3, 3, 0, 26]), Buffer.alloc(26, 9)])
  assert.equal(once([{ side: 0, bytes: alert }]), 'unknown: ', 'an alert of TLS 1.2 says itself that it is one')
})
