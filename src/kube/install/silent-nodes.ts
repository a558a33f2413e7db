import { statusOf } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import { fields, list, text } from '../fields.ts'
import type { LiveObject } from './live-object.ts'
import { itemsOf } from './live-object.ts'

/** Who may not list nodes is told of none. */
export async function readNodes(client: KubeClient): Promise<LiveObject[]> {
  try {
    return itemsOf(await client.get('/api/v1/nodes'), 'Node')
  } catch (error) {
    if (statusOf(error) === 403) return []
    throw error
  }
}

/** Nodes whose kubelet says nothing, and since when: pods there stay as they are, and new ones wait. One that says that it is not ready is there all the same. Pure. */
export function silentNodes(nodes: readonly LiveObject[]): Map<string, string> {
  return new Map(nodes.flatMap(({ metadata: { name }, status }) => {
    const ready = list(fields(status).conditions).find(({ type }) => type === 'Ready')
    return ready?.status === 'Unknown' ? [[name, text(ready.lastTransitionTime) ?? 'some time']] : []
  }))
}

export async function readSilentNodes(client: KubeClient): Promise<Map<string, string>> {
  return silentNodes(await readNodes(client))
}
