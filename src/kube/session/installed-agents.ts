import { MtlscopeError } from '../../base/errors.ts'
import { statusOf } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import { fields } from '../fields.ts'
import { pullSecretsIn } from '../install/installed.ts'
import { podLabels } from '../install/object-names.ts'
import type { NodeAgent, NodeAgents } from './node-agent.ts'

interface PodSpec { readonly nodeName?: string, readonly containers?: readonly { readonly image?: string, readonly imagePullPolicy?: string }[], readonly imagePullSecrets?: unknown }
interface PodObject { readonly metadata?: { readonly name?: string, readonly deletionTimestamp?: string }, readonly spec?: PodSpec, readonly status?: { readonly phase?: string } }

const CONTAINER = 'agent'

/** The image of an installation is one that its nodes have, or can pull. */
interface AgentImage { readonly image: string | undefined, readonly pullPolicy: string | undefined, readonly pullSecrets: readonly string[] }
interface Found extends AgentImage { readonly agent: NodeAgent }
export interface InstalledAgents extends NodeAgents, AgentImage {}

/** The agents of an installation, by their label. Undefined where there are none, or nobody lets us see them. Throws what KubeClient throws, but for a refusal. */
export async function findInstalledAgents(client: KubeClient, namespace: string): Promise<InstalledAgents | undefined> {
  const agents = await listAgents(client, namespace)
  if (agents.size === 0) return undefined
  return {
    kind: 'installed', close: () => Promise.resolve(), ...imageOf(agents),
    on: async (node) => {
      const agent = agents.get(node) ?? (await listAgents(client, namespace)).get(node)
      if (agent !== undefined) return agent.agent
      throw new MtlscopeError('agent-failed', `no agent of ${namespace} runs on node ${node}`, { hint: 'see: kubectl get pods -o wide -n NAMESPACE; or use one of its own: --agent-namespace NAME', facts: { node, namespace } })
    },
  }
}

function imageOf(agents: ReadonlyMap<string, Found>): AgentImage {
  const [first] = agents.values()
  return { image: first?.image, pullPolicy: first?.pullPolicy, pullSecrets: first?.pullSecrets ?? [] }
}

async function listAgents(client: KubeClient, namespace: string): Promise<Map<string, Found>> {
  const selector = Object.entries(podLabels('agent')).map(([key, value]) => `${key}=${value}`).join(',')
  try {
    const { items = [] } = await client.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`) as { items?: PodObject[] }
    return new Map(items.flatMap(({ metadata, spec, status }) => {
      const [pod, node, [container] = []] = [metadata?.name, spec?.nodeName, spec?.containers]
      const runs = status?.phase === 'Running' && metadata?.deletionTimestamp === undefined
      return pod === undefined || node === undefined || !runs ? [] : [[node, { agent: { namespace, pod, node, container: CONTAINER }, image: container?.image, pullPolicy: container?.imagePullPolicy, pullSecrets: pullSecretsIn(fields(spec)) }] as const]
    }))
  } catch (error) {
    if (statusOf(error) === 403 || statusOf(error) === 404) return new Map()
    throw error
  }
}
