import { dirname, basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KubeClient } from '../client.ts'
import { fields, list, text } from '../fields.ts'
import type { Fields } from '../fields.ts'
import { podSpecOf, pullSecretsIn } from './installed.ts'
import type { LiveObject } from './live-object.ts'
import { itemsOf } from './live-object.ts'
import { COMPONENT_LABEL, NAME_LABEL, NODE_FOLDER, PRODUCT } from './object-names.ts'
import { listPath, objectPath } from './object-paths.ts'
import { pullSecretsOf } from './part-pods.ts'
import { podTrouble } from './pod-trouble.ts'
import { readNodes, readSilentNodes } from './silent-nodes.ts'
import { nodeOf } from './stuck-pods.ts'

const COMPONENT = 'cleanup'
const AGENTS_GONE_MS = 60_000
const TIMEOUT_MS = 120_000
const LOOK_MS = 500

/** Where agents stored something, and the image by which it can be removed. */
export interface FolderRemoval { readonly namespace: string, readonly nodes: readonly string[], readonly image: string, readonly pullPolicy: string | undefined, readonly pullSecrets: readonly string[] }

/** `own`: the image that is used where there are no agents any more, whose own would be taken. Undefined where no image is known. */
export async function planFolderRemoval(client: KubeClient, objects: readonly LiveObject[], namespace: string, own: { readonly image: string | undefined, readonly pullSecrets: readonly string[] }): Promise<FolderRemoval | undefined> {
  const agents = objects.find(({ kind, metadata: { labels } }) => kind === 'DaemonSet' && labels?.[COMPONENT_LABEL] === 'agent')
  const template = agents === undefined ? undefined : podSpecOf(agents)
  const container: Fields = template === undefined ? { image: own.image } : list(template.containers)[0] ?? {}
  if (container.image === undefined) return undefined
  const pods = itemsOf(await client.get(agentPods(namespace)), 'Pod')
  const running = pods.map(nodeOf).filter((name) => name !== '')
  const known = (await readNodes(client)).map(({ metadata: { name } }) => name)
  return {
    namespace, nodes: [...new Set([...running, ...known])], image: String(container.image),
    pullPolicy: text(container.imagePullPolicy), pullSecrets: template === undefined ? own.pullSecrets : pullSecretsIn(template),
  }
}

/** By a pod on each node that lives for the moment: the folder is the node's. Returns what went wrong, and on which nodes nothing could be asked for. */
export async function removeNodeFolders(client: KubeClient, removal: FolderRemoval, say: (text: string) => void): Promise<string[]> {
  const { namespace } = removal
  const silent = await agentsGone(client, namespace)
  if (silent === undefined) return ['the agents do not end, so what they stored on their nodes was left']
  const nodes = removal.nodes.filter((node) => !silent.has(node))
  const pods = nodes.map((node, index) => cleanupPod(removal, node, index))
  const problems = removal.nodes.filter((node) => silent.has(node)).map((node) => `${NODE_FOLDER} on node ${node}, which does not answer`)
  const unreached = problems.length
  try {
    await Promise.all(pods.map((pod) => client.post(listPath('Pod', namespace), pod)))
    problems.push(...await untilDone(client, pods))
    if (problems.length === unreached) say(`deleted ${NODE_FOLDER} on ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'}`)
  } catch (error) {
    problems.push(`${NODE_FOLDER} on the nodes: ${(error as Error).message}`)
  } finally {
    await Promise.all(pods.map((pod) => client.delete(objectPath(pod), { gracePeriodSeconds: 0 }).catch(() => {})))
  }
  return problems
}

function agentPods(namespace: string): string {
  return `${listPath('Pod', namespace)}?labelSelector=${encodeURIComponent(`${NAME_LABEL}=${PRODUCT},${COMPONENT_LABEL}=agent`)}`
}

/** On all nodes that answer; returns those that do not. Undefined where agents go on for too long. */
async function agentsGone(client: KubeClient, namespace: string): Promise<ReadonlyMap<string, string> | undefined> {
  for (const endMs = performance.now() + AGENTS_GONE_MS; performance.now() < endMs; await sleep(LOOK_MS)) {
    const silent = await readSilentNodes(client)
    if (itemsOf(await client.get(agentPods(namespace)), 'Pod').every((pod) => silent.has(nodeOf(pod)))) return silent
  }
  return undefined
}

/** It mounts the folder above, since a mount itself cannot be removed, and has no capability: the folder is root's, and so is it. */
function cleanupPod({ namespace, image, pullPolicy, pullSecrets }: FolderRemoval, node: string, index: number) {
  const [above, name] = [dirname(NODE_FOLDER), basename(NODE_FOLDER)]
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: `${PRODUCT}-${COMPONENT}-${index}`, namespace, labels: { [NAME_LABEL]: PRODUCT, [COMPONENT_LABEL]: COMPONENT } },
    spec: {
      nodeName: node, ...pullSecretsOf({ pullSecrets }), restartPolicy: 'Never', activeDeadlineSeconds: TIMEOUT_MS / 1000, terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, tolerations: [{ operator: 'Exists' }],
      containers: [{
        name: COMPONENT, image, ...pullPolicy !== undefined && { imagePullPolicy: pullPolicy },
        command: ['/usr/bin/node', '-e', `require('node:fs').rmSync('/node/${name}', { recursive: true, force: true })`],
        securityContext: { runAsUser: 0, runAsGroup: 0, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, seccompProfile: { type: 'RuntimeDefault' }, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'node', mountPath: '/node' }],
      }],
      volumes: [{ name: 'node', hostPath: { path: above, type: 'Directory' } }],
    },
  }
}

type CleanupPod = ReturnType<typeof cleanupPod>

async function untilDone(client: KubeClient, pods: readonly CleanupPod[]): Promise<string[]> {
  const beganMs = performance.now()
  const problems: string[] = []
  for (const pod of pods) {
    for (;;) {
      const live = await client.find(objectPath(pod)) as LiveObject | undefined
      const waitedMs = performance.now() - beganMs
      const trouble = podTrouble(live ?? {}, waitedMs)
      if (fields(live?.status).phase === 'Succeeded') break
      if (live === undefined || trouble?.final === true || waitedMs > TIMEOUT_MS) {
        problems.push(`${NODE_FOLDER} on node ${pod.spec.nodeName}: ${trouble?.why ?? 'the pod that removes it did not run in time'}`)
        break
      }
      await sleep(LOOK_MS)
    }
  }
  return problems
}
