import assert from 'node:assert/strict'
import test from 'node:test'
import { flowOf } from './check-stream.fixture.ts'
import { Edge } from './edge.ts'
import type { HandshakeFacts } from './handshake-facts.ts'
import { appliedProbes } from './probed.ts'
import type { ProbeAttempt, ProbeResult, Verdict } from './verdict.ts'

function edge(connections: Partial<Record<Verdict, number>>, serverIp = '10.0.0.2'): Edge {
  const made = new Edge(flowOf('1'))
  made.seen(flowOf('1', { server: { ip: serverIp, port: 8443 } }), 1)
  Object.assign(made.connections, connections)
  made.hasNameless = true
  return made
}

const NEVER = undefined
const FACTS: HandshakeFacts = {
  seen: true, complete: true, renegotiation: false, tls13: true, alpn: [], retried: false, earlyData: false, offeredSessions: [], sessions: [], decrypted: false, certificateVerify: false, lostBytes: 0, notes: [],
  at: { clientHello: NEVER, serverHello: NEVER, serverCertificate: NEVER, certificateRequest: NEVER, clientCertificate: NEVER, certificateVerify: NEVER, clientFlight: NEVER, over: NEVER },
}

const attempt = (kind: ProbeAttempt['kind'], outcome: ProbeAttempt['outcome'], more: Partial<ProbeAttempt> = {}): ProbeAttempt => ({ kind, outcome, version: 'TLS 1.3', what: `${kind} ${outcome}`, ...more })
const probe = (...attempts: ProbeAttempt[]): ProbeResult => ({ ip: '10.0.0.2', port: 8443, atMicros: 1, attempts, chain: [] })
const REFUSES = [attempt('no-certificate', 'refused', { alert: 'certificate_required' }), attempt('foreign-certificate', 'refused')]

test('an inference becomes proof where the server refuses clients without a certificate', () => {
  assert.deepEqual(appliedProbes(edge({ 'mtls (inferred)': 3, 'mtls': 1 }), [probe(...REFUSES)]).connections, { mtls: 4 })
  assert.deepEqual(appliedProbes(edge({ 'mtls (inferred)': 3, 'unknown': 1 }), [probe(...REFUSES)]).connections, { mtls: 3, unknown: 1 })
})

test('nothing else becomes proof, and nothing becomes proof by less', () => {
  for (const connections of [{ tls: 1 }, { plaintext: 1 }, { unknown: 1 }]) assert.deepEqual(appliedProbes(edge(connections), [probe(...REFUSES)]).connections, connections)
  const inferred = { 'mtls (inferred)': 1 }
  const less: readonly (readonly ProbeResult[])[] = [
    [], [probe()], [probe(attempt('no-certificate', 'unknown'))], [probe(attempt('no-certificate', 'refused', { version: 'TLS 1.2' }))],
    [probe(...REFUSES, attempt('no-certificate', 'accepted', { version: 'TLS 1.2' }))], [probe(attempt('no-certificate', 'refused'), attempt('foreign-certificate', 'accepted'))],
    [{ ...probe(...REFUSES), ip: '10.0.0.3' }], [{ ...probe(...REFUSES), port: 8080 }],
  ]
  for (const probes of less) assert.deepEqual(appliedProbes(edge(inferred), probes).connections, inferred, JSON.stringify(probes))
  const named = edge(inferred)
  named.handshake({ ...FACTS, sni: 'b.example' })
  assert.deepEqual(appliedProbes(named, [probe(...REFUSES)]).connections, inferred, 'another host of the port was not asked')
  assert.deepEqual(appliedProbes(named, [probe(...REFUSES), { ...probe(...REFUSES), sni: 'b.example' }]).connections, { mtls: 1 })
  const contradicted = { 'mtls (inferred)': 1, 'tls': 1 }
  assert.deepEqual(appliedProbes(edge(contradicted), [probe(...REFUSES)]).connections, contradicted, 'it took a client without one')
  const two = edge(inferred)
  two.seen(flowOf('2', { server: { ip: '10.0.0.9', port: 8443 } }), 1)
  assert.deepEqual(appliedProbes(two, [probe(...REFUSES)]).connections, inferred, 'one of two servers was asked')
})

test('sessions of a server that refuses strangers are an inference, and never a proof', () => {
  const resumed = edge({ unknown: 3 })
  resumed.resumedUnknown = 2
  assert.deepEqual(appliedProbes(resumed, [probe(...REFUSES)]).connections, { 'mtls (inferred)': 2, 'unknown': 1 })
  assert.deepEqual(appliedProbes(resumed, []).connections, { unknown: 3 })
  const inherited = edge({ 'mtls (inferred)': 3 })
  inherited.resumedInferred = 2
  assert.deepEqual(appliedProbes(inherited, [probe(...REFUSES)]).connections, { 'mtls': 1, 'mtls (inferred)': 2 })
})

test('a probe that met somebody else says nothing of the server', () => {
  const spoken = edge({ 'mtls (inferred)': 1 })
  spoken.handshake({ ...FACTS, version: 'TLS 1.3', sni: 'b.example' })
  const stray = { ...probe(attempt('no-certificate', 'unknown', { alert: 'not TLS' }), attempt('foreign-certificate', 'unknown', { alert: 'not TLS' }), attempt('plaintext', 'accepted')), sni: 'b.example' }
  const { connections, findings, evidence } = appliedProbes(spoken, [stray])
  assert.deepEqual([connections, findings], [{ 'mtls (inferred)': 1 }, []])
  assert.match(evidence[0]!.what, /nothing is concluded/)
})

test('what a server takes is a finding', () => {
  const open = appliedProbes(edge({ 'mtls (inferred)': 1 }), [probe(attempt('no-certificate', 'accepted', { requested: false }), attempt('foreign-certificate', 'accepted'))])
  assert.deepEqual(open.findings.map(({ kind, severity }) => `${kind} ${severity}`), ['no-client-certificate-accepted medium', 'foreign-certificate-accepted high'])
  const asks = appliedProbes(edge({ 'mtls (inferred)': 1 }), [probe(attempt('no-certificate', 'accepted', { requested: true }))])
  assert.deepEqual(asks.findings.map(({ kind, severity }) => `${kind} ${severity}`), ['no-client-certificate-accepted low'])
})
