import assert from 'node:assert/strict'
import test from 'node:test'
import type { TestContext } from 'node:test'
import { openKubeServer } from '../kube/kube-server.fixture.ts'
import type { ServerSocket } from '../kube/kube-server.fixture.ts'
import { ClusterPods } from '../kube/session/cluster-pods.ts'
import type { SessionLine } from '../kube/session/session-lines.ts'
import type { Health } from '../model/health.ts'
import type { Outside } from './outside.ts'
import { tapNodes } from './remote-tap.ts'
import type { LiveOutput } from './tap-output.ts'
import { planTap } from './tap-plan.ts'

const pod = (name: string, node: string): object => ({ metadata: { uid: `uid-${name}`, name, namespace: 'shop' }, spec: { nodeName: node }, status: { phase: 'Running', podIP: '10.0.0.1' } })
const SUCCESS = Buffer.concat([Uint8Array.of(3), Buffer.from('{"status":"Success"}')])
const out = (text: string): Buffer => Buffer.concat([Uint8Array.of(1), Buffer.from(text)])

/** Keeps what comes; done after so many messages. */
class Kept implements LiveOutput {
  text = ''
  messages = 0
  readonly framesWritten = 0
  health: Health | undefined
  readonly #wanted: number

  constructor(wanted: number) {
    this.#wanted = wanted
  }

  get done(): boolean {
    return this.messages >= this.#wanted
  }

  lines(text: Uint8Array, count: number): void {
    this.text += Buffer.from(text).toString()
    this.messages += count
  }

  frames(): void {}

  finish(health: Health | undefined): Promise<void> {
    this.health = health
    return Promise.resolve()
  }
}

/** A cluster of two nodes with an agent each; `agent` is what runs in one, and gets the lines that it is told. */
async function twoNodes(t: TestContext, agent: (node: string, socket: ServerSocket, told: AsyncIterable<SessionLine>) => Promise<void>): Promise<Outside> {
  const { client } = await openKubeServer(t, {
    answer: (request, response) => {
      if (request.url!.includes('watch=1')) return void response.writeHead(200).flushHeaders()
      response.end(JSON.stringify({ metadata: { resourceVersion: '1' }, items: request.url!.includes('/pods') ? [pod('web-1', 'n1'), pod('web-2', 'n2')] : [] }))
    },
    protocols: ['v5.channel.k8s.io'],
    socket: (socket, request) => void agent(/pods\/agent-(\w+)\//.exec(request.url!)![1]!, socket, linesOf(socket)),
  })
  const choice = { pattern: undefined, namespaces: ['shop'] }
  const pods = await ClusterPods.open(client, choice, () => {})
  t.after(() => pods.close())
  return { client, choice, pods, close: () => Promise.resolve(), agents: { kind: 'installed', close: () => Promise.resolve(), on: (node) => Promise.resolve({ namespace: 'm', pod: `agent-${node}`, container: 'agent', node }) } }
}

async function* linesOf(socket: ServerSocket): AsyncGenerator<SessionLine> {
  for (let message = await socket.next(); message !== undefined; message = await socket.next()) {
    for (const line of message.subarray(1).toString().split('\n')) if (line !== '') yield JSON.parse(line) as SessionLine
  }
}

const plan = (): ReturnType<typeof planTap> => planTap({ pods: '.', procfs: '/proc', bodyLimit: 0, output: 'json' }, { stdout: false, colour: false })

test('lines of two nodes become one list, each node is told its own pods, and health is the sum', async (t) => {
  const told: Record<string, string[]> = {}
  const outside = await twoNodes(t, async (node, socket, lines) => {
    for await (const { pods, end } of lines) {
      if (pods !== undefined) {
        told[node] = pods.map(({ name }) => name)
        socket.send(out(`{"at":"${node}"}\n{"at":`))
        socket.send(out('2}\n'))
      }
      if (end !== true) continue
      socket.send(out('{"at":"last"}\n{"health":{"packets":21}}\n'))
      socket.send(SUCCESS)
      socket.close()
    }
  })
  const output = new Kept(4)
  assert.equal(await tapNodes(outside, plan(), new AbortController().signal, () => output), 0)
  assert.deepEqual(told, { n1: ['web-1'], n2: ['web-2'] })
  assert.deepEqual(output.text.trim().split('\n').sort(), ['{"at":"last"}', '{"at":"last"}', '{"at":"n1"}', '{"at":"n2"}', '{"at":2}', '{"at":2}'])
  assert.equal(output.health?.packets, 42)
})

test('a node that is lost is told, and the other goes on; where none is left it is over', async (t) => {
  const goOn: (() => void)[] = []
  const outside = await twoNodes(t, async (node, socket, lines) => {
    for await (const { pods } of lines) {
      if (pods === undefined) continue
      socket.send(out(`{"at":"${node}"}\n`))
      if (node === 'n1') socket.destroy()
      else goOn.push(() => socket.destroy())
    }
  })
  const output = new Kept(Infinity)
  const tapping = tapNodes(outside, plan(), new AbortController().signal, () => output)
  while (goOn.length === 0 || !output.text.includes('n2')) await new Promise((resolve) => setImmediate(resolve))
  goOn[0]!()
  await assert.rejects(tapping, { code: 'agent-failed', message: /^the agent on node n\d ended: the connection was lost/ })
  assert.deepEqual(output.health?.refused.map(({ name }) => name).sort(), ['node n1', 'node n2'])
})
