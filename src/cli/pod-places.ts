import { KubeClient } from '../kube/client.ts'
import { readClusterAccess } from '../kube/kubeconfig.ts'
import { planPodChoice } from '../kube/pod-choice.ts'
import { PodFollower } from '../kube/pod-follower.ts'
import { podName } from '../kube/pod.ts'
import type { PodFlags } from './pod-flags.ts'
import { SessionInput } from './session-input.ts'

/** A pod of this node as a place: its name, and `PROCFS/PID/ns/net` of one of its processes. */
export interface PodPlaceHere { readonly name: string, readonly path: string }

/** Follows the pods that the flags name on this node. Throws 'usage' and 'bad-kubeconfig'. */
export function openPodFollower(flags: PodFlags, procfs: string): { follower: PodFollower, client: KubeClient | undefined } {
  if (flags.podsFrom !== undefined) return { follower: new PodFollower(SessionInput.open().pods, procfs, { pattern: undefined, namespaces: undefined }), client: undefined }
  const access = readClusterAccess(flags)
  const client = new KubeClient(access)
  const choice = planPodChoice(flags.pods, flags.namespace, flags.allNamespaces === true, access.namespace)
  return { client, follower: new PodFollower(client, procfs, { ...choice, ...flags.exceptOurs === true && { exceptOurs: access.namespace } }) }
}

/** The chosen pods that are on this node now. Throws what PodFollower throws. */
export async function readPodPlaces(flags: PodFlags, procfs: string): Promise<PodPlaceHere[]> {
  const { follower, client } = openPodFollower(flags, procfs)
  try {
    const { local } = await follower.poll(performance.now())
    return local.map(({ pod, path }) => ({ name: podName(pod), path }))
  } finally {
    follower.close()
    client?.close()
  }
}
