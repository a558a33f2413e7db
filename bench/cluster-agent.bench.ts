import { BenchNode } from './cluster/bench-node.ts'
import { NodeAgent, restOf } from './cluster/node-agent.ts'
import { namespaces, smallPod } from './cluster/small-pods.ts'
import type { Bench, BenchContext, Row } from './contract.ts'

const PODS = 5
/** CA, agent, hub. */
const OWN_PODS = 3
const ROUNDS = 3

async function run({ progress }: BenchContext): Promise<Row[]> {
  const node = await BenchNode.start(progress)
  try {
    await node.create(...namespaces(), ...Array.from({ length: PODS }, (_, n) => smallPod(n)))
    await node.install('--only', 'tap')
    await node.untilReady(PODS + OWN_PODS)
    return await restOf(NodeAgent.find(node), ROUNDS, { share: 1, anonymousBytes: 90e6 }, `${PODS} pods that do nothing, and the hub`, progress)
  } finally {
    await node.close()
  }
}

export const bench: Bench = { name: 'cluster-agent', claim: 'an agent at rest takes less than 1 % of a core and 90 MB', run }
