import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '../client.ts'
import { PARTS } from './install-options.ts'
import type { LiveObject } from './live-object.ts'
import { itemsOf } from './live-object.ts'
import { COMPONENT_LABEL, NAME_LABEL, PRODUCT } from './object-names.ts'
import { listPath, objectPath } from './object-paths.ts'
import { readSilentNodes } from './silent-nodes.ts'

const LOOK_MS = 500

export interface PodsToGo {
  readonly namespace: string
  /** The namespace goes, and so do pods of others in it. */
  readonly all: boolean
  /** Pods on nodes that do not answer are taken out of Kubernetes, whether they still run there or not. */
  readonly force: boolean
  readonly timeoutMs: number
}

/**
 * Waits for the end of pods whose owners were deleted. Those on nodes that do not answer end only when these are back: they are not waited for, and returned. So is
 * what is left when the time is over.
 */
export async function awaitPodsGone(client: KubeClient, { namespace, all, force, timeoutMs }: PodsToGo): Promise<{ readonly stuck: readonly LiveObject[], readonly slow: readonly LiveObject[] }> {
  const path = listPath('Pod', namespace) + (all ? '' : `?labelSelector=${encodeURIComponent(`${NAME_LABEL}=${PRODUCT},${COMPONENT_LABEL} in (${PARTS.join(',')})`)}`)
  for (const endMs = performance.now() + timeoutMs; ; await sleep(LOOK_MS)) {
    const pods = itemsOf(await client.get(path), 'Pod')
    const silent = pods.length === 0 ? undefined : await readSilentNodes(client)
    const stuck = pods.filter((pod) => silent?.has(nodeOf(pod)) === true && isEnding(pod))
    const others = pods.filter((pod) => silent?.has(nodeOf(pod)) !== true || !isEnding(pod))
    if (force) for (const pod of stuck) await client.delete(objectPath(pod), { gracePeriodSeconds: 0 })
    const isOver = performance.now() > endMs
    if (isOver || (others.length === 0 && (stuck.length === 0 || !force))) return { stuck, slow: others }
  }
}

export function nodeOf({ spec }: LiveObject): string {
  return typeof spec?.nodeName === 'string' ? spec.nodeName : ''
}

function isEnding({ metadata }: LiveObject): boolean {
  return (metadata as { readonly deletionTimestamp?: string }).deletionTimestamp !== undefined
}

/** For people: `pods a, b on node x, which does not answer`. */
export function stuckText(pods: readonly LiveObject[]): string[] {
  const byNode = new Map<string, string[]>()
  for (const pod of pods) byNode.set(nodeOf(pod), [...byNode.get(nodeOf(pod)) ?? [], pod.metadata.name])
  return [...byNode].map(([node, names]) => `${names.length === 1 ? 'pod' : 'pods'} ${names.sort().join(', ')} on node ${node}, which does not answer`)
}
