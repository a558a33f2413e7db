import { MtlscopeError } from '../../base/errors.ts'
import type { KubeClient } from '../client.ts'
import { statusOf } from '../answer.ts'
import type { Right } from '../rights.ts'
import { requireRights } from '../rights.ts'
import { rightsToDelete, rightsToFind } from './install-rights.ts'
import { findInstalled, installedKinds } from './installed.ts'
import type { LiveObject } from './live-object.ts'
import { itemsOf, managerOf } from './live-object.ts'
import type { FolderRemoval } from './node-folders.ts'
import { planFolderRemoval, removeNodeFolders } from './node-folders.ts'
import { TRUST_CONFIG_MAP } from '../trust-map.ts'
import { NAME_LABEL, NODE_FOLDER, PRODUCT } from './object-names.ts'
import { listPath } from './object-paths.ts'
import { deleteObjects, untilGone } from './remove-objects.ts'
import { readSilentNodes } from './silent-nodes.ts'
import { awaitPodsGone, stuckText } from './stuck-pods.ts'

const GONE_TIMEOUT_MS = 120_000
const SILENT = 'which does not answer'
const AGAIN = 'the same command goes on where this one ended'

export interface UninstallOptions {
  readonly namespace: string
  /** What agents stored stays on the nodes. */
  readonly keepData: boolean
  /** What runs on each node to remove that where the agents are gone already, as after `helm uninstall`. */
  readonly image: string | undefined
  /** What that image is pulled with. */
  readonly pullSecrets: readonly string[]
  /** Nothing outside the namespace is looked at. */
  readonly namespaceOnly: boolean
  readonly wait: boolean
  /** Pods on nodes that do not answer are taken out of Kubernetes, whether they still run there or not. */
  readonly force: boolean
  say(text: string): void
}

export interface Uninstalled {
  /** There was anything. */
  readonly found: boolean
  /** What could not be looked at, and how it can. */
  readonly unseen: string | undefined
}

/**
 * Deletes everything that an installation consists of; what is not there is no error. Throws 'kube-refused' with the rights that are missing before
 * anything is deleted. One thing that cannot be deleted all the same does not keep the rest: throws 'uninstall-incomplete' at the end, with all of them.
 */
export async function uninstall(client: KubeClient, options: UninstallOptions): Promise<Uninstalled> {
  const { namespace, say } = options
  const outside = !options.namespaceOnly
  await requireRights(client, [...rightsToFind(installedKinds({ outside }), namespace), ...outside ? rightsToFind(['ConfigMap']) : []], 'uninstall')
  const objects = await findInstalled(client, namespace, { outside })
  const released = objects.find((object) => managerOf(object) === 'Helm')
  if (released !== undefined) throw new MtlscopeError('install-conflict', `it was installed by Helm; nothing was changed`, { hint: `helm uninstall -n ${namespace} ${helmRelease(released)}; then this again with --image NAME, for what the CA and the agents made`, facts: { namespace } })
  const home = objects.find(({ kind }) => kind === 'Namespace')
  const folders = options.keepData ? undefined : await planFolderRemoval(client, objects, namespace, options)
  await requireRights(client, rightsFor([...objects, ...await findTrust(client, options)], folders, options), 'uninstall')
  if (objects.length > 0) for (const [node, since] of await readSilentNodes(client)) say(`warning: node ${node} does not answer since ${since}: nothing can be removed there${options.keepData ? '' : `, nor ${NODE_FOLDER}`}, and it is not waited for`)
  const problems = await deleteObjects(client, objects.filter(({ kind }) => kind !== 'Namespace'), say)
  if (folders !== undefined) problems.push(...await removeNodeFolders(client, folders, say))
  const trust = await findTrust(client, options)
  problems.push(...await deleteObjects(client, trust, () => {}))
  if (trust.length > 0) say(`deleted ConfigMap ${TRUST_CONFIG_MAP} in ${trust.length} namespaces`)
  if (home !== undefined) problems.push(...await deleteObjects(client, [home], say))
  problems.push(...await whatStays(client, [...objects, ...trust], options))
  if (problems.length > 0) throw new MtlscopeError('uninstall-incomplete', `not everything could be removed: ${problems.join('; ')}`, { hint: hintFor(problems, options), facts: { problems: problems.length } })
  const found = objects.length + trust.length > 0 || folders !== undefined
  return { found, unseen: folders !== undefined || options.keepData ? undefined : await unseenFolders(client, found) }
}

