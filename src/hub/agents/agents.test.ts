import assert from 'node:assert/strict'
import { createServer } from 'node:https'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:tls'
import test from 'node:test'
import type { TestContext } from 'node:test'
import type { HealthAnswer, MessageDetail, MessagesPage, PacketList } from '../../model/api.ts'
import { linesOf, record } from '../../store/record.fixture.ts'
import { AgentLink } from './agent-link.ts'
import { AGENT_ID, HUB_ID, TestTrust, startAgent, startHub, testFolder, until, untilStored } from './agents.fixture.ts'
import type { OpenedClusterHub } from './open-cluster-hub.ts'

const trust = TestTrust.create()

async function get<T>({ port }: { port: number }, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}/api/v1${path}`)
  assert.equal(response.status, 200, `${path}: ${response.status}`)
  return await response.json() as T
}

function numbered(node: string, count: number, from = 0): object[] {
  return Array.from({ length: count }, (_, n) => record({ at: new Date(Date.UTC(2026, 10, 21) + (from + n) * 1000).toISOString().replace('Z', '000Z'), what: `GET /${node}/${from + n}`, flow: `${node}${n % 3}` }))
}

/** Whats of the newest messages that the hub shows. */
async function shown(hub: OpenedClusterHub): Promise<string[]> {
  return (await get<MessagesPage>(hub, '/messages?limit=1000')).rows.map((row) => row.what)
}

/** An agent of the right name that answers as it likes. */
async function startImpostor(t: TestContext, answer: RequestListener, spiffeId = AGENT_ID): Promise<string> {
  const { material } = await (await trust).identity(spiffeId)
  const server = createServer({ key: material.keyPem, cert: material.chainPem, ca: material.bundlePem, requestCert: true, rejectUnauthorized: true }, answer)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const HELLO = { kind: 'hello', node: 'impostor', version: '0', store: 77, slot: 5, packets: false, replay: false, redaction: [] }
const state = (lastId: number): string => `${JSON.stringify({ kind: 'state', nowMicros: Date.now() * 1000, lastId })}\n`

test('two agents are one list; a message, its connection and its packets are found where they are', async (t) => {
  const agents = [await startAgent(t, await trust, { node: 'alpha' }), await startAgent(t, await trust, { node: 'beta' })]
  await agents[0]!.hub.store.add(linesOf(numbered('a', 20)))
  await agents[1]!.hub.store.add(linesOf(numbered('b', 10, 10)))
  const hub = await startHub(t, await trust, agents.map((agent) => agent.address))
  const { rows } = await until('both answer', async () => {
    const page = await get<MessagesPage>(hub, '/messages')
    return page.rows.length === 30 ? page : undefined
  })
  assert.deepEqual(rows.map((row) => row.atMicros), rows.map((row) => row.atMicros).toSorted((a, b) => a - b))
  assert.deepEqual([rows.length, rows.filter((row) => row.node === 'beta').length], [30, 10])
  const [row] = rows.filter(({ node, what }) => node === 'beta' && what === 'GET /b/13')
  const detail = await get<MessageDetail>(hub, `/messages/${row!.id}`)
  assert.deepEqual([detail.record.what, detail.row.id], ['GET /b/13', row!.id])
  const before = await get<MessageDetail>(hub, `/messages/${detail.previous}`)
  assert.equal(before.record.what, 'GET /b/10')
  const packets = await fetch(`http://127.0.0.1:${hub.port}/api/v1/messages/${row!.id}/packets`)
  assert.deepEqual([packets.status, (await packets.json() as { message: string }).message], [404, 'node beta: no packets are kept'])
  const lines = (await (await fetch(`http://127.0.0.1:${hub.port}/api/v1/export?format=jsonl`)).text()).trim().split('\n')
  assert.deepEqual(lines.map((line) => (JSON.parse(line) as { what: string }).what), rows.map(({ what }) => what))
})

