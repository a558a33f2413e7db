import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { AGENT_ID, HUB_ID, TestTrust, until } from '../../src/hub/agents/agents.fixture.ts'
import type { HealthAnswer, LiveEvents, MapAnswer, MessageRow, MessagesPage, StatisticsAnswer } from '../../src/model/api.ts'
import { Running, writeIdentity } from '../cli/running.ts'
import { need } from '../require.ts'
import { startSidecarPair } from './check-sidecar-pair.ts'
import { ensureNetns } from './enter.ts'
import { procfsOf } from './own-procfs.ts'
import { tempFolder } from './peers.ts'

const netns = ensureNetns()
const CALLS = 12
const WAIT_MS = 120_000

/** Reads the rows of a live view until it is told to stop. */
async function follow(address: string, stop: AbortSignal, take: (event: LiveEvents['rows']) => void): Promise<void> {
  const response = await fetch(address, { signal: stop })
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const events = text.split('\n\n')
    text = events.pop()!
    for (const event of events) if (event.includes('event: rows')) take(JSON.parse(/^data: (.*)$/m.exec(event)![1]!) as LiveEvents['rows'])
  }
}

test('two nodes with an agent each, a sidecar on either: the hub shows a request between them once, with both nodes', { timeout: 400_000 }, async (t) => {
  if (!need(t, 'netns', netns, 'the right to create network namespaces')) return
  const { web, cart, callThrough } = await startSidecarPair(t)
  const folder = tempFolder(t)
  const trust = await TestTrust.create()
  const identity = await writeIdentity(folder, trust, 'agent', AGENT_ID)
  const start = async (node: string, namespace: string): Promise<string> => {
    const agent = new Running(t, [
      'agent', '--mesh', '--procfs', procfsOf(folder, [namespace]), '--node', node, '--store', join(folder, node), '--listen', '127.0.0.1:0', '--hub-id', HUB_ID, ...identity,
    ])
    await agent.hears(/entered namespace/)
    return `https://127.0.0.1:${(await agent.hears(/answers .* port (\d+)/))[1]}`
  }
  const agents = [await start('node-a', web.name), await start('node-b', cart.name)]
  const hub = new Running(t, ['hub', ...agents.flatMap((agent) => ['--agent', agent]), '--listen', '127.0.0.1:0', '--agent-id', AGENT_ID, ...await writeIdentity(folder, trust, 'hub', HUB_ID)])
  const api = `${(await hub.hears(/viewer (http:\/\/127\.0\.0\.1:\d+)\//))[1]}/api/v1`
  const q = encodeURIComponent(`http && what.contains("${process.pid}")`)
  const ask = async (query: string): Promise<MessagesPage> => await (await fetch(`${api}/messages?q=${q}&${query}`)).json() as MessagesPage

  const stop = new AbortController()
  t.after(() => stop.abort())
  const live = new Map<number, MessageRow>()
  const following = follow(`${api}/live?hops=joined&q=${q}`, stop.signal, ({ rows, joined = [] }) => { for (const row of [...rows, ...joined]) live.set(row.id, row) }).catch(() => {})
  await until('the live view is open', async () => (await (await fetch(`${api}/health`)).json() as HealthAnswer).clients === 1 ? true : undefined)
  for (let n = 0; n < CALLS; n++) callThrough(`/call-${n}-${process.pid}`)

  const page = await until('both ends of each', async () => {
    const found = await ask('hops=joined&limit=500')
    return found.rows.length === 2 * CALLS ? found : undefined
  }, WAIT_MS)
  const standing = page.rows.filter(({ joinedTo }) => joinedTo === undefined)
  const told = standing.map(({ what, way }) => [what, way?.verdict, way?.hops, way?.nodes, way?.half]).toSorted()
  assert.deepEqual(told, Array.from({ length: CALLS }, (_, n) => [`GET /call-${n}-${process.pid}`, 'mtls-inferred', 3, ['node-a', 'node-b'], undefined]).toSorted(), JSON.stringify(page.rows, undefined, 1))
  for (const { joinedTo, what } of page.rows) if (joinedTo !== undefined) assert.equal(standing.find(({ id }) => id === joinedTo)?.what, what)

  // A page at a time says the same, and so does what came live.
  const alone: MessageRow[] = []
  for (let offset = page.start; offset < page.end; offset++) alone.push(...(await ask(`hops=joined&limit=1&offset=${offset}`)).rows)
  const shown = (rows: Iterable<MessageRow>): unknown[] => [...rows].map(({ id, joinedTo }) => [id, joinedTo]).toSorted()
  assert.deepEqual(shown(alone), shown(page.rows))
  await until('it came live', () => live.size === 2 * CALLS && [...live.values()].filter(({ joinedTo, way }) => joinedTo === undefined && way?.nodes !== undefined).length === CALLS ? true : undefined, WAIT_MS)
  assert.deepEqual(shown(live.values()), shown(page.rows))
  assert.ok((await ask('limit=500')).rows.every(({ joinedTo }) => joinedTo === undefined), 'all hops are all hops')
  const map = await (await fetch(`${api}/map?q=${q}`)).json() as MapAnswer
  assert.deepEqual(map.edges.map(({ requests, verdict }) => [requests, verdict]), [[CALLS, 'mtls-inferred']], 'the map counts each once')
  assert.equal((await (await fetch(`${api}/statistics?hops=joined&q=${q}`)).json() as StatisticsAnswer).total.requests, CALLS)
  stop.abort()
  await following
})
