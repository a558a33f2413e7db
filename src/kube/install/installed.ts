import type { KubeClient } from '../client.ts'
import { statusOf } from '../answer.ts'
import { fields, list, text } from '../fields.ts'
import type { Fields } from '../fields.ts'
import type { InstallOptions, Part } from './install-options.ts'
import { PARTS } from './install-options.ts'
import type { LiveObject } from './live-object.ts'
import { listOurs } from './live-object.ts'
import { COMPONENT_LABEL, PRODUCT } from './object-names.ts'
import { KINDS } from './object-paths.ts'

/** Kinds of which there may be objects; pods are those of a workload. */
export function installedKinds({ outside }: { outside: boolean }): string[] {
  return Object.keys(KINDS).filter((kind) => kind !== 'Pod' && (outside || KINDS[kind]!.namespaced))
}

/** All objects of the installation in `namespace`, in the order in which they are deleted. `outside`: also those that are in no namespace. */
export async function findInstalled(client: KubeClient, namespace: string, { outside }: { outside: boolean }): Promise<LiveObject[]> {
  const found = await Promise.all(installedKinds({ outside }).map((kind) => listOurs(client, kind, namespace)))
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
  const namesPolicy = workloads[0] !== undefined && isNamed(workloads[0], 'imagePullPolicy')
  const pullSecrets = workloads[0] === undefined ? [] : pullSecretsIn(podSpecOf(workloads[0]))
  const trustDomain = argument(containers, '--trust-domain')
  const keep = argument(containers, '--keep')
  const nodeRules = argument(containers, '--rules') === 'node'
  return {
    parts: partsIn(workloads), pullSecrets, nodeRules, networkPolicy: policies.length > 0, namespaceOnly: await hasNoClusterRole(client, namespace),
    ...typeof image === 'string' && { image }, ...namesPolicy && typeof imagePullPolicy === 'string' && { pullPolicy: imagePullPolicy },
    ...trustDomain !== undefined && { trustDomain }, ...keep !== undefined && { keep },
  }
}

function partsIn(workloads: readonly LiveObject[]): Part[] {
  return PARTS.filter((part) => workloads.some(({ metadata: { labels } }) => labels?.[COMPONENT_LABEL] === part))
}

/** Whether a field of that name was applied by us; what was left out the API server has filled in, and another image may have another there. */
function isNamed({ metadata }: LiveObject, field: string): boolean {
  const ours = list(fields(metadata).managedFields).filter(({ manager, operation }) => manager === PRODUCT && operation === 'Apply')
  return JSON.stringify(ours).includes(`"f:${field}"`)
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

/** Of a Deployment or DaemonSet. */
export function podSpecOf({ spec }: LiveObject): Fields {
  return fields(fields(spec?.template).spec)
}

/** Names of secrets that its images are pulled with. */
export function pullSecretsIn(podSpec: Fields): string[] {
  return list(podSpec.imagePullSecrets).flatMap(({ name }) => text(name) ?? [])
}

function containerOf(workload: LiveObject): Fields {
  return list(podSpecOf(workload).containers)[0] ?? {}
}

function argument(containers: readonly Record<string, unknown>[], flag: string): string | undefined {
  for (const { args } of containers) {
    const at = Array.isArray(args) ? args.indexOf(flag) : -1
    if (at >= 0) return String((args as unknown[])[at + 1])
  }
  return undefined
}