test('an agent that dies is named as missing, the others go on; it is back by itself with all that it had, under the same numbers', async (t) => {
  const folder = testFolder(t)
  const alpha = await startAgent(t, await trust, { node: 'alpha' })
  const beta = await startAgent(t, await trust, { node: 'beta', storeFolder: folder })
  await alpha.hub.store.add(linesOf(numbered('a', 5)))
  await beta.hub.store.add(linesOf(numbered('b', 5)))
  const hub = await startHub(t, await trust, [alpha.address, beta.address])
  await until('both', async () => (await shown(hub)).length === 10 ? true : undefined)
  const first = (await get<MessagesPage>(hub, '/messages')).rows.find((row) => row.what === 'GET /b/2')!
  await beta.close()
  await until('only alpha', async () => (await shown(hub)).length === 5 ? true : undefined)
  const health = await get<HealthAnswer>(hub, '/health')
  assert.deepEqual(health.nodes!.map(({ name, state: is }) => [name, is]), [['beta', 'missing'], ['alpha', 'answers']])
  assert.match(health.advice[0]!.text, /^node beta: no answer since 20\d\d-.* UTC: /)
  const gone = await fetch(`http://127.0.0.1:${hub.port}/api/v1/messages/${first.id}`)
  assert.deepEqual([gone.status, (await gone.json() as { code: string }).code], [503, 'agent-missing'])
  const again = await startAgent(t, await trust, { node: 'beta', storeFolder: folder, port: beta.port })
  await again.hub.store.add(linesOf(numbered('b', 3, 5)))
  await until('all of both', async () => (await shown(hub)).length === 13 ? true : undefined)
  const same = (await get<MessagesPage>(hub, '/messages')).rows.find((row) => row.what === 'GET /b/2')!
  assert.equal(same.id, first.id)
})

test('a hub that is started anew has the same numbers', async (t) => {
  const agents = [await startAgent(t, await trust, { node: 'alpha' }), await startAgent(t, await trust, { node: 'beta' })]
  for (const [n, agent] of agents.entries()) await agent.hub.store.add(linesOf(numbered(`n${n}`, 4)))
  const numbers = async (): Promise<[string, number][]> => {
    const hub = await startHub(t, await trust, agents.map((agent) => agent.address))
    await until('both', async () => (await shown(hub)).length === 8 ? true : undefined)
    const { rows } = await get<MessagesPage>(hub, '/messages')
    await hub.close()
    return rows.map((row) => [row.what, row.id])
  }
  assert.deepEqual(await numbers(), await numbers())
})

test('only the hub may ask an agent, and only agents are asked', async (t) => {
  const agent = await startAgent(t, await trust, { node: 'alpha' })
  await agent.hub.store.add(linesOf(numbered('a', 1)))
  for (const path of ['/agent/v1/changes', '/agent/v1/store/info', '/api/v1/messages', '/api/v1/nothing', '/']) {
    const identity = await (await trust).identity('spiffe://cluster.test/ns/shop/sa/web')
    const refused = await new Promise<string>((resolve) => {
      const link = new AgentLink({ address: agent.address, agentId: AGENT_ID, identity: () => identity }, { hello: async () => {}, state: () => {}, down: () => {} })
      link.open(path).then(() => resolve('answered'), (error: Error) => resolve(error.message)).finally(() => link.close())
    })
    assert.equal(refused, `only ${HUB_ID} may ask, not spiffe://cluster.test/ns/shop/sa/web`, path)
  }
  const other = await TestTrust.create()
  const stranger = await startHub(t, other, [agent.address])
  await until('the stranger is refused', () => stranger.fleet.nodes()[0]!.why !== 'it has not answered yet' ? true : undefined)
  const wrong = await startAgent(t, await trust, { node: 'web', spiffeId: 'spiffe://cluster.test/ns/shop/sa/web' })
  const hub = await startHub(t, await trust, [agent.address, wrong.address])
  await until('the right one', async () => (await shown(hub)).length === 1 ? true : undefined)
  await until('the wrong one is named', () => hub.fleet.nodes().some(({ why }) => why?.includes('it is spiffe://cluster.test/ns/shop/sa/web, not')) ? true : undefined)
})

