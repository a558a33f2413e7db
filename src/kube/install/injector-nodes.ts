import { statusOf } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import { fields, list, text } from '../fields.ts'
import { itemsOf } from './live-object.ts'

/** What Kubernetes itself puts on a node for a while: that it is cordoned, not ready, or short of something. */
const PASSING = /^node\.(?:cloudprovider\.)?kubernetes\.io\//

/** Whether a node takes pods that tolerate nothing, or will again. Pure. */
export function takesInjectors(node: { readonly spec?: unknown }): boolean {
  return !list(fields(node.spec).taints).some(({ key, effect }) => (effect === 'NoSchedule' || effect === 'NoExecute') && !PASSING.test(text(key) ?? ''))
}

/** Whether one of two injectors can wait for the other to be elsewhere. Who may not list nodes is taken to have several. */
export async function hasSeveralNodes(client: KubeClient): Promise<boolean> {
  try {
    return itemsOf(await client.get('/api/v1/nodes'), 'Node').filter(takesInjectors).length !== 1
  } catch (error) {
    if (statusOf(error) === 403) return true
    throw error
  }
}
