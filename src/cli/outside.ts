import { readdirSync, readFileSync } from 'node:fs'
import { MtlscopeError } from '../base/errors.ts'
import { nearestName } from '../base/nearest.ts'
import { KubeClient } from '../kube/client.ts'
import { statusOf } from '../kube/answer.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { parsePodCgroup } from '../kube/pod-cgroup.ts'
import type { PodChoice } from '../kube/pod-choice.ts'
import { planPodChoice } from '../kube/pod-choice.ts'
import type { Pod } from '../kube/pod.ts'
import { parsePodList } from '../kube/pod.ts'
import { ClusterPods } from '../kube/session/cluster-pods.ts'
import { findInstalledAgents } from '../kube/session/installed-agents.ts'
import type { NodeAgents } from '../kube/session/node-agent.ts'
import { openSessionAgents } from '../kube/session/session-agents.ts'
import { pidsOf } from '../mesh/process-files.ts'
import type { PodFlags, RemoteFlags } from './pod-flags.ts'
import { namesPods } from './pod-flags.ts'
import { say, sayWarning } from './say.ts'

export type OutsideFlags = PodFlags & RemoteFlags & { procfs: string, for?: number }

export const INSTALLED_IN = 'mtlscope'
const ENFORCED = 'pod-security.kubernetes.io/enforce'
const DEFAULT_IMAGE = 'mtlscope:latest'
/** A session without an end that was asked for ends after this time at the latest. */
const MAX_SESSION_SECONDS = 12 * 3600
/** Beyond --for: to start, and to write what is left. */
const MARGIN_SECONDS = 600

/** A cluster, looked at from a machine that is none of its nodes. */
export interface Outside {
  readonly client: KubeClient
  readonly choice: PodChoice
  readonly pods: ClusterPods
  readonly agents: NodeAgents
  /** Whatever was made is removed. Never throws. */
  close(): Promise<void>
}

/** Whether pods are meant that no process of this machine belongs to. Throws 'usage', 'bad-kubeconfig' and what KubeClient throws. */
export async function isFromOutside(flags: OutsideFlags): Promise<boolean> {
  if (flags.podsFrom !== undefined || !namesPods(flags)) return false
  if (flags.remote === true) return true
  const here = podsHere(flags.procfs)
  if (here.size === 0) return true
  const access = readClusterAccess(flags)
  const client = new KubeClient(access)
  try {
    const pods = await listPods(client, planPodChoice(undefined, flags.namespace, flags.allNamespaces === true, access.namespace))
    return pods.length > 0 && !pods.some(({ cgroupUids }) => cgroupUids.some((uid) => here.has(uid)))
  } finally {
    client.close()
  }
}

async function listPods(client: KubeClient, { namespaces }: PodChoice): Promise<Pod[]> {
  const places = namespaces?.map((name) => `/namespaces/${name}`) ?? ['']
  return (await Promise.all(places.map((place) => client.get(`/api/v1${place}/pods?resourceVersion=0`)))).flatMap(parsePodList)
}

