import { MtlscopeError } from '../base/errors.ts'
import { Names } from '../mesh/workloads.ts'
import { readHostInode } from '../mesh/namespaces.ts'
import type { KubeClient } from './client.ts'
import type { PodChoice } from './pod-choice.ts'
import { isChosen } from './pod-choice.ts'
import type { PodProcesses } from './pod-processes.ts'
import { PodScan } from './pod-processes.ts'
import type { Pod, Service } from './pod.ts'
import { parsePodList, parseServiceList, podName } from './pod.ts'

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

/** Names of others than the node's own pods, and services, change slowly. */
const NAMES_EVERY_MS = 15_000
const PODS_EVERY_MS = 1_000

/**
 * Brings together what the API server says of pods and what runs on this machine: the UID in the cgroup of a process, which the
 * kubelet put there, is the pod's. No environment variable is looked at.
 */
export class PodFollower {
  readonly #client: KubeClient
  readonly #procfs: string
  readonly #choice: PodChoice
  readonly #scan: PodScan
  #pods: Pod[] = []
  #everybody: Pod[] = []
  #services: Service[] = []
  #node: string | undefined
  #podsAtMs = -Infinity
  #namesAtMs = -Infinity

  constructor(client: KubeClient, procfs: string, choice: PodChoice) {
    this.#client = client
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
    return this.#everybody.filter((pod) => isChosen(this.#choice, pod)).length
  }

  /** `nowMs`: of any monotonic clock. Asks the API server at most once a second. Throws what KubeClient throws, and 'cannot-read' for the procfs. */
  async poll(nowMs: number): Promise<PodsNow> {
    const processes = this.#readProcesses()
    if (nowMs - this.#namesAtMs >= NAMES_EVERY_MS) await this.#readNames(nowMs)
    else if (nowMs - this.#podsAtMs >= PODS_EVERY_MS) await this.#readPods(nowMs)
    this.#learnNode(processes)
    return this.#join(processes)
  }

  #readProcesses(): Map<string, PodProcesses> {
    try {
      return this.#scan.scan()
    } catch (cause) {
      throw new MtlscopeError('cannot-read', `cannot list the processes of ${this.#procfs}`, { hint: 'give the folder of a procfs: --procfs /proc', cause })
    }
  }

  async #readNames(nowMs: number): Promise<void> {
    const [pods, services] = await Promise.all([this.#list('pods', ''), this.#list('services', '')])
    this.#everybody = pods.flatMap(parsePodList)
    this.#services = services.flatMap(parseServiceList)
    this.#pods = this.#everybody
    this.#namesAtMs = this.#podsAtMs = nowMs
  }

  /** Of this node only, once it is known which one that is. */
  async #readPods(nowMs: number): Promise<void> {
    const selector = this.#node === undefined ? '' : `&fieldSelector=${encodeURIComponent(`spec.nodeName=${this.#node}`)}`
    this.#pods = (await this.#list('pods', selector)).flatMap(parsePodList)
    this.#podsAtMs = nowMs
  }

  /** `resourceVersion=0`: from the API server's memory, which costs it nothing and may be a moment old. */
  #list(kind: 'pods' | 'services', selector: string): Promise<unknown[]> {
    const places = this.#choice.namespaces?.map((name) => `/namespaces/${name}`) ?? ['']
    return Promise.all(places.map((place) => this.#client.get(`/api/v1${place}/${kind}?resourceVersion=0${selector}`)))
  }

  #learnNode(processes: ReadonlyMap<string, PodProcesses>): void {
    this.#node ??= this.#pods.find((pod) => pod.cgroupUids.some((uid) => processes.has(uid)))?.node
  }

  #join(processes: ReadonlyMap<string, PodProcesses>): PodsNow {
    const host = readHostInode(this.#procfs)
    const local: LocalPod[] = []
    const leftAlone = new Map<Pod, string>()
    for (const pod of this.#pods) {
      if (!isChosen(this.#choice, pod)) continue
      const found = pod.cgroupUids.map((uid) => processes.get(uid)).find((entry) => entry !== undefined)
      if (found === undefined) continue
      if (pod.hostNetwork || found.inode === host) leftAlone.set(pod, 'it is on the node\'s own network, where its packets cannot be told from others; try: -i any')
      else local.push({ pod, ...found, path: `${this.#procfs}/${found.pids[0]}/ns/net` })
    }
    return { local, leftAlone, names: this.#names() }
  }

  #names(): Record<string, string> {
    const claims = new Names()
    const names: Record<string, string> = {}
    const claim = (ip: string, name: string): void => {
      if (claims.add(ip, name)) names[ip] = claims.nameOf(ip) ?? ''
    }
    const seen = new Set<string>()
    for (const pod of [...this.#pods, ...this.#everybody]) {
      if (pod.isOver || pod.hostNetwork || seen.has(pod.uid)) continue
      seen.add(pod.uid)
      for (const ip of pod.ips) claim(ip, podName(pod))
    }
    for (const service of this.#services) for (const ip of service.ips) claim(ip, `${podName(service)}.svc`)
    return names
  }
}
