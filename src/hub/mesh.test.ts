import assert from 'node:assert/strict'
import test from 'node:test'
import type { MapAnswer, MessageDetail, MessagesPage } from '../model/api.ts'
import type { HopMessage } from '../mesh/joined-request.ts'
import { clear, handshake, plain } from '../mesh/shop.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { mismatch, openTestHub } from './hub.fixture.ts'

const START = Date.parse('2026-11-21T12:00:00Z') * 1000
const line = { from: 'web', to: 'cart', port: 41_000 }

/** web calls cart ten times through sidecars, and ads once in plaintext; captured in the namespaces of web and cart. */
function shop(): HopMessage[] {
  const calls = Array.from({ length: 10 }, (_, i) => {
    const at = START + 1e6 + i * 100_000
    const said = { what: `GET /cart/${i}`, status: i === 9 ? 500 : 200, responseBytes: 20 + i }
    return [clear('web', 15_001, { ...said, atMicros: at, elapsedMicros: 3000 }), clear('cart', 9090, { ...said, atMicros: at + 1000, elapsedMicros: 1000 })]
  }).flat()
  return [handshake('web', line, START), handshake('cart', line, START + 5), ...calls, plain('web', { from: 'web', to: 'ads', port: 42_000 }, { what: 'GET /banner', atMicros: START + 3e6, elapsedMicros: 800 })].map(({ flow, message }) => ({ flow, message: { ...message, outcome: message.status === 500 ? 'server-error' : 'ok' } }))
}

test('the way of a request: app, proxy, TLS, proxy, app', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(Buffer.from(shop().map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  const { rows } = await get('/messages?q=http') as MessagesPage
  const first = rows.find((row) => row.what === 'GET /cart/3' && row.namespace === 'web')!
  const detail = await get(`/messages/${first.id}`) as MessageDetail
  assert.deepEqual(detail.hops.map(({ kind, seenIn }) => [kind, seenIn]), [['clear', ['web']], ['tls', ['web', 'cart']], ['clear', ['cart']]])
  assert.equal(detail.hops[1]!.tls!.verdict, 'mtls-inferred')
  assert.equal(detail.tls!.version, 'TLS 1.3')
  assert.equal(detail.hops[0]!.messages[0], first.id)
  assert.equal(detail.hops[2]!.messages[0], rows.find((row) => row.what === 'GET /cart/3' && row.namespace === 'cart')!.id)
})

test('a connection that one end tells to be closed before the other tells that it began is one all the same', async (t) => {
  const { hub, get } = await openTestHub(t)
  const at = START + 1e6
  const said = { what: 'GET /short', status: 200, responseBytes: 20 }
  const closed = (place: string, atMicros: number): HopMessage => {
    const { flow, message } = handshake(place, line, atMicros)
    return { flow, message: { ...message, what: 'TLS 1.3 closed', status: undefined, elapsedMicros: undefined, request: { kind: 'closed' }, response: undefined } }
  }
  const cart = [clear('cart', 9090, { ...said, atMicros: at + 1000, elapsedMicros: 1000 }), handshake('cart', line, at + 101), closed('cart', at + 9000)]
  const web = [handshake('web', line, at + 100), clear('web', 15_001, { ...said, atMicros: at, elapsedMicros: 3000 }), closed('web', at + 9001)]
  await hub.store.add(Buffer.from([...cart, ...web].map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  const page = await joinedRows(get, 1, 'what == "GET /short"')
  assert.deepEqual(page.rows.map(({ way }) => [way?.from, way?.to, way?.verdict, way?.hops]), [['web', 'cart', 'mtls-inferred', 3]])
  const detail = await get(`/messages/${page.rows[0]!.id}`) as MessageDetail
  assert.deepEqual(detail.hops.map(({ kind }) => kind), ['clear', 'tls', 'clear'])
})

/** Once the joining has decided on everything. */
async function joinedRows(get: (path: string) => Promise<unknown>, count: number, q = ''): Promise<MessagesPage> {
  for (;;) {
    const page = await get(`/messages?hops=joined&q=${encodeURIComponent(q)}`) as MessagesPage
    if (page.rows.length >= count && page.searching === undefined) return page
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

test('each request once, from workload to workload, with the lock of the wire between', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(Buffer.from(shop().map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  const page = await joinedRows(get, 12)
  assert.equal(mismatch('MessagesPage', page), '')
  assert.deepEqual([page.joined, page.stored, page.end - page.start], [true, 12, 12])
  assert.deepEqual(page.rows.slice(1).map(({ what, way }) => [what, way?.from, way?.to, way?.verdict, way?.hops]), [
    ...Array.from({ length: 10 }, (_, i) => [`GET /cart/${i}`, 'web', 'cart', 'mtls-inferred', 3]), ['GET /banner', 'web', 'ads', 'plaintext', 1],
  ])
  assert.equal(page.rows[0]!.protocol, 'tls', 'a handshake that was seen at both ends is one row')
  assert.equal((await get('/messages') as MessagesPage).rows.length, 23)

  assert.equal((await joinedRows(get, 10, 'to == "cart" && http')).rows.length, 10)
  assert.equal((await joinedRows(get, 11, 'from == "web" && http')).rows.length, 11)
  const hops = await joinedRows(get, 10, 'netns == "cart" && http')
  assert.deepEqual([hops.joined, hops.rows.length], [undefined, 10], 'a filter that names a hop shows hops')
})

test('what comes later is joined as well, and is told live only once it is', async (t) => {
  const { hub, get } = await openTestHub(t)
  const lines = shop().map(({ flow, message }) => Buffer.from(`${jsonLine(flow, message)}\n`))
  // Time is told, so that a busy machine is not one on which nothing more comes.
  hub.joined.read(START + 500_000)
  await hub.store.add(Buffer.concat(lines.slice(0, 2)))
  assert.equal((await joinedRows(get, 1)).rows.length, 1)
  for (const line of lines.slice(2)) await hub.store.add(line)
  hub.joined.read(START + 10e6)
  const page = await joinedRows(get, 12)
  const newer = await hub.store.newer({ requests: true }, page.rows[0]!.id, 100)
  assert.deepEqual(newer.rows.map((row) => row.id), page.rows.slice(1).map((row) => row.id))
  assert.deepEqual([newer.skipped, newer.stored], [0, 12])
})

test('the map counts a request once, and shows the lock of the wire between', async (t) => {
  const { hub, get } = await openTestHub(t)
  await hub.store.add(Buffer.from(shop().map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
  await joinedRows(get, 12)
  const map = await get('/map') as MapAnswer
  assert.deepEqual(map.edges.map(({ from, to, requests, errors, verdict }) => [from, to, requests, errors, verdict]).sort(), [['web', 'ads', 1, 0, 'plaintext'], ['web', 'cart', 10, 1, 'mtls-inferred']])
  assert.deepEqual(map.nodes.map(({ name }) => name).sort(), ['ads', 'cart', 'web'])
})
