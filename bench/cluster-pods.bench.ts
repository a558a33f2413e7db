import { existsSync } from 'node:fs'
import { BenchNode, until } from './cluster/bench-node.ts'
import { NodeAgent, restOf, sandboxOf, startedAt } from './cluster/node-agent.ts'
import { NAMESPACES, namespaceOf, namespaces, smallPod } from './cluster/small-pods.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const PODS = Number(process.env.BENCH_PODS ?? 200)
/** CA, agent, hub. */
const OWN_PODS = 3
const ROUNDS = 3
const COMINGS = 7
const BATCH = 50
const LOOK_MS = 10

async function startPods(node: BenchNode, agent: NodeAgent, progress: (text: string) => void): Promise<void> {
  await node.create(...namespaces())
  for (let from = 0; from < PODS; from += BATCH) {
    progress(`pods ${from} to ${Math.min(PODS, from + BATCH)}`)
    await node.create(...Array.from({ length: Math.min(BATCH, PODS - from) }, (_, n) => smallPod(from + n)))
    await node.untilReady(OWN_PODS + Math.min(PODS, from + BATCH))
  }
  await until('all pods are followed', () => agent.said('entered pod pod-').length >= PODS)
}

/** Milliseconds from the start of the first process of a pod until the agent captures in it. */
async function untilFollowed(node: BenchNode, agent: NodeAgent, n: number): Promise<number> {
  await node.create(smallPod(n))
  const atMs = await agent.saidAt(`entered pod pod-${n}.`)
  const pid = await sandboxPid(node, n)
  return atMs - startedAt(pid)
}

async function sandboxPid(node: BenchNode, n: number): Promise<number> {
  const pid = sandboxOf(await node.kubectl('get', 'pod', `pod-${n}`, '-n', namespaceOf(n), '-o', 'jsonpath={.metadata.uid}'))
  if (pid === undefined) throw new Error(`pod-${n} has no process`)
  return pid
}

/** Milliseconds from the end of its last process until the agent has left. */
async function untilLeft(node: BenchNode, agent: NodeAgent, n: number): Promise<number> {
  const pid = await sandboxPid(node, n)
  await node.kubectl('delete', 'pod', `pod-${n}`, '-n', namespaceOf(n), '--wait=false')
  await until('its process ends', () => !existsSync(`/proc/${pid}`), LOOK_MS)
  const goneMs = Date.now()
  return await agent.saidAt(`pod pod-${n}.${namespaceOf(n)} is gone`) - goneMs
}

async function run({ progress }: BenchContext): Promise<Row[]> {
  const node = await BenchNode.start(progress)
  try {
    await node.install('--only', 'tap')
    const agent = NodeAgent.find(node)
    await startPods(node, agent, progress)
    const rest = await restOf(agent, ROUNDS, { share: 5 }, `${PODS} pods in ${NAMESPACES} namespaces`, progress)
    const [followed, left]: [number[], number[]] = [[], []]
    for (let n = 0; n < COMINGS; n++) {
      progress(`pods that come and go, ${n + 1} of ${COMINGS}`)
      followed.push(await untilFollowed(node, agent, PODS + n))
      left.push(await untilLeft(node, agent, PODS + n))
    }
    return [
      ...rest,
      { metric: 'from the start of a pod until it is captured', unit: 'ms', samples: followed, goal: { atMost: 2000 }, note: `beside the ${PODS}; slowest ${Math.max(...followed).toFixed(0)} ms` },
      { metric: 'from the end of a pod until it is left', unit: 'ms', samples: left, goal: { atMost: 2000 }, note: `slowest ${Math.max(...left).toFixed(0)} ms` },
    ]
  } finally {
    await node.close()
  }
}

export const bench: Bench = { name: 'cluster-pods', claim: `an agent follows ${PODS} pods of its node at rest with less than 5 % of a core, and new ones within two seconds`, run }