const HOSTILE: Readonly<Record<string, RequestListener>> = {
  garbage: (_, response) => { response.end('<html>\n{"kind":"hello"}\n\u0000\n') },
  'a line without end': (_, response) => {
    const write = (): void => { while (response.write('x'.repeat(1024 * 1024))); }
    response.on('drain', write).on('error', () => {})
    write()
  },
  'silence after a good beginning': (_, response) => { response.write(`${JSON.stringify(HELLO)}\n${state(3)}`) },
  'nothing at all': () => {},
  'contradictions': ({ url }, response) => {
    if (url === '/agent/v1/changes') response.write(`${JSON.stringify(HELLO)}\n${state(9)}`)
    else response.end(JSON.stringify({ search: 1, start: 5, end: 2, lastId: 9, stored: 9, furtherHops: 0, tail: [] }))
  },
  'answers of another shape': ({ url }, response) => {
    if (url === '/agent/v1/changes') response.write(`${JSON.stringify(HELLO)}\n${state(9)}`)
    else response.end(JSON.stringify([{ row: { id: '1' }, line: '{' }]))
  },
  'answers without end': ({ url }, response) => {
    if (url === '/agent/v1/changes') return void response.write(`${JSON.stringify(HELLO)}\n${state(9)}`)
    response.on('error', () => {})
    const timer = setInterval(() => response.write(' '), 50)
    response.on('close', () => clearInterval(timer))
  },
}

for (const [what, answer] of Object.entries(HOSTILE)) {
  test(`an agent that sends ${what} holds up nobody`, async (t) => {
    const good = await startAgent(t, await trust, { node: 'good' })
    await good.hub.store.add(linesOf(numbered('g', 7)))
    const hub = await startHub(t, await trust, [await startImpostor(t, answer), good.address])
    await until('the good one is shown', async () => (await shown(hub)).length === 7 ? true : undefined)
    await until('the other one is missing', async () => (await get<HealthAnswer>(hub, '/health')).nodes!.find((node) => node.name !== 'good')?.state === 'missing' ? true : undefined)
    assert.equal((await shown(hub)).length, 7)
  })
}

test('clocks that disagree: every message is there, and whose clock it is, is said', async (t) => {
  const ahead: RequestListener = (_, response) => { response.write(`${JSON.stringify(HELLO)}\n${JSON.stringify({ kind: 'state', nowMicros: Date.now() * 1000 + 90e6, lastId: 0 })}\n`) }
  const hub = await startHub(t, await trust, [await startImpostor(t, ahead)])
  const said = await until('it is told', async () => hub.fleet.nodes().find(({ why }) => why?.includes('clock'))?.why)
  const [, seconds] = /^its clock is (\d+\.\d) s ahead of ours$/.exec(said) ?? []
  // Less what a busy machine took to read it.
  assert.ok(Number(seconds) > 30 && Number(seconds) <= 90.1, said)
})

test('what is new goes to the viewer as it comes, of all agents, once', async (t) => {
  const agents = [await startAgent(t, await trust, { node: 'alpha' }), await startAgent(t, await trust, { node: 'beta' })]
  for (const [n, agent] of agents.entries()) await agent.hub.store.add(linesOf(numbered(`old${n}`, 4)))
  const hub = await startHub(t, await trust, agents.map((agent) => agent.address))
  await until('both', async () => (await shown(hub)).length === 8 ? true : undefined)
  const stop = new AbortController()
  t.after(() => stop.abort())
  const response = await fetch(`http://127.0.0.1:${hub.port}/api/v1/live`, { signal: stop.signal })
  const seen: string[] = []
  const reading = (async () => {
    let text = ''
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = text.split('\n\n')
      text = events.pop()!
      for (const event of events) {
        if (event.includes('event: rows')) seen.push(...(JSON.parse(/^data: (.*)$/m.exec(event)![1]!) as { rows: { what: string }[] }).rows.map((row) => row.what))
      }
    }
  })().catch(() => {})
  await until('the stream is open', () => hub.hub.clients === 1 ? true : undefined)
  for (let n = 0; n < 5; n++) for (const [m, agent] of agents.entries()) await agent.hub.store.add(linesOf(numbered(`new${m}`, 2, n * 2)))
  await until('all of it', () => seen.length >= 20 ? true : undefined)
  assert.equal(new Set(seen).size, 20)
  assert.ok(seen.every((what) => what.includes('/new')))
  stop.abort()
  await reading
  await untilStored(hub.hub.store, 28)
})

