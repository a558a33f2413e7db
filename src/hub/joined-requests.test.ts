import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MessagesPage, StatisticsAnswer } from '../model/api.ts'
import type { HopMessage } from '../mesh/joined-request.ts'
import { clear, handshake, IPS } from '../mesh/shop.fixture.ts'
import { jsonLine } from '../tap/json-line.ts'
import { until } from './agents/agents.fixture.ts'
import { openTestHub } from './hub.fixture.ts'
import type { TestHub } from './hub.fixture.ts'

const START = Date.parse('2026-11-21T12:00:00Z') * 1000
const line = { from: 'web', to: 'cart', port: 41_000 }
const said = { what: 'GET /cart/1', status: 200, responseBytes: 20 }
const CALLER = [handshake('web', line, START), handshake('cart', line, START + 5), clear('web', 15_001, { ...said, atMicros: START + 1e6, elapsedMicros: 3000 })]
const CALLED = [clear('cart', 9090, { ...said, atMicros: START + 1_001_000, elapsedMicros: 1000 })]
/** What was seen alone would stand for itself by then. */
const LONG_MS = 900

async function add({ hub }: TestHub, messages: readonly HopMessage[]): Promise<void> {
  await hub.store.add(Buffer.from(messages.map(({ flow, message }) => `${jsonLine(flow, message)}\n`).join('')))
}

function rows({ get }: TestHub): Promise<MessagesPage['rows']> {
  return get('/messages?hops=joined&q=http').then((page) => (page as MessagesPage).rows)
}

function waysOf(found: MessagesPage['rows']): unknown[] {
  return found.map(({ what, way }) => [what, way?.from, way?.to, way?.verdict, way?.hops])
}

const WHOLE = [['GET /cart/1', 'web', 'cart', 'mtls-inferred', 3]]

async function untilJoined(hub: TestHub): Promise<void> {
  await until('it is joined', async () => (await rows(hub)).length > 0 ? true : undefined)
  assert.deepEqual(waysOf(await rows(hub)), WHOLE)
}

test('a hop waits for the other as long as that may still be unread, whatever the clock says', async (t) => {
  const hub = await openTestHub(t)
  hub.hub.joined.read(START)
  await add(hub, CALLER)
  hub.hub.joined.read(START + 1_100_000)
  await sleep(LONG_MS)
  assert.deepEqual(await rows(hub), [])
  await add(hub, CALLED)
  hub.hub.joined.read(START + 10e6)
  await untilJoined(hub)
})

test('the end is told when all that came can be asked for, and none of it waits', async (t) => {
  const hub = await openTestHub(t)
  const ended = new Promise<void>((resolve) => { hub.hub.onEnd(resolve) })
  await add(hub, CALLER)
  await until('it is looked at', async () => (await hub.get('/messages?q=http') as MessagesPage).rows.length === 1 ? true : undefined)
  void add(hub, CALLED)
  hub.hub.end()
  await ended
  assert.deepEqual(waysOf(await rows(hub)), WHOLE)
  const { total } = await hub.get('/statistics?hops=joined&q=http') as StatisticsAnswer
  assert.equal(total.requests, 1)
})

test('what was captured by the time that is told is joined, though of no change has been told yet', async (t) => {
  const hub = await openTestHub(t)
  hub.hub.joined.read(START)
  await add(hub, CALLER)
  await until('it is looked at', async () => (await hub.get('/messages?q=http') as MessagesPage).rows.length === 1 ? true : undefined)
  void add(hub, CALLED)
  hub.hub.joined.read(START + 10e6)
  await untilJoined(hub)
})

test('of a file that is still being read no time passes but its own; of one that was, it does', async (t) => {
  const hub = await openTestHub(t)
  const file = { name: 'shop.pcapng', path: '/nowhere/shop.pcapng', reading: true, hasEnd: true, readBytes: 0, hasPackets: false }
  hub.hub.files.push(file)
  await add(hub, CALLER)
  await sleep(LONG_MS)
  assert.deepEqual(await rows(hub), [])
  await add(hub, CALLED)
  file.reading = false
  await untilJoined(hub)
})

test('nobody tells the time any more: it passes', async (t) => {
  const hub = await openTestHub(t)
  hub.hub.joined.read(START)
  await add(hub, CALLER)
  hub.hub.joined.read(undefined)
  await until('it stands for itself', async () => (await rows(hub)).length > 0 ? true : undefined)
})

test('requests that are alike and under way at once have their lock where names tell whom they called, whichever row comes first', async (t) => {
  const named = (place: string, port: number, client: string, atMicros: number, elapsedMicros: number): HopMessage => {
    const seen = clear(place, port, { ...said, atMicros, elapsedMicros })
    return { ...seen, flow: { ...seen.flow, client: { ip: client, port: 30_000 + port, name: place }, server: { ip: IPS.cart!, port: 8080, name: 'cart' } } }
  }
  const hub = await openTestHub(t)
  hub.hub.joined.read(START)
  const alike = [1, 2].flatMap((n) => [named('web', n, IPS.web!, START + 1e6 + n * 1000, 20_000), named('cart', 10 + n, IPS.cart!, START + 1_004_000 + n * 500, 10_000)])
  await add(hub, [...CALLER.slice(0, 2), ...alike.toSorted((a, b) => a.flow.namespace! < b.flow.namespace! ? 1 : -1)])
  hub.hub.joined.read(START + 10e6)
  await until('both are joined', async () => (await rows(hub)).length === 2 ? true : undefined)
  assert.deepEqual(waysOf(await rows(hub)), [...WHOLE, ...WHOLE])
})
