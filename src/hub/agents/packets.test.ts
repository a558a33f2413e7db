import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { readCaptureFile } from '../../capture/capture-file.ts'
import type { CaptureInfo, MessagesPage, PacketList } from '../../model/api.ts'
import { linesOf, record } from '../../store/record.fixture.ts'
import type { RunningAgent, TestTrust as Trust } from './agents.fixture.ts'
import { TestTrust, startAgent, startHub, testFolder, until } from './agents.fixture.ts'

const CAPTURE = 'test/fixtures/captures/http1-nginx.pcapng'

/** When the first exchange of the capture was: GET / on port 53918. */
async function firstMicros(path: string): Promise<number> {
  let first = Infinity
  await readCaptureFile(path, { interface: () => {}, frame: (_buf, _offset, _captured, _wire, at) => { first = Math.min(first, at) } })
  return first
}

async function count(path: string): Promise<number> {
  let frames = 0
  await readCaptureFile(path, { interface: () => {}, frame: () => { frames++ } })
  return frames
}

/** An agent that keeps the packets of the capture, and a message of it. */
async function agentWithPackets(t: TestContext, trust: Trust, node: string): Promise<RunningAgent> {
  const agent = await startAgent(t, trust, { node })
  agent.hub.packets = { maxBytes: 1, usedBytes: 1, removedBytes: 0, problem: undefined, sources: [{ path: CAPTURE }] }
  const first = await firstMicros(CAPTURE)
  const at = new Date(Math.floor(first / 1000)).toISOString().replace('Z', `${String(first % 1000).padStart(3, '0')}Z`)
  await agent.hub.store.add(linesOf([record({ at, elapsedMicros: 1000, what: `GET /${node}`, client: { ip: '10.98.0.1', port: 53918 }, server: { ip: '10.98.0.2', port: 8080 } })]))
  return agent
}

test('packets come from the agent that has the message; a file of several agents has a section for each', async (t) => {
  const trust = await TestTrust.create()
  const agents = [await agentWithPackets(t, trust, 'alpha'), await agentWithPackets(t, trust, 'beta')]
  const hub = await startHub(t, trust, agents.map((agent) => agent.address))
  const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${hub.port}/api/v1${path}`)
  const rows = await until('both messages', async () => {
    const page = await (await ask('/messages')).json() as MessagesPage
    return page.rows.length === 2 ? page.rows : undefined
  })
  assert.equal((await (await ask('/capture')).json() as CaptureInfo).packets, true)
  const list = await (await ask(`/messages/${rows[1]!.id}/packets`)).json() as PacketList
  assert.ok(list.packets.length > 3)
  assert.ok(list.packets.every(({ from, to }) => [from.port, to.port].includes(53918)))
  const save = async (query: string): Promise<number> => {
    const path = join(testFolder(t), 'saved.pcapng')
    const response = await ask(`/export?format=pcapng&${query}`)
    assert.equal(response.status, 200)
    writeFileSync(path, Buffer.from(await response.arrayBuffer()))
    return await count(path)
  }
  const [one, both, bySelection] = [await save(`ids=${rows[0]!.id}`), await save(`ids=${rows.map(({ id }) => id).join(',')}`), await save('q=http')]
  assert.equal(one, list.packets.length)
  assert.deepEqual([both, bySelection], [one * 2, one * 2])
  assert.equal((await ask('/export?format=pcapng&q=%3D%3D')).status, 400)
})