/** Without an image nothing can look at a node. Where agents are removed in the same run there is one, so what is told here is left from another run, if at all. */
async function unseenFolders(client: KubeClient, found: boolean): Promise<string | undefined> {
  const silent = [...(await readSilentNodes(client)).keys()]
  if (silent.length === 0) return found ? undefined : `${NODE_FOLDER} on the nodes; with --image NAME it is`
  return `${NODE_FOLDER} on the nodes, of which ${silent.join(', ')} ${silent.length === 1 ? 'does' : 'do'} not answer; with --image NAME it is, on those that do`
}

/** After all of it was deleted: what is still there, and why. */
async function whatStays(client: KubeClient, objects: readonly LiveObject[], { namespace, wait, force }: UninstallOptions): Promise<string[]> {
  if (!wait || objects.length === 0) return []
  const home = objects.filter(({ kind }) => kind === 'Namespace')
  const late = `not everything was gone after ${GONE_TIMEOUT_MS / 1000} s: see kubectl get all -n ${namespace}`
  const { stuck, slow } = await awaitPodsGone(client, { namespace, all: home.length > 0, force, timeoutMs: GONE_TIMEOUT_MS })
  if (slow.length > 0 || !await untilGone(client, objects.filter(({ kind }) => kind !== 'Namespace'), GONE_TIMEOUT_MS)) return [...stuckText(stuck), late]
  if (stuck.length > 0) return [...stuckText(stuck), ...home.map(() => `namespace ${namespace}, which ends with them`)]
  return await untilGone(client, home, GONE_TIMEOUT_MS) ? [] : [late]
}

function hintFor(problems: readonly string[], { force, keepData }: UninstallOptions): string {
  if (!problems.some((problem) => problem.endsWith(SILENT))) return AGAIN
  const pods = force ? [] : ['pods on a node that does not answer go when it is back, or with kubectl delete node; --force takes them out of Kubernetes now']
  const folder = keepData ? [] : ['its folder goes when it is back, with mtlscope uninstall --image NAME; --keep-data leaves it without a complaint']
  return [...pods, ...folder].join('; ') || AGAIN
}

/** Also for the pods that remove what the agents stored, and to take out those that are stuck. */
function rightsFor(objects: readonly LiveObject[], folders: FolderRemoval | undefined, { namespace, force }: UninstallOptions): Right[] {
  const stuck = force ? [{ verb: 'delete', resource: 'pods', namespace }] : []
  const pods = folders === undefined ? [] : ['create', 'get', 'list', 'delete'].map((verb) => ({ verb, resource: 'pods', namespace: folders.namespace }))
  return [...rightsToDelete(objects), ...pods, ...folders === undefined ? stuck : []]
}

/** The CA publishes its bundle into other namespaces, too. */
async function findTrust(client: KubeClient, { namespace, namespaceOnly }: UninstallOptions): Promise<LiveObject[]> {
  const query = `?fieldSelector=${encodeURIComponent(`metadata.name=${TRUST_CONFIG_MAP}`)}&labelSelector=${encodeURIComponent(`${NAME_LABEL}=${PRODUCT}`)}`
  try {
    return itemsOf(await client.get(listPath('ConfigMap', namespaceOnly ? namespace : undefined) + query), 'ConfigMap')
  } catch (error) {
    if (statusOf(error) === 404) return []
    throw error
  }
}

function helmRelease({ metadata: { annotations } }: LiveObject): string {
  return annotations?.['meta.helm.sh/release-name'] ?? 'RELEASE'
}
