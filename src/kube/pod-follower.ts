import { MtlscopeError } from '../base/errors.ts'
import { readHostInode } from '../mesh/namespaces.ts'
import { KubeClient } from './client.ts'
import { KubePods } from './kube-pods.ts'
import type { PodChoice } from './pod-choice.ts'
import { isChosen } from './pod-choice.ts'
import type { PodProcesses } from './pod-processes.ts'
import { PodScan } from './pod-processes.ts'
import type { PodSource } from './pod-source.ts'
import type { Pod } from './pod.ts'

/** A pod of the cluster whose processes are on this machine. */
export interface LocalPod extends PodProcesses {
  readonly pod: Pod
  /** `PROCFS/PID/ns/net` of one of its processes. */
  readonly path: string
}

export interface PodsNow {
  /** Those that were chosen. */
  readonly local: readonly LocalPod[]
  /** Chosen, and not to be captured, each with the reason. */
  readonly leftAlone: ReadonlyMap<Pod, string>
  /** Address → pod or service, '' where several claim it. */
  readonly names: Readonly<Record<string, string>>
}

/**
 * Brings together what the API server says of pods and what runs on this machine: the UID in the cgroup of a process, which the
 * kubelet put there, is the pod's. No environment variable is looked at.
 */
export class PodFollower {
  readonly #source: PodSource
  readonly #procfs: string
  readonly #choice: PodChoice
  readonly #scan: PodScan
  #node: string | undefined

  /** `source`: where it is known from which pods there are; of an API server they are watched. `close` ends that. */
  constructor(source: KubeClient | PodSource, procfs: string, choice: PodChoice) {
    this.#source = source instanceof KubeClient ? new KubePods(source, choice) : source
    this.#procfs = procfs
    this.#choice = choice
    this.#scan = new PodScan(procfs)
  }

  /** The node whose processes these are, as soon as a pod of it was seen. */
  get node(): string | undefined {
    return this.#node
  }

  /** How many pods were chosen anywhere. */
  get chosen(): number {
    return this.#source.chosen
  }

  /** `nowMs`: of any monotonic clock. Asks the API server at most once a second. Throws what KubeClient throws, and 'cannot-read' for the procfs. */
  async poll(nowMs: number): Promise<PodsNow> {
    const processes = this.#readProcesses()
    await this.#source.refresh(nowMs, this.#node)
    this.#learnNode(processes)
    return this.#join(processes)
  }

  close(): void {
    this.#source.close()
  }

  #readProcesses(): Map<string, PodProcesses> {
    try {
      return this.#scan.scan()
    } catch (cause) {
      throw new MtlscopeError('cannot-read', `cannot list the processes of ${this.#procfs}`, { hint: 'give the folder of a procfs: --procfs /proc', cause })
    }
  }

  #learnNode(processes: ReadonlyMap<string, PodProcesses>): void {
    this.#node ??= this.#source.pods.find((pod) => pod.cgroupUids.some((uid) => processes.has(uid)))?.node
  }

  #join(processes: ReadonlyMap<string, PodProcesses>): PodsNow {
    const host = readHostInode(this.#procfs)
    const local: LocalPod[] = []
    const leftAlone = new Map<Pod, string>()
    for (const pod of this.#source.pods) {
      if (!isChosen(this.#choice, pod) || (pod.isOurs === true && pod.namespace === this.#choice.exceptOurs)) continue
      const found = pod.cgroupUids.map((uid) => processes.get(uid)).find((entry) => entry !== undefined)
      if (found === undefined) continue
      if (pod.hostNetwork || found.inode === host) leftAlone.set(pod, 'it is on the node\'s own network, where its packets cannot be told from others; try: -i any')
      else local.push({ pod, ...found, path: `${this.#procfs}/${found.pids[0]}/ns/net` })
    }
    return { local, leftAlone, names: this.#source.names() }
  }
}
