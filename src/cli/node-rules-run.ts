import { hostname } from 'node:os'
import { KubeClient } from '../kube/client.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { NodeRules } from '../kube/rules/node-rules.ts'
import { interruptSignal } from './interrupt.ts'
import type { NodeRulesFlags } from './node-rules.ts'
import { say, sayWarning } from './say.ts'

/** Until it is interrupted; resolves with the exit code. */
export async function runNodeRules({ node = process.env.NODE_NAME ?? hostname(), procfs, kubeconfig, context }: NodeRulesFlags): Promise<number> {
  const signal = interruptSignal()
  const client = new KubeClient(readClusterAccess({ ...kubeconfig !== undefined && { kubeconfig }, ...context !== undefined && { context } }))
  try {
    say(`setting the rules of pods of node ${node}`)
    await new NodeRules({ client, node, procfs, say, warn: sayWarning }).run(signal)
    return 0
  } finally {
    client.close()
    signal.dispose()
  }
}
