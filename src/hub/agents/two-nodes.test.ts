import assert from 'node:assert/strict'
import test from 'node:test'
import type { MessageDetail, MessagesPage } from '../../model/api.ts'
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
  await agents[1]!.close()
  const alone = await until('the other node is missing', async () => {
    const found = await ask<MessagesPage>('/messages?q=http&hops=joined')
    return found.rows.length === CALLS ? found : undefined
  })
  assert.deepEqual(alone.rows.map(({ way, joinedTo }) => [way?.nodes, joinedTo]), standing.map(() => [undefined, undefined]))
})
