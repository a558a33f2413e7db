import type { Manifest } from './object-names.ts'

interface Kind { readonly group: string, readonly version: string, readonly resource: string, readonly namespaced: boolean }

const kind = (group: string, resource: string, namespaced = true, version = 'v1'): Kind => ({ group, version, resource, namespaced })

/** Every kind of object that an installation has or had, in the order in which they are deleted: nobody is asked any more before those who answer are gone. */
export const KINDS: Readonly<Record<string, Kind>> = {
  MutatingWebhookConfiguration: kind('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', false),
  PodDisruptionBudget: kind('policy', 'poddisruptionbudgets'),
  DaemonSet: kind('apps', 'daemonsets'),
  Deployment: kind('apps', 'deployments'),
  Pod: kind('', 'pods'),
  Service: kind('', 'services'),
  NetworkPolicy: kind('networking.k8s.io', 'networkpolicies'),
  ClusterRoleBinding: kind('rbac.authorization.k8s.io', 'clusterrolebindings', false),
  ClusterRole: kind('rbac.authorization.k8s.io', 'clusterroles', false),
  RoleBinding: kind('rbac.authorization.k8s.io', 'rolebindings'),
  Role: kind('rbac.authorization.k8s.io', 'roles'),
  ServiceAccount: kind('', 'serviceaccounts'),
  Secret: kind('', 'secrets'),
  ConfigMap: kind('', 'configmaps'),
  Namespace: kind('', 'namespaces', false),
}

/** Of all objects of a kind, in one namespace or in all. */
export function listPath(kindName: string, namespace?: string): string {
  const { group, version, resource, namespaced } = KINDS[kindName]!
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}${namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${resource}`
}

export function objectPath({ kind: kindName, metadata: { name, namespace } }: Pick<Manifest, 'kind'> & { metadata: { name: string, namespace?: string } }): string {
  return `${listPath(kindName, namespace)}/${encodeURIComponent(name)}`
}

/** For people: `deployment mtlscope-ca`. */
export function objectText({ kind: kindName, metadata: { name } }: { readonly kind: string, readonly metadata: { readonly name: string } }): string {
  return `${kindName} ${name}`
}
