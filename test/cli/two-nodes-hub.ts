// A hub with two agents of made messages, which says where its viewer is: each line it reads, `FROM COUNT`, is so many more requests between the two; `stop` ends the second agent.
import type { TestContext } from 'node:test'
import { createInterface } from 'node:readline'
import { TestTrust, startAgent, startHub } from '../../src/hub/agents/agents.fixture.ts'
import { twoNodes } from '../../src/hub/agents/two-nodes.fixture.ts'

// It is ended with its folder by whoever started it.
const t = { after: () => {} } as unknown as TestContext
const trust = await TestTrust.create()
const agents = [await startAgent(t, trust, { node: 'node-a' }), await startAgent(t, trust, { node: 'node-b' })]
const hub = await startHub(t, trust, agents.map(({ address }) => address))
console.error(`viewer ${hub.address}`)
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') {
    await agents[1]!.close()
    continue
  }
  const [from, count] = line.split(' ').map(Number)
  const { caller, called, lines } = twoNodes(from!, count!, Date.now() * 1000)
  await Promise.all([agents[0]!.add(caller, lines), agents[1]!.add(called, lines)])
}
process.exit(0)