/** UIDs of the pods that processes of this machine belong to. */
function podsHere(procfs: string): Set<string> {
  const found = new Set<string>()
  for (const pid of pidsIn(procfs)) {
    try {
      const uid = parsePodCgroup(readFileSync(`${procfs}/${pid}/cgroup`, 'latin1'))?.podUid
      if (uid !== undefined) found.add(uid)
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}

function pidsIn(procfs: string): number[] {
  try {
    return pidsOf(readdirSync(procfs))
  } catch {
    return []
  }
}

/** Finds the pods and who can look into them. With `capabilities`, which installed agents have not, short-lived ones are made that do. Throws 'no-such-pod', 'kube-refused' with the rights that are missing, and what KubeClient throws; nothing is left then. */
export async function openOutside(flags: OutsideFlags, capabilities: readonly string[] = []): Promise<Outside> {
  const access = readClusterAccess(flags)
  const choice = planPodChoice(flags.pods, flags.namespace, flags.allNamespaces === true, access.namespace)
  const client = new KubeClient(access)
  let pods: ClusterPods | undefined
  try {
    pods = await ClusterPods.open(client, choice, (error) => sayWarning(`the cluster: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`))
    requirePods(pods, flags, choice)
    const agents = await findAgents(client, flags, access.namespace, capabilities)
    const opened = pods
    return {
      client, choice, pods, agents,
      close: async () => {
        opened.close()
        await agents.close()
        client.close()
      },
    }
  } catch (error) {
    pods?.close()
    client.close()
    throw error
  }
}

async function findAgents(client: KubeClient, flags: OutsideFlags, usualNamespace: string, capabilities: readonly string[]): Promise<NodeAgents> {
  const installed = flags.image === undefined ? await findInstalledAgents(client, flags.agentNamespace ?? INSTALLED_IN) : undefined
  if (installed !== undefined && capabilities.length === 0) return installed
  return await openSessionAgents(client, {
    namespace: flags.agentNamespace ?? (await takesAgents(client, INSTALLED_IN) ? INSTALLED_IN : usualNamespace),
    image: flags.image ?? installed?.image ?? DEFAULT_IMAGE, pullPolicy: flags.imagePullPolicy ?? installed?.pullPolicy,
    pullSecrets: flags.imagePullSecret ?? installed?.pullSecrets ?? [], capabilities, say,
    deadlineSeconds: flags.for === undefined ? MAX_SESSION_SECONDS : Math.ceil(flags.for / 1000) + MARGIN_SECONDS,
  })
}

/** It is there to stay, and not limited to what is less than an agent (Pod Security). */
async function takesAgents(client: KubeClient, namespace: string): Promise<boolean> {
  try {
    const found = await client.find(`/api/v1/namespaces/${namespace}`) as { metadata?: { labels?: Record<string, string>, deletionTimestamp?: string } } | undefined
    return found?.metadata !== undefined && found.metadata.deletionTimestamp === undefined && (found.metadata.labels?.[ENFORCED] ?? 'privileged') === 'privileged'
  } catch (error) {
    if (statusOf(error) === 403) return false
    throw error
  }
}

/** Throws 'no-such-pod' where none can be looked into; those that cannot are told. */
export function requirePods(pods: ClusterPods, flags: PodFlags, choice: PodChoice): void {
  const { chosen } = pods
  const others = chosen.filter(({ hostNetwork, isOver }) => hostNetwork && !isOver)
  const skipped = others.map(({ name }) => name).slice(0, 5).join(', ')
  if (pods.byNode().size > 0) {
    if (others.length > 0) sayWarning(`left alone: ${skipped}${others.length > 5 ? ', …' : ''}: on the network of their node, where their packets cannot be told from others`)
    return
  }
  if (others.length > 0) throw new MtlscopeError('no-such-pod', `${skipped} ${others.length === 1 ? 'is' : 'are'} on the network of the node, where packets of one pod cannot be told from others`, { hint: 'on the node itself: sudo mtlscope tap -i any' })
  const where = choice.namespaces === undefined ? 'in the cluster' : `in namespace ${choice.namespaces.join(', ')}`
  if (chosen.length > 0) throw new MtlscopeError('no-such-pod', `no pod that matches runs ${where}`, { hint: 'see: kubectl get pods -o wide' })
  throw new MtlscopeError('no-such-pod', `no pod ${flags.pods === undefined ? '' : `matches ${flags.pods} `}${where}`, { hint: hintOf(flags.pods, pods.all), facts: { context: flags.context } })
}

function hintOf(pattern: string | undefined, pods: readonly Pod[]): string {
  const names = [...new Set(pods.map(({ name }) => name))]
  // Without the word of dice at the end of most names.
  const roots = new Map(names.flatMap((name) => [[name, name], [name.replace(/(-[a-z0-9]{6,10})?-[a-z0-9]{5}$/, ''), name]]))
  const near = pattern === undefined ? undefined : nearestName(pattern.replace(/^\^|\$$/g, ''), roots.keys())
  if (near !== undefined) return `did you mean ${roots.get(near)}?`
  return names.length === 0 ? 'there are none; another namespace: -n NAME, all: -A, another cluster: --context NAME' : `there are: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
}
