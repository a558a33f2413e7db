/** Of which pod, and of which container in it, a process is. */
export interface PodCgroup {
  /** As the API server writes it, with dashes; of a static pod the hash of its file. */
  readonly podUid: string
  /** Undefined for a process of the pod itself. */
  readonly containerId: string | undefined
}

/**
 * `pod` and the UID, in the cgroupfs driver a folder of its own, in systemd's the end of a slice, where dashes are underscores
 * because a dash divides slices: `kubepods-burstable-pod1b2c_….slice`. A static pod has 32 digits without dashes.
 */
const POD = /(?:^|[/-])pod([0-9a-f]{8}([_-])[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{4}\2[0-9a-f]{12}|[0-9a-f]{32})(?=\.slice|[/:]|$)/g
/** containerd: the id, or `cri-containerd-ID.scope`; CRI-O: `crio-ID.scope`; Docker: `docker-ID.scope`; containerd in systemd's notation `…slice:cri-containerd:ID`. */
const CONTAINER = /(?:^|[/:-])([0-9a-f]{64})(?=\.scope|\/|$)/
const CONMON = 'conmon-'

/**
 * Reads /proc/PID/cgroup (cgroups(7)): the pod that its cgroup belongs to. The cgroup is the kubelet's doing, and a process in
 * a container cannot choose it. Undefined for a process of no pod, and where its hierarchies name different pods.
 */
export function parsePodCgroup(text: string): PodCgroup | undefined {
  let found: PodCgroup | undefined
  for (const line of text.split('\n')) {
    const path = /^\d+:[^:]*:(\/.*)$/.exec(line)?.[1]
    const pod = path === undefined ? undefined : parsePath(path)
    if (pod === undefined) continue
    if (found !== undefined && found.podUid !== pod.podUid) return undefined
    found = { podUid: pod.podUid, containerId: found?.containerId ?? pod.containerId }
  }
  return found
}

/** The last pod of the path: a node may itself be a pod of another cluster. */
function parsePath(path: string): PodCgroup | undefined {
  if (!path.includes('kubepods') && !path.includes('/pod')) return undefined
  const pod = [...path.matchAll(POD)].at(-1)
  if (pod === undefined) return undefined
  const rest = path.slice(pod.index + pod[0].length)
  // The watcher of a container in CRI-O lives in the pod's slice, but is no part of it.
  if (rest.includes(CONMON)) return undefined
  return { podUid: pod[1]!.replaceAll('_', '-'), containerId: CONTAINER.exec(rest)?.[1] }
}
