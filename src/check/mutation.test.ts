import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { record } from '../protocols/tls/recording.fixture.ts'
import type { Case } from '../../test/fuzz/mutation.ts'
import { cases, piecesOf } from '../../test/fuzz/mutation.ts'
import type { Source } from '../../test/fuzz/source.ts'
import { verdictOf } from './check-stream.fixture.ts'
import { WORTH } from './edge-verdict.ts'
import type { EdgeVerdict } from './verdict.ts'

const RUNS = 250
/** Whole encrypted records said by the other side are another connection, and of an encrypted record nobody can tell whose it is: that is why it is only inferred. */
const MOVES_RECORDS: ReadonlySet<string> = new Set(['turn', 'swap', 'repeat'])

const pki = await makePki()
const mutual = { ...pki.server, ca: pki.ca, requestCert: true }
const lenient = { ...mutual, rejectUnauthorized: false }
const withCertificate = { ca: pki.ca, ...pki.client }
const SCENES = [
  { name: 'TLS 1.2, client certificate', server: { ...mutual, maxVersion: 'TLSv1.2' }, client: withCertificate, verdict: 'mtls' },
  { name: 'TLS 1.2, RSA server, client certificate', server: { ...mutual, ...pki.rsaServer, maxVersion: 'TLSv1.2' }, client: withCertificate, verdict: 'mtls' },
  { name: 'TLS 1.2, asked, none to show', server: { ...lenient, maxVersion: 'TLSv1.2' }, client: { ca: pki.ca }, verdict: 'tls' },
  { name: 'TLS 1.2, not asked', server: { ...pki.server, maxVersion: 'TLSv1.2' }, client: withCertificate, verdict: 'tls' },
  { name: 'TLS 1.3, client certificate', server: mutual, client: withCertificate, verdict: 'mtls (inferred)' },
  { name: 'TLS 1.3, asked, none to show', server: lenient, client: { ca: pki.ca }, verdict: 'tls' },
  { name: 'TLS 1.3, not asked', server: pki.server, client: withCertificate, verdict: 'tls' },
] as const

for (const { name, server, client, verdict } of SCENES) {
  const { steps } = await record(server, client)

  test(`${name}: ${verdict}`, () => {
    assert.equal(verdictOf(steps), verdict)
    assert.notEqual(verdictOf(steps.slice(1), true), 'mtls')
    assert.equal(verdictOf(steps.slice(4), true) ?? 'unknown', 'unknown', 'joined late')
  })

  const source: Source = { name, protocol: 'tls', linkType: undefined, pieces: steps.map(({ side, bytes, at }) => ({ side, bytes, atMicros: at, isLost: false })) }
  const mutatedVerdict = (one: Case): EdgeVerdict | undefined => verdictOf(piecesOf({ ...one, window: undefined }, [source]), one.isLate)

  test(`${name}: however it is mutated, it never becomes a proof`, () => {
    fc.assert(fc.property(cases(1), (one) => {
      const mutated = mutatedVerdict(one)
      assert.ok(mutated !== 'mtls' || verdict === 'mtls', JSON.stringify(one.mutations))
    }), { numRuns: RUNS })
  })

  test(`${name}: with bytes mutated or lost it never earns a better verdict`, () => {
    fc.assert(fc.property(cases(1), (one) => {
      const mutated = mutatedVerdict({ ...one, splice: undefined, mutations: one.mutations.filter(({ kind }) => !MOVES_RECORDS.has(kind)) })
      assert.ok(mutated === undefined || WORTH[mutated] <= WORTH[verdict as EdgeVerdict], `${mutated} of ${JSON.stringify(one.mutations)}`)
    }), { numRuns: RUNS })
  })
}

test('a bit of a mutual handshake that is not in place leaves no proof', async () => {
  const { steps } = await record({ ...mutual, maxVersion: 'TLSv1.2' }, withCertificate)
  // The client's second flight: Certificate, ClientKeyExchange, CertificateVerify.
  const index = steps.findIndex(({ side, bytes }, i) => i > 1 && side === 0 && bytes[0] === 22)
  for (let at = 5; at < 400; at += 7) {
    const bytes = Uint8Array.from(steps[index]!.bytes)
    bytes[at]! ^= 1
    const verdict = verdictOf(steps.map((step, i) => i === index ? { ...step, bytes } : step))
    assert.notEqual(verdict, 'mtls', `byte ${at}`)
  }
})
