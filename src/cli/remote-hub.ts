import { MtlscopeError } from '../base/errors.ts'
import { DEFAULT_PORT } from '../hub/open-hub.ts'
import { statusOf } from '../kube/answer.ts'
import type { KubeClient } from '../kube/client.ts'
import { podLabels } from '../kube/install/object-names.ts'
import type { PodPort } from '../kube/port-forward.ts'
import { openPortForward } from '../kube/port-forward.ts'
import { requireRights } from '../kube/rights.ts'
import { openBrowser } from './open-browser.ts'
import type { Outside } from './outside.ts'
import { INSTALLED_IN } from './outside.ts'
import { say, sayWarning } from './say.ts'
import type { TapFlags } from './tap.ts'

/** The hub listens on the loopback of its pod. */
const HUB_PORT = 8899
const FAILURES_APART_MS = 5_000

interface PodObject { readonly metadata?: { readonly name?: string, readonly deletionTimestamp?: string }, readonly status?: { readonly conditions?: readonly { readonly type?: string, readonly status?: string }[] } }

/** The viewer of the installed hub through a port of this machine, until Ctrl-C; undefined where no hub is ready. */
export async function viewHub({ client, choice }: Outside, flags: TapFlags & { agentNamespace?: string }, signal: AbortSignal): Promise<number | undefined> {
  const namespace = flags.agentNamespace ?? INSTALLED_IN
  if (await findHub(client, namespace) === undefined) return undefined
  const ofPods = (verb: string): { verb: string, resource: string, subresource: string, namespace: string } => ({ verb, resource: 'pods', subresource: 'portforward', namespace })
  await requireRights(client, [ofPods('get'), ofPods('create')], 'the way to the hub')
  let toldMs = -Infinity
  const forward = await openPortForward(client, () => requireHub(client, namespace), typeof flags.ui === 'number' ? flags.ui : DEFAULT_PORT, (error) => {
    if (performance.now() - toldMs > FAILURES_APART_MS) sayWarning(error.message)
    toldMs = performance.now()
  })
  try {
    const filter = hubFilter(flags.pods, choice.namespaces)
    const address = `http://127.0.0.1:${forward.port}/${filter === '' ? '' : `?q=${encodeURIComponent(filter)}`}`
    say(`viewer ${address}   Ctrl-C stops`)
    if (flags.open !== false) openBrowser(address)
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    return 0
  } finally {
    await forward.close()
  }
}

async function requireHub(client: KubeClient, namespace: string): Promise<PodPort> {
  const pod = await findHub(client, namespace)
  if (pod === undefined) throw new MtlscopeError('kube-failed', `no hub is ready in namespace ${namespace}`, { hint: `see: kubectl get pods -n ${namespace}` })
  return { namespace, pod, port: HUB_PORT }
}

/** Each time anew: a hub that was replaced is found again. */
async function findHub(client: KubeClient, namespace: string): Promise<string | undefined> {
  const selector = Object.entries(podLabels('hub')).map(([key, value]) => `${key}=${value}`).join(',')
  try {
    const { items = [] } = await client.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`) as { items?: PodObject[] }
    return items.find(({ metadata, status }) => metadata?.deletionTimestamp === undefined && status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true)?.metadata?.name
  } catch (error) {
    if (statusOf(error) === 403 || statusOf(error) === 404) return undefined
    throw error
  }
}

/** Names of places are `pod.namespace`. In the language of docs/filter.md. */
export function hubFilter(pattern: string | undefined, namespaces: readonly string[] | undefined): string {
  const place = namespaces === undefined ? '' : `[.](${namespaces.join('|')})$`
  if (pattern === undefined && place === '') return ''
  const inName = pattern === undefined ? '' : pattern.endsWith('$') ? `(?:${pattern.slice(0, -1)})` : `(?:${pattern})[^.]*`
  return `netns.matches(${JSON.stringify(`${inName}${place}`)})`
}
