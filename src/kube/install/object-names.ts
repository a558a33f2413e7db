import type { InstallOptions, Part } from './install-options.ts'

export interface Metadata {
  readonly name: string
  readonly namespace?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** An object of Kubernetes as it is applied. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: Metadata
  readonly [field: string]: unknown
}

export const NAME_LABEL = 'app.kubernetes.io/name'
export const COMPONENT_LABEL = 'app.kubernetes.io/component'
export const MANAGED_LABEL = 'app.kubernetes.io/managed-by'
/** On objects outside any namespace: whose they are. */
export const HOME_LABEL = 'mtlscope.io/installed-in'
/** The value of the first label, and who the fields are of (server-side apply). */
export const PRODUCT = 'mtlscope'

/** The Secret that holds the CA. */
export const CA_STATE = 'mtlscope-ca-state'
/** Where an agent keeps its traffic, on the node. */
export const NODE_FOLDER = '/var/lib/mtlscope'

/** Of the workload, its account, its roles and its service. */
export function partName(part: Part): string {
  return `${PRODUCT}-${part}`
}

/** What selects the pods of a part; never changes, since selectors cannot. */
export function podLabels(part: Part): Record<string, string> {
  return { [NAME_LABEL]: PRODUCT, [COMPONENT_LABEL]: part }
}

export function inNamespace(part: Part, { namespace, managedBy }: InstallOptions, name: string = partName(part)): Metadata {
  return { name, namespace, labels: { ...podLabels(part), [MANAGED_LABEL]: managedBy } }
}

export function outside(part: Part, { namespace, managedBy }: InstallOptions, name: string = partName(part)): Metadata {
  return { name, labels: { ...podLabels(part), [MANAGED_LABEL]: managedBy, [HOME_LABEL]: namespace } }
}

/** As who a part is known to the CA and to the other parts. */
export function partIdentity(part: Part, { namespace, trustDomain }: InstallOptions): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${partName(part)}`
}
