import { isIP } from 'node:net'
import type { MtlscopeError } from '../../base/errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { AgentFleet } from './agent-fleet.ts'

/** Where the pods of agents are. */
export interface KubeAgentsPlace { readonly namespace: string, readonly selector: string, readonly port: number }

interface AgentPod { readonly uid: string, readonly address: string, readonly node: string | undefined }

/** Keeps a fleet at the agents that have pods. Settles when the signal is aborted; rejects where the first list fails. */
export async function followKubeAgents(client: Pick<KubeClient, 'watch'>, place: KubeAgentsPlace, fleet: Pick<AgentFleet, 'follow' | 'forget'>, signal: AbortSignal, failed: (error: MtlscopeError) => void): Promise<void> {
  const followed = new Map<string, AgentPod>()
  const leave = (uid: string): void => {
    const pod = followed.get(uid)
    followed.delete(uid)
    if (pod !== undefined && ![...followed.values()].some(({ address }) => address === pod.address)) fleet.forget(pod.address)
  }
  const take = (object: unknown): void => {
    const uid = uidOf(object)
    if (uid === undefined) return
    const pod = agentPod(object, place.port)
    const known = followed.get(uid)
    if (known !== undefined && known.address !== pod?.address) leave(uid)
    if (pod === undefined) return
    followed.set(uid, pod)
    fleet.follow(pod.address, pod.node)
  }
  await client.watch(`/api/v1/namespaces/${place.namespace}/pods?labelSelector=${encodeURIComponent(place.selector)}`, {
    list: (items) => {
      const there = new Set(items.map(uidOf))
      for (const uid of [...followed.keys()]) if (!there.has(uid)) leave(uid)
      for (const item of items) take(item)
    },
    event: (type, object) => {
      const uid = uidOf(object)
      if (type !== 'DELETED') take(object)
      else if (uid !== undefined) leave(uid)
    },
    failed,
  }, signal)
}

function uidOf(object: unknown): string | undefined {
  const { metadata } = (object ?? {}) as { metadata?: { uid?: unknown } }
  return typeof metadata?.uid === 'string' ? metadata.uid : undefined
}

/** Undefined for one that has no address yet, or has ended. */
export function agentPod(object: unknown, port: number): AgentPod | undefined {
  const uid = uidOf(object)
  const { spec, status } = (object ?? {}) as { spec?: { nodeName?: unknown }, status?: { podIP?: unknown, phase?: unknown } }
  const ip = status?.podIP
  if (uid === undefined || typeof ip !== 'string' || isIP(ip) === 0 || status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined
  const node = typeof spec?.nodeName === 'string' ? spec.nodeName : undefined
  return { uid, address: `https://${isIP(ip) === 6 ? `[${ip}]` : ip}:${port}`, node }
}
