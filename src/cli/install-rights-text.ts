import type { AccountRight } from '../kube/install/account-rights.ts'
import { ACCOUNT_RIGHTS, AGENT_CAPABILITIES, AGENT_SPECIALS } from '../kube/install/account-rights.ts'
import type { InstallOptions, Part } from '../kube/install/install-options.ts'
import { partName } from '../kube/install/object-names.ts'
import { partsOf } from '../kube/install/plan-manifests.ts'

const COLUMN = 18

/** Every right of every account with its reason, for people. */
export function rightsText(options: InstallOptions): string {
  const parts = partsOf(options)
  const node = parts.includes('agent') ? ['On each node, the agents only; none is privileged:', ...rows(AGENT_CAPABILITIES), ...rows(AGENT_SPECIALS), ''] : []
  return [
    'In the API server, and nothing else:', '', ...parts.flatMap((part) => [...accountLines(part, options), '']), ...node,
    'All: read-only root file system, no privilege escalation, seccomp RuntimeDefault; all but the agents as user 1337 without any capability.',
    `Pod Security level of the namespace: ${parts.includes('agent') ? 'privileged, for hostPID, hostPath and capabilities of the agents' : 'restricted'}.`, '',
  ].join('\n')
}

function accountLines(part: Part, { namespace, namespaceOnly }: InstallOptions): string[] {
  const rights = ACCOUNT_RIGHTS[part].filter(({ where }) => !namespaceOnly || where !== 'cluster')
  const lines = rights.flatMap((right) => {
    const place = right.where === 'own' || namespaceOnly ? `in namespace ${namespace}` : 'in the cluster'
    return [`  ${right.verbs.join(', ').padEnd(COLUMN)} ${objectsOf(right)}, ${place}`, `  ${''.padEnd(COLUMN)}   ${right.why}`]
  })
  return [`${partName(part)}:`, ...lines]
}

function objectsOf({ apiGroup, resources, resourceNames }: AccountRight): string {
  const names = resources.map((resource) => apiGroup === '' ? resource : `${resource}.${apiGroup}`).join(', ')
  return resourceNames === undefined ? names : `${names} "${resourceNames.join('", "')}"`
}

function rows(table: Readonly<Record<string, string>>): string[] {
  return Object.entries(table).map(([name, why]) => `  ${name.padEnd(COLUMN)} ${why}`)
}
