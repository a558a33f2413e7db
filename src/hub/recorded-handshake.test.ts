import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { CertificateMemory } from '../check/certificate-memory.ts'
import { readHandshake } from '../check/handshake-facts.ts'
import { judgeHandshake } from '../check/judge-handshake.ts'
import type { Verdict } from '../check/verdict.ts'
import type { JsonRecord } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import { Conversation } from '../protocols/conversation.ts'
import { DEFAULT_SETTINGS } from '../protocols/protocol.ts'
import { PROTOCOLS } from '../protocols/registry.ts'
import { record } from '../store/record.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { LineBytes } from '../tap/line-bytes.ts'
import { tapFile } from '../tap/offline.ts'
import { ProofLines } from '../tap/proof-line.ts'
import { recordedHandshake } from './recorded-handshake.ts'

const FLOW: FlowInfo = { id: '1', client: { ip: '10.0.0.1', port: 40_000 }, server: { ip: '10.0.0.2', port: 8443 }, capture: 'pcap', hop: 'wire', firstMicros: 1 }
const FOLDER = 'test/fixtures/captures/'
/** What may become of a verdict where only the record is there. */
const NO_BETTER: Readonly<Record<Verdict | 'none', readonly (Verdict | 'none')[]>> = {
  mtls: ['mtls', 'mtls (inferred)', 'unknown'], 'mtls (inferred)': ['mtls (inferred)', 'unknown'], tls: ['tls', 'unknown'], plaintext: ['plaintext'], unknown: ['unknown', 'none'], none: ['none', 'unknown'],
}

test('with its proof a handshake is judged out of its record exactly as out of its packets', async () => {
  const memory = new CertificateMemory()
  const proof = new ProofLines()
  const lines = new LineBytes()
  const seen: Record<string, number> = {}
  for (const name of readdirSync(FOLDER).filter((file) => /^tls.*\.pcap(ng)?$/.test(file))) {
    await tapFile(FOLDER + name, { settings: { ...DEFAULT_SETTINGS, signatures: true } }, {
      message: (flow, message, { broken }) => {
        lines.clear()
        proof.add(lines, flow, message, broken)
        const record = JSON.parse(Buffer.from(lines.bytes).toString()) as JsonRecord
        const facts = readHandshake(message, memory)
        const recorded = recordedHandshake(record)
        assert.deepEqual(recorded && JSON.parse(JSON.stringify(judgeHandshake(recorded) ?? null)), facts && JSON.parse(JSON.stringify(judgeHandshake(facts) ?? null)), `${name}: ${message.what}`)
        if (facts === undefined || recorded === undefined) return
        assert.deepEqual([recorded.clientSignature, recorded.sessions, recorded.server?.length, recorded.server?.leaf?.subject], [facts.clientSignature, facts.sessions, facts.server?.length, facts.server?.leaf?.subject])
        const verdict = judgeHandshake(recorded)?.verdict ?? 'none'
        seen[verdict] = (seen[verdict] ?? 0) + 1
      },
    }, () => {})
  }
  assert.ok((seen.mtls ?? 0) > 0 && (seen['mtls (inferred)'] ?? 0) > 0 && (seen.tls ?? 0) > 0, JSON.stringify(seen))
})

test('a connection whose handshake was not seen is one of which nothing is known, with its proof and without', () => {
  const memory = new CertificateMemory()
  const heard: (string | undefined)[] = []
  const lines = new LineBytes()
  const conversation = new Conversation({
    message: (message) => {
      lines.clear()
      new ProofLines().add(lines, FLOW, message)
      const recorded = [JSON.parse(Buffer.from(lines.bytes).toString()) as JsonRecord, JSON.parse(jsonLine(FLOW, message)) as JsonRecord].map(recordedHandshake)
      const facts = readHandshake(message, memory)
      heard.push(...[facts, ...recorded].map((one) => one && judgeHandshake(one)?.because))
      assert.deepEqual(recorded.map((one) => one?.seen), facts === undefined ? [undefined, undefined] : [false, false])
    },
    malformed: () => {},
  }, { protocols: PROTOCOLS, settings: { ...DEFAULT_SETTINGS, signatures: true }, serverPort: FLOW.server.port, joinedLate: () => true })
  conversation.data(CLIENT, Buffer.concat([Buffer.from([23, 3, 3, 0, 200]), Buffer.alloc(200, 7)]), 1)
  for (const side of [CLIENT, SERVER] as const) conversation.end(side, 2)
  assert.deepEqual(heard, [...Array<string>(3).fill('joined late: the handshake was not captured'), undefined, undefined, undefined])
})

test('a proof that is none counts for nothing', () => {
  const handshake = { protocol: 'tls', request: { kind: 'handshake' }, response: { certificate: { leaf: null } } }
  const without = recordedHandshake(record(handshake))
  for (const proof of [{ facts: 7 }, { facts: {} }, { facts: { at: null, alpn: [], sessions: [], offeredSessions: [] } }, { facts: { at: {}, alpn: [], sessions: [], offeredSessions: [], server: 'x' } }, { broken: 'x' }]) {
    assert.deepEqual(recordedHandshake(record({ ...handshake, proof })), without)
  }
})

test('without one a handshake is judged out of its record as out of its packets, or more carefully', async () => {
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
