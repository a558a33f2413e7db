import assert from 'node:assert/strict'
import test from 'node:test'
import type { HopMessage } from '../mesh/joined-request.ts'
import type { StreamPiece } from '../check/check-stream.fixture.ts'
import { converse } from '../check/check-stream.fixture.ts'
import { handshake, plain } from '../mesh/shop.fixture.ts'
import type { CheckAnswer, MessageDetail } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import { makePki } from '../protocols/tls/pki.fixture.ts'
import { record as recordHandshake } from '../protocols/tls/recording.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { mismatch, openTestHub } from './hub.fixture.ts'

const START = Date.parse('2026-11-21T12:00:00Z') * 1000

/** web calls cart by mTLS and once in plaintext on the same port, and ads in plaintext. */
function shop(): HopMessage[] {
  return [
    handshake('web', { from: 'web', to: 'cart', port: 41_000 }, START),
    plain('web', { from: 'web', to: 'cart', port: 41_001 }, { what: 'GET /cart', atMicros: START + 1e6 }),
    plain('web', { from: 'web', to: 'ads', port: 42_000 }, { what: 'GET /banner', atMicros: START + 2e6 }),
  ]
}

const linesOf = (seen: readonly HopMessage[]): Buffer => Buffer.from(seen.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join(''))

test('a filter chooses edges, and takes no evidence from one', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(linesOf(shop()))
  const verdicts = async (q: string): Promise<{ edges: string[], notes: readonly string[] }> => {
    const answer = await get(`/check?q=${encodeURIComponent(q)}`) as CheckAnswer
    assert.equal(mismatch('CheckAnswer', answer), '')
    return { edges: answer.edges.map(({ to, verdict }) => `${to} ${verdict}`), notes: answer.notes }
  }
  assert.deepEqual(await verdicts(''), { edges: ['ads:8080 plaintext', 'cart:8080 mixed'], notes: [] })
  for (const q of ['tlsx', 'what == "GET /cart"', 'dst.name == "cart"']) {
    const { edges, notes } = await verdicts(q)
    assert.deepEqual(edges, ['cart:8080 mixed'], q)
    assert.match(notes[0]!, /^a filter is on .*1 of 2 edges.*; left out: 1 plaintext$/)
  }
})

test('a connection that was there before is an edge, and judged by the others of its edge', async (t) => {
  const { hub, get } = await openTestHub(t)
  const flow = (from: string, port: number): FlowInfo => ({ id: `${from} ${port}`, client: { ip: '10.0.0.1', port, name: from }, server: { ip: '10.0.0.2', port: 8443, name: 'cart' }, capture: 'pcap', hop: 'wire', firstMicros: START })
  const record = (size: number): StreamPiece => ({ side: 0, bytes: Buffer.concat([Buffer.from([23, 3, 3, 0, size]), Buffer.alloc(size, 7)]) })
  const pki = await makePki()
  const { steps } = await recordHandshake({ ...pki.server, ca: pki.ca, requestCert: true }, { ca: pki.ca, ...pki.client })
  const lines: string[] = []
  const say = (one: FlowInfo, pieces: readonly StreamPiece[], joinedLate: boolean): void => converse(one, pieces, joinedLate, (message) => lines.push(`${jsonLine(one, message)}\n`))
  say(flow('web', 1), [record(200)], true)
  say(flow('web', 2), steps, false)
  say(flow('ads', 3), [record(200)], true)
  say(flow('stock', 4), [record(19)], true)
  say(flow('stock', 5), steps, false)
  await hub.store.add(Buffer.from(lines.join('')))
  const { edges } = await get('/check') as CheckAnswer
  assert.deepEqual(edges.map(({ from, verdict, connections }) => `${from} ${verdict} ${connections}`), ['ads unknown 1', 'stock mtls-inferred 1', 'web mtls-inferred 2'])
  assert.ok(edges[2]!.evidence.some(({ text }) => text.startsWith('1 of 2 connections is older than the watch')))
})

test('evidence leads to the stored message that it stems from', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(linesOf(shop()))
  const { edges } = await get('/check') as CheckAnswer
  const stems = edges.map(({ to, evidence }) => [to, ...new Set(evidence.slice(1).map(({ text, message }) => `${/readable on the wire/.test(text) ? 'plaintext' : 'handshake'} of ${message}`))])
  assert.deepEqual(stems, [['ads:8080', 'plaintext of 3'], ['cart:8080', 'handshake of 1', 'plaintext of 2']])
  assert.deepEqual((await get('/messages/3') as MessageDetail).row.what, 'GET /banner')
})

test('why an edge is not mTLS comes from where namespaces can be looked into', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(linesOf(shop()))
  const asked: string[] = []
  hub.reasons = () => ({
    notes: ['rules of stock not read'],
    reasonsOf: (edge, verdict) => {
      asked.push(`${edge.server} ${verdict}`)
      return Promise.resolve(edge.server === 'ads' ? [{ kind: 'not-injected', what: 'no proxy runs in ads', fix: 'add one' }] : [])
    },
  })
  const answer = await get('/check') as CheckAnswer
  assert.equal(mismatch('CheckAnswer', answer), '')
  assert.deepEqual(asked.sort(), ['ads plaintext', 'cart mixed'])
  assert.deepEqual(answer.edges.map(({ causes }) => causes.map(({ kind }) => kind)), [['not-injected'], ['permissive']])
  assert.deepEqual([answer.edges[0]!.why, answer.edges[0]!.fix, answer.notes], ['no proxy runs in ads', 'add one', ['rules of stock not read']])
})
