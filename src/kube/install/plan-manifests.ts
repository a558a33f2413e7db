import { stringify } from 'yaml'
import { planAgents } from './agent-manifests.ts'
import { planCa } from './ca-manifests.ts'
import { planHub } from './hub-manifests.ts'
import { planInjector } from './injector-manifests.ts'
import type { InstallOptions, Part } from './install-options.ts'
import { planNetworkPolicy } from './network-policies.ts'
import type { Manifest } from './object-names.ts'
import { MANAGED_LABEL, NAME_LABEL, PRODUCT } from './object-names.ts'

const PLANS: Readonly<Record<Part, (options: InstallOptions) => Manifest[]>> = { ca: planCa, injector: planInjector, agent: planAgents, hub: planHub }

/** All objects, in the order in which they are applied; the namespace is first where one is made. */
export function planManifests(options: InstallOptions): Manifest[] {
  return [...options.namespaceOnly ? [] : [planNamespace(options)], ...partsOf(options).flatMap((part) => planPart(part, options))]
}

/** The webhook is an object of the cluster, so without it there is no injector. */
export function partsOf({ parts, namespaceOnly }: InstallOptions): readonly Part[] {
  return namespaceOnly ? parts.filter((part) => part !== 'injector') : parts
}

export function planPart(part: Part, options: InstallOptions): Manifest[] {
  return [...PLANS[part](options), ...options.networkPolicy ? [planNetworkPolicy(part, options)] : []]
}

/** Agents need what Pod Security calls privileged: hostPID, hostPath and capabilities; without them its own default holds. */
export function planNamespace({ namespace, managedBy, parts }: InstallOptions): Manifest {
  const level = parts.includes('agent') ? 'privileged' : 'restricted'
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { [NAME_LABEL]: PRODUCT, [MANAGED_LABEL]: managedBy, 'pod-security.kubernetes.io/enforce': level } } }
}

/** As documents of YAML. */
export function manifestText(manifests: readonly Manifest[]): string {
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
}
