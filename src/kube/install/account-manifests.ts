import type { AccountRight } from './account-rights.ts'
import { ACCOUNT_RIGHTS } from './account-rights.ts'
import type { InstallOptions, Part } from './install-options.ts'
import type { Manifest } from './object-names.ts'
import { inNamespace, outside, partName } from './object-names.ts'

const RBAC = 'rbac.authorization.k8s.io'

/** The account of a part with its rights: a Role for its own namespace, a ClusterRole for the rest, each only where it has something in it. */
export function planAccount(part: Part, options: InstallOptions): Manifest[] {
  const rights = ACCOUNT_RIGHTS[part]
  const own = rights.filter(({ where }) => where === 'own' || (options.namespaceOnly && where === 'anywhere'))
  const cluster = options.namespaceOnly ? [] : rights.filter(({ where }) => where !== 'own')
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: inNamespace(part, options) },
    ...own.length > 0 ? bound('Role', part, options, own) : [],
    ...cluster.length > 0 ? bound('ClusterRole', part, options, cluster) : [],
  ]
}

function bound(kind: 'Role' | 'ClusterRole', part: Part, options: InstallOptions, rights: readonly AccountRight[]): Manifest[] {
  const name = partName(part)
  const metadata = kind === 'Role' ? inNamespace(part, options) : outside(part, options)
  return [
    { apiVersion: `${RBAC}/v1`, kind, metadata, rules: rights.map(rule) },
    { apiVersion: `${RBAC}/v1`, kind: `${kind}Binding`, metadata, roleRef: { apiGroup: RBAC, kind, name }, subjects: [{ kind: 'ServiceAccount', name, namespace: options.namespace }] },
  ]
}

function rule({ apiGroup, resources, resourceNames, verbs }: AccountRight): object {
  return { apiGroups: [apiGroup], resources, ...resourceNames !== undefined && { resourceNames }, verbs }
}