test('bodies and replays of a message go to the agent that has it', async (t) => {
  const agents = [await startAgent(t, await trust, { node: 'alpha' }), await startAgent(t, await trust, { node: 'beta' })]
  await agents[1]!.hub.store.add(linesOf([record({ server: { ip: '127.0.0.1', port: 9 } })]))
  const hub = await startHub(t, await trust, agents.map((agent) => agent.address))
  await until('it is there', async () => (await shown(hub)).length === 1 ? true : undefined)
  const [row] = (await get<MessagesPage>(hub, '/messages')).rows
  const body = await fetch(`http://127.0.0.1:${hub.port}/api/v1/messages/${row!.id}/body/response`)
  assert.deepEqual([body.status, await body.text()], [200, '{"sku":"tea-4711"}'])
  const post = (path: string, request: object): Promise<Response> => fetch(`http://127.0.0.1:${hub.port}/api/v1${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request) })
  const confirmed = await (await post('/replay/confirm', { message: row!.id })).json() as { token: string, target: string }
  assert.equal(confirmed.target, '127.0.0.1:9')
  const sent = await post('/replay', { message: row!.id, token: confirmed.token })
  assert.notEqual(sent.status, 200)
  assert.match((await sent.json() as { message: string }).message, /127\.0\.0\.1|ECONNREFUSED|refused/)
  const unconfirmed = await post('/replay', { message: row!.id, token: 'made up' })
  assert.deepEqual([unconfirmed.status, (await unconfirmed.json() as { message: string }).message], [403, 'node beta: this request was not confirmed'])
  assert.deepEqual((await get<PacketList | MessageDetail>(hub, `/messages/${row!.id}`) as MessageDetail).replay, { target: '127.0.0.1:9', protocol: 'http1' })
})

test('each request once: what the agents have not decided yet is left out, and comes when they have', async (t) => {
  const agent = await startAgent(t, await trust, { node: 'alpha' })
  await agent.hub.store.add(linesOf(numbered('a', 6)))
  const hub = await startHub(t, await trust, [agent.address])
  const page = await until('all are decided', async () => {
    const found = await get<MessagesPage>(hub, '/messages?hops=joined')
    return found.rows.length === 6 ? found : undefined
  })
  assert.deepEqual([page.joined, page.stored, page.end - page.start], [true, 6, 6])
})

test('certificates are renewed on both sides while the hub goes on asking', async (t) => {
  const ca = await trust
  const agent = await startAgent(t, ca, { node: 'alpha' })
  await agent.hub.store.add(linesOf(numbered('a', 3)))
  let identity = await ca.identity(HUB_ID)
  const seen: string[] = []
  const link = new AgentLink({ address: agent.address, agentId: AGENT_ID, identity: () => identity }, { hello: async () => {}, state: () => {}, down: (_, why) => { seen.push(why) } })
  t.after(() => link.close())
  assert.equal((await link.info()).stored, 3)
  const next = await ca.identity(AGENT_ID)
  agent.replaceIdentity(next)
  identity = await ca.identity(HUB_ID)
  assert.equal((await link.info()).stored, 3)
  const serial = await new Promise<string>((resolve, reject) => {
    const { keyPem, chainPem, bundlePem } = identity.material
    const { hostname: host, port } = new URL(agent.address)
    const socket = connect({ host, port: Number(port), key: keyPem, cert: chainPem, ca: bundlePem, checkServerIdentity: () => undefined }, () => {
      resolve(socket.getPeerCertificate().serialNumber)
      socket.destroy()
    }).on('error', reject)
  })
  assert.equal(serial.toLowerCase(), next.serial.toLowerCase().replaceAll(':', ''))
  assert.deepEqual(seen, [])
})
