import type { KubeClient } from '../client.ts'
import { statusOf } from '../answer.ts'
import { fields, list } from '../fields.ts'
import type { InstallOptions, Part } from './install-options.ts'
import { PARTS } from './install-options.ts'
import type { LiveObject } from './live-object.ts'
import { listOurs } from './live-object.ts'
import { COMPONENT_LABEL } from './object-names.ts'
import { KINDS } from './object-paths.ts'

/** All objects of the installation in `namespace`, in the order in which they are deleted. `outside`: also those that are in no namespace. */
export async function findInstalled(client: KubeClient, namespace: string, { outside }: { outside: boolean }): Promise<LiveObject[]> {
  const kinds = Object.keys(KINDS).filter((kind) => kind !== 'Pod' && (outside || KINDS[kind]!.namespaced))
  const found = await Promise.all(kinds.map((kind) => listOurs(client, kind, namespace)))
  return found.flat()
}

export async function findWorkloads(client: KubeClient, namespace: string): Promise<LiveObject[]> {
  return (await Promise.all(['Deployment', 'DaemonSet'].map((kind) => listOurs(client, kind, namespace)))).flat()
}

/** Of a namespace that is not there: none. */
export async function installedParts(client: KubeClient, namespace: string): Promise<Part[]> {
  return partsIn(await findWorkloads(client, namespace))
}

/** What an installation was made with, as far as its objects say; for an upgrade that is not told otherwise. */
export async function readInstalledOptions(client: KubeClient, namespace: string): Promise<Partial<InstallOptions> & { readonly parts: readonly Part[] }> {
  const workloads = await findWorkloads(client, namespace)
  const containers = workloads.map(containerOf)
  const policies = await listOurs(client, 'NetworkPolicy', namespace)
  const { image, imagePullPolicy } = containers[0] ?? {}
  const trustDomain = argument(containers, '--trust-domain')
  const keep = argument(containers, '--keep')
  const nodeRules = argument(containers, '--rules') === 'node'
  return {
    parts: partsIn(workloads), nodeRules, networkPolicy: policies.length > 0, namespaceOnly: await hasNoClusterRole(client, namespace),
    ...typeof image === 'string' && { image }, ...typeof imagePullPolicy === 'string' && { pullPolicy: imagePullPolicy },
    ...trustDomain !== undefined && { trustDomain }, ...keep !== undefined && { keep },
  }
}

function partsIn(workloads: readonly LiveObject[]): Part[] {
  return PARTS.filter((part) => workloads.some(({ metadata: { labels } }) => labels?.[COMPONENT_LABEL] === part))
}

/** Who may not look outside has nothing there either. */
async function hasNoClusterRole(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    return (await listOurs(client, 'ClusterRole', namespace)).length === 0
  } catch (error) {
    if (statusOf(error) === 403) return true
    throw error
  }
}

function containerOf({ spec }: LiveObject): Record<string, unknown> {
  return list(fields(fields(spec?.template).spec).containers)[0] ?? {}
}

function argument(containers: readonly Record<string, unknown>[], flag: string): string | undefined {
  for (const { args } of containers) {
    const at = Array.isArray(args) ? args.indexOf(flag) : -1
    if (at >= 0) return String((args as unknown[])[at + 1])
  }
  return undefined
}
