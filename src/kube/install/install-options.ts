import { MtlscopeError } from '../../base/errors.ts'
import { isObjectName } from '../object-name.ts'

/** A thing that is installed; each has an account of its own. */
export type Part = 'ca' | 'injector' | 'agent' | 'hub'

export const PARTS: readonly Part[] = ['ca', 'injector', 'agent', 'hub']

/** What the manifests are made of. */
export interface InstallOptions {
  readonly namespace: string
  readonly image: string
  readonly pullPolicy: string | undefined
  /** Secrets with which the image is pulled; of these names in the namespace, and in those of injected pods. */
  readonly pullSecrets: readonly string[]
  readonly trustDomain: string
  readonly parts: readonly Part[]
  /** How much and how long an agent stores: `1GiB,24h`. */
  readonly keep: string
  /** Nothing outside the namespace: Roles in place of ClusterRoles, no webhook. */
  readonly namespaceOnly: boolean
  readonly networkPolicy: boolean
  /** Agents set the rules of injected pods, which then need no rights for it. */
  readonly nodeRules: boolean
  /** Of two injectors one stays while nodes are drained; where there is one node only, it could not be drained then. */
  readonly disruptionBudget: boolean
  /** Value of the label app.kubernetes.io/managed-by. */
  readonly managedBy: string
}

const GROUPS: Readonly<Record<string, readonly Part[]>> = {
  tap: ['ca', 'agent', 'hub'], secure: ['ca', 'injector'],
  ca: ['ca'], injector: ['ca', 'injector'], agents: ['ca', 'agent'], hub: ['ca', 'agent', 'hub'],
}

/** `words`: `tap`, `secure` or names of parts; each brings what it cannot be without. Throws 'usage'. In the order in which they are installed. */
export function parseParts(words: string | undefined): readonly Part[] {
  if (words === undefined) return PARTS
  const wanted = new Set(words.split(',').flatMap((word) => {
    const parts = Object.hasOwn(GROUPS, word.trim()) ? GROUPS[word.trim()] : undefined
    if (parts === undefined) throw new MtlscopeError('usage', `there is no part ${word.trim() || '(nothing)'}`, { hint: `parts are ${Object.keys(GROUPS).join(', ')}`, facts: { part: word } })
    return parts
  }))
  return PARTS.filter((part) => wanted.has(part))
}

/** Throws 'usage' for what would give manifests that no API server takes. */
export function checkInstallOptions({ namespace, namespaceOnly, parts, image, pullSecrets, nodeRules }: InstallOptions): void {
  const usage = (message: string, hint: string): MtlscopeError => new MtlscopeError('usage', message, { hint })
  if (!/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) throw usage(`${namespace} is no name for a namespace`, 'lower case letters, digits and hyphens, 63 at most')
  if (/^kube-|^default$/.test(namespace)) throw usage(`mtlscope does not live in ${namespace}: its pods ask for rights that others there should not have`, 'a namespace of its own: -n mtlscope')
  if (image.trim() === '' || /\s/.test(image)) throw usage('the name of the image has blanks or is empty', 'example: --image registry.example/mtlscope:1')
  for (const name of pullSecrets) if (!isObjectName(name)) throw usage(`${name} is no name for a secret`, 'example: --image-pull-secret registry')
  if (nodeRules && !(parts.includes('agent') && parts.includes('injector') && !namespaceOnly)) throw usage('rules are set by the agents for pods that the injector makes: both are needed', 'without --only and --namespace-only')
  if (namespaceOnly && parts.length === 2 && parts.includes('injector')) throw usage('an injector is for the whole cluster: its webhook is no object of a namespace', 'mtlscope inject rewrites manifests without it')
}
