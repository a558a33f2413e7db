import { MtlscopeError } from '../base/errors.ts'
import type { KubeClient } from './client.ts'

/** One thing that a user may do, as a rule of RBAC has it. */
export interface Right { readonly verb: string, readonly group?: string, readonly resource: string, readonly subresource?: string, readonly namespace?: string, readonly name?: string }

/** A SelfSubjectAccessReview: what the authorizers of the cluster say, whichever they are. Throws what KubeClient throws. */
export async function review(client: KubeClient, { verb, group = '', resource, subresource, namespace, name }: Right): Promise<boolean> {
  const { status } = await client.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb, group, resource, ...subresource !== undefined && { subresource }, ...namespace !== undefined && { namespace }, ...name !== undefined && { name } } },
  }) as { status?: { allowed?: unknown } }
  return status?.allowed === true
}

/** Throws 'kube-refused' that names each right that is missing. `what`: what needs them, for the message. */
export async function requireRights(client: KubeClient, rights: readonly Right[], what: string): Promise<void> {
  const allowed = await Promise.all(rights.map((right) => review(client, right)))
  const missing = rights.filter((_, i) => allowed[i] !== true)
  if (missing.length === 0) return
  throw new MtlscopeError('kube-refused', `${what} needs rights that the user has not: ${missing.map(rightText).join('; ')}`, {
    hint: `ask for a Role with ${missing.map(ruleText).join(', ')}`, facts: { missing: missing.map(rightText).join('; '), context: client.access.context },
  })
}

/** `create jobs.batch in namespace shop`. */
function rightText({ verb, group = '', resource, subresource, namespace, name }: Right): string {
  const object = `${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`
  return `${verb} ${object}${name === undefined ? '' : ` "${name}"`}${namespace === undefined ? ' in every namespace' : ` in namespace ${namespace}`}`
}

function ruleText({ verb, group = '', resource, subresource }: Right): string {
  return `{apiGroups: ["${group}"], resources: ["${resource}${subresource === undefined ? '' : `/${subresource}`}"], verbs: ["${verb}"]}`
}
