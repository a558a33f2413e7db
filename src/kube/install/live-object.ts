import type { KubeClient } from '../client.ts'
import { HOME_LABEL, MANAGED_LABEL, NAME_LABEL, PRODUCT } from './object-names.ts'
import { KINDS, listPath } from './object-paths.ts'

/** An object as the API server has it; only what is asked of it here. */
export interface LiveObject {
  readonly apiVersion?: string
  readonly kind: string
  readonly metadata: {
    readonly name: string, readonly namespace?: string, readonly uid?: string, readonly resourceVersion?: string, readonly generation?: number
    readonly labels?: Readonly<Record<string, string>>, readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly status?: Readonly<Record<string, unknown>>
}

export function isOurs({ metadata: { labels } }: LiveObject): boolean {
  return labels?.[NAME_LABEL] === PRODUCT
}

export function managerOf({ metadata: { labels } }: LiveObject): string | undefined {
  return labels?.[MANAGED_LABEL]
}

/** Objects of one kind with the label of this program; those outside namespaces only where they are of the installation in `namespace`. */
export async function listOurs(client: KubeClient, kind: string, namespace: string): Promise<LiveObject[]> {
  const { namespaced } = KINDS[kind]!
  const answer = await client.get(`${listPath(kind, namespace)}?labelSelector=${encodeURIComponent(`${NAME_LABEL}=${PRODUCT}`)}`) as { items?: LiveObject[] }
  return itemsOf(answer, kind).filter(({ metadata: { name, labels } }) => {
    if (namespaced) return true
    return kind === 'Namespace' ? name === namespace : (labels?.[HOME_LABEL] ?? namespace) === namespace
  })
}

/** Items of a list do not say of what kind they are. */
export function itemsOf(answer: unknown, kind: string): LiveObject[] {
  const { items } = answer as { items?: LiveObject[] }
  return (items ?? []).map((item) => ({ ...item, kind }))
}
