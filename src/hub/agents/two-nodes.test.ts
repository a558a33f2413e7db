import assert from 'node:assert/strict'
import test from 'node:test'
import type { CatalogPage, MapAnswer, MessageDetail, MessagesPage, StatisticsAnswer } from '../../model/api.ts'
import { TestTrust, startAgent, startHub, until } from './agents.fixture.ts'
import { twoNodes } from './two-nodes.fixture.ts'

const CALLS = 5

test('what two agents have seen of a request is one row of their hub, and all hops are all hops', async (t) => {
  const trust = await TestTrust.create()
  const agents = [await startAgent(t, trust, { node: 'node-a' }), await startAgent(t, trust, { node: 'node-b' })]
  const hub = await startHub(t, trust, agents.map(({ address }) => address))
  const { caller, called, lines } = twoNodes(0, CALLS, Date.now() * 1000)
  await Promise.all([agents[0]!.add(caller, lines), agents[1]!.add(called, lines)])
  const ask = async <T>(path: string): Promise<T> => await (await fetch(`http://127.0.0.1:${hub.port}/api/v1${path}`)).json() as T
  const page = await until('both ends of each', async () => {
    const found = await ask<MessagesPage>('/messages?q=http&hops=joined')
    return found.rows.length === 2 * CALLS && found.rows.filter(({ joinedTo }) => joinedTo !== undefined).length === CALLS ? found : undefined
  })
  const standing = page.rows.filter(({ joinedTo }) => joinedTo === undefined)
  assert.deepEqual(standing.map(({ what, way }) => [what, way]), Array.from({ length: CALLS }, (_, n) => [`GET /cart/${n}`, { from: 'web', to: 'cart', verdict: 'mtls-inferred', hops: 3, nodes: ['node-a', 'node-b'] }]))
  // Which of two ends stands for both is a matter of which node the hub has heard first.
  const otherOf = (node: string | undefined): string => node === 'node-a' ? 'node-b' : 'node-a'
  assert.deepEqual(page.rows.filter(({ joinedTo }) => joinedTo !== undefined).map(({ what, node, joinedTo }) => [what, node, joinedTo]), standing.map(({ what, node, id }) => [what, otherOf(node), id]))
  const all = await ask<MessagesPage>('/messages')
  assert.deepEqual([all.rows.length, all.rows.filter(({ what }) => what === 'ciphertext').length], [2 * CALLS + 2, 0], 'turns are not kept')
  const detail = await ask<MessageDetail>(`/messages/${standing[2]!.id}`)
  assert.deepEqual(detail.hopNotes.filter((note) => note.startsWith('not joined')), [])
  await countedOnce(ask)
  await agents[1]!.close()
  const alone = await until('the other node is missing', async () => {
    const found = await ask<MessagesPage>('/messages?q=http&hops=joined')
    return found.rows.length === CALLS ? found : undefined
  })
  assert.deepEqual(alone.rows.map(({ way, joinedTo }) => [way?.nodes, joinedTo]), standing.map(() => [undefined, undefined]))
})

type Ask = <T>(path: string) => Promise<T>

async function countedOnce(ask: Ask): Promise<void> {
  const { edges, twice } = await ask<MapAnswer>('/map')
  assert.deepEqual(edges.filter(({ requests }) => requests > 0).map(({ from, to, requests, verdict }) => [from, to, requests, verdict]), [['web', 'cart', CALLS, 'mtls-inferred']])
  const statistics = await ask<StatisticsAnswer>('/statistics?q=http&by=service&hops=joined')
  assert.deepEqual(statistics.groups.map(({ name, requests }) => [name, requests]), [['cart', CALLS]])
  assert.deepEqual([twice, statistics.twice], [undefined, undefined])
  assert.equal((await ask<StatisticsAnswer>('/statistics?q=http&hops=all')).total.requests, 2 * CALLS)
  const catalog = await ask<CatalogPage>('/catalog')
  assert.deepEqual(catalog.services.map(({ name, requests }) => [name, requests]), [['cart', CALLS]])
  const har = await ask<{ log: { entries: unknown[] } }>('/export?format=har&q=http&hops=joined')
  assert.equal(har.log.entries.length, CALLS)
  assert.equal((await ask<{ log: { entries: unknown[] } }>('/export?format=har&q=http')).log.entries.length, 2 * CALLS)
}
