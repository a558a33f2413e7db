import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { MapAnswer, MessageDetail, MessagesPage, WireVerdict } from '../model/api.ts'
import type { HopMessage } from '../mesh/joined-request.ts'
import { handshake } from '../mesh/shop.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { openTestHub } from './hub.fixture.ts'

const START = Date.parse('2026-11-21T12:00:00Z') * 1000
const NO_CERTIFICATE = { clientFlight: { records: 1, bytes: 74, recordSizes: [74], end: 'finished' } }

/** The `count`th connection of web to a service, a full handshake or one that resumes a session. */
function full(to: string, count: number, request: object = {}): HopMessage {
  return handshake('web', { from: 'web', to, port: 41_000 + count }, START + count * 1e6, request)
}

function resumed(to: string, count: number): HopMessage {
  return handshake('web', { from: 'web', to, port: 41_000 + count }, START + count * 1e6, NO_CERTIFICATE, { resumed: true })
}

async function verdicts(t: TestContext, messages: readonly HopMessage[], path = '/messages'): Promise<WireVerdict[]> {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(Buffer.from(messages.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  return path === '/map' ? (await get(path) as MapAnswer).edges.map((edge) => edge.verdict) : (await get(path) as MessagesPage).rows.map((row) => row.verdict)
}

test('a connection that resumes a session is what the full handshakes of the same two were', async (t) => {
  const calls = [full('cart', 0), resumed('cart', 1), resumed('cart', 2)]
  assert.deepEqual(await verdicts(t, calls), ['mtls-inferred', 'mtls-inferred', 'mtls-inferred'])
  assert.deepEqual(await verdicts(t, calls, '/map'), ['mtls-inferred'])
  assert.deepEqual(await verdicts(t, [full('cart', 0, NO_CERTIFICATE), resumed('cart', 1)]), ['tls-one-way', 'tls-one-way'])
})

test('also where none of them is asked for', async (t) => {
  const others = Array.from({ length: 30 }, (_, i) => full('stock', 2 + i))
  assert.deepEqual(await verdicts(t, [full('cart', 0), ...others, resumed('cart', 40)], '/messages?q=src.port%3D%3D41040'), ['mtls-inferred'])
})

test('nothing is known of one whose session began elsewhere, before, or of which the handshakes differ', async (t) => {
  assert.deepEqual(await verdicts(t, [full('stock', 0), resumed('cart', 1)]), ['mtls-inferred', 'tls'])
  assert.deepEqual(await verdicts(t, [resumed('cart', 0), full('cart', 1)]), ['tls', 'mtls-inferred'])
  assert.deepEqual(await verdicts(t, [full('cart', 0), full('cart', 1, NO_CERTIFICATE), resumed('cart', 2)]), ['mtls-inferred', 'tls-one-way', 'tls'])
})

test('the detail says from where it is known', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(Buffer.from([full('cart', 0), resumed('cart', 1)].map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  const { rows } = await get('/messages') as MessagesPage
  const { tls } = await get(`/messages/${rows[1]!.id}`) as MessageDetail
  assert.deepEqual([tls!.verdict, tls!.resumed], ['mtls-inferred', true])
  assert.deepEqual(tls!.evidence, ['the full handshakes of the same two all had a certificate of the client', 'the connection resumes a session: certificates were shown before'])
})
