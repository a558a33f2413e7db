import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { CertificateMemory } from '../check/certificate-memory.ts'
import { readHandshake } from '../check/handshake-facts.ts'
import { judgeHandshake } from '../check/judge-handshake.ts'
import type { Verdict } from '../check/verdict.ts'
import type { JsonRecord } from '../model/api.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { record } from '../store/record.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { tapFile } from '../tap/offline.ts'
import { recordedHandshake } from './recorded-handshake.ts'

const FOLDER = 'test/fixtures/captures/'
/** What may become of a verdict where only the record is there. */
const NO_BETTER: Readonly<Record<Verdict | 'none', readonly (Verdict | 'none')[]>> = {
  mtls: ['mtls', 'mtls (inferred)', 'unknown'], 'mtls (inferred)': ['mtls (inferred)', 'unknown'], tls: ['tls', 'unknown'], plaintext: ['plaintext'], unknown: ['unknown', 'none'], none: ['none', 'unknown'],
}

test('a handshake is judged out of its record as out of its packets, or more carefully', async () => {
  const memory = new CertificateMemory()
  const seen: Record<string, number> = {}
  for (const name of readdirSync(FOLDER).filter((file) => /^tls.*\.pcap(ng)?$/.test(file))) {
    await tapFile(FOLDER + name, { settings: { ...DEFAULT_SETTINGS, signatures: true } }, {
      message: (flow, message) => {
        const facts = readHandshake(message, memory)
        const recorded = recordedHandshake(JSON.parse(jsonLine(flow, message)) as JsonRecord)
        assert.equal(recorded === undefined, facts === undefined, message.what)
        if (facts === undefined || recorded === undefined) return
        const real = judgeHandshake(facts)?.verdict ?? 'none'
        const ours = judgeHandshake(recorded)?.verdict ?? 'none'
        assert.ok(NO_BETTER[real].includes(ours), `${name}: ${message.what} is ${real}, and ${ours} by its record`)
        seen[ours] = (seen[ours] ?? 0) + 1
      },
    }, () => {})
  }
  assert.ok((seen['mtls (inferred)'] ?? 0) > 0 && (seen.tls ?? 0) > 0, JSON.stringify(seen))
})

test('a record that is no handshake, or a broken one, proves nothing', () => {
  assert.equal(recordedHandshake(record()), undefined)
  const odd = recordedHandshake(record({ protocol: 'tls', request: { kind: 'handshake', alpn: 7, clientFlight: 'x', certificate: 3 }, response: { certificate: { leaf: null, chain: {} }, serverFlight: { bytes: 'x' } } }))!
  assert.equal(judgeHandshake(odd)!.verdict, 'unknown')
})
