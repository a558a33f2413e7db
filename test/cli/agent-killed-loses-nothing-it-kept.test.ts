import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { readCapabilities } from '../../src/sys/capabilities.ts'
import { AGENT_ID, HUB_ID, TestTrust, testFolder, until } from '../../src/hub/agents/agents.fixture.ts'
import type { HealthAnswer, MessagesPage } from '../../src/model/api.ts'
import { freePorts } from '../free-ports.ts'
import { need } from '../require.ts'
import { Running, writeIdentity } from './running.ts'

test('an agent that is killed and started again has what it kept, under the same numbers, and the hub goes on with it', async (t) => {
  if (!need(t, 'netns', readCapabilities().has('CAP_NET_RAW'), 'CAP_NET_RAW')) return
  const folder = testFolder(t)
  const trust = await TestTrust.create()
  const web = createServer((_, response) => { response.end('hello') })
  await new Promise<void>((resolve) => { web.listen(0, '127.0.0.1', resolve) })
  t.after(() => web.close())
  const { port } = web.address() as AddressInfo
  const identity = await writeIdentity(folder, trust, 'agent', AGENT_ID)
  const start = async (listen: string): Promise<{ agent: Running, at: string }> => {
    const agent = new Running(t, ['agent', '-i', 'lo', '--port', String(port), '--node', 'here', '--store', join(folder, 'store'), '--listen', listen, '--hub-id', HUB_ID, ...identity])
    const [, own] = await agent.hears(/node here answers .* port (\d+)/)
    await agent.hears(/capturing on lo/)
    return { agent, at: own! }
  }
  const [own] = await freePorts(1)
  const first = await start(`127.0.0.1:${own}`)
  const hub = new Running(t, ['hub', '--agent', `https://127.0.0.1:${first.at}`, '--listen', '127.0.0.1:0', '--probe', '127.0.0.1:0', '--agent-id', AGENT_ID, ...await writeIdentity(folder, trust, 'hub', HUB_ID)])
  const [, viewer] = await hub.hears(/viewer (http:\/\/127\.0\.0\.1:\d+)\//)
  const ask = async <T>(path: string): Promise<T> => await (await fetch(`${viewer}/api/v1${path}`)).json() as T
  const rows = async (): Promise<[number, string][]> => (await ask<MessagesPage>('/messages?limit=1000&q=http')).rows.map(({ id, what }) => [id, what])
  const say = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) await (await fetch(`http://127.0.0.1:${port}/said/${n}`)).text()
  }
  await say(0, 10)
  const before = await until('ten requests', async () => {
    const all = await rows()
    return all.length === 10 ? all : undefined
  })
  await first.agent.kill()
  await until('the node is missing', async () => (await ask<HealthAnswer>('/health')).nodes![0]!.state === 'missing' ? true : undefined)
  assert.deepEqual(await rows(), [])
  await start(`127.0.0.1:${first.at}`)
  await say(10, 15)
  const after = await until('fifteen requests', async () => {
    const all = await rows()
    return all.length === 15 ? all : undefined
  })
  assert.deepEqual(after.slice(0, 10), before)
  assert.deepEqual(after.map(([, what]) => what), Array.from({ length: 15 }, (_, n) => `GET /said/${n}`))
})

test('what cannot be is refused in words', async (t) => {
  const ends = async (words: readonly string[]): Promise<string> => {
    const run = new Running(t, words)
    const [code] = await once(run.child, 'close') as [number]
    return `${code}: ${run.said.split('\n')[0]}`
  }
  assert.equal(await ends(['hub', '--agent-id', AGENT_ID]), '2: mtlscope: error: no agents are named')
  assert.equal(await ends(['hub', '--agent-id', 'agent', '--agent', 'https://a:1']), '2: mtlscope: error: --agent-id: not a SPIFFE ID: agent')
  assert.equal(await ends(['hub', '--agent-id', AGENT_ID, '--agent', 'http://a:1']), '2: mtlscope: error: --agent: not an address of an agent: http://a:1')
  assert.equal(await ends(['agent', '-i', 'lo', '--hub-id', HUB_ID, '--cert', 'x.pem', '--store', testFolder(t)]), '2: mtlscope: error: --cert and --key belong together')
})
