import { Names } from '../mesh/workloads.ts'
import type { KubeClient } from './client.ts'
import type { PodChoice } from './pod-choice.ts'
import { isChosen } from './pod-choice.ts'
import type { PodSource } from './pod-source.ts'
import type { Pod, Service } from './pod.ts'
import { parsePod, parsePodList, parseServiceList, podName } from './pod.ts'

/** Names of others than the node's own pods, and services, change slowly. */
const NAMES_EVERY_MS = 15_000
/** Without a watch. */
const PODS_EVERY_MS = 1_000
/** More watches than these cost the API server more than being asked. */
const MAX_WATCHES = 16

/** The pods of one node, as the API server tells them when they change. */
class NodeWatch {
  readonly #pods = new Map<string, Map<string, Pod>>()
  readonly #abort = new AbortController()
  readonly #healthy = new Set<string>()
  readonly #places: readonly string[]

  constructor(client: KubeClient, places: readonly string[], node: string) {
    this.#places = places
    for (const place of places) {
      const path = `/api/v1${place}/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`
      client.watch(path, {
        list: (items) => {
          this.#pods.set(place, new Map(items.flatMap((item) => keyed(parsePod(item)))))
        },
        event: (type, object) => this.#apply(place, type, parsePod(object)),
        following: () => this.#healthy.add(place),
        // It is tried again; meanwhile the server is asked.
        failed: () => this.#healthy.delete(place),
      }, this.#abort.signal).catch(() => this.#healthy.delete(place))
    }
  }

  #apply(place: string, type: string, pod: Pod | undefined): void {
    if (pod === undefined) return
    const pods = this.#pods.get(place)
    if (type === 'DELETED') pods?.delete(pod.uid)
    else pods?.set(pod.uid, pod)
  }

  /** All of it is known, and followed. */
  get isHealthy(): boolean {
    return this.#places.every((place) => this.#healthy.has(place))
  }

  get pods(): Pod[] {
    return [...this.#pods.values()].flatMap((pods) => [...pods.values()])
  }

  close(): void {
    this.#abort.abort()
  }
}

/**
 * Pods and services as the API server has them: names are asked for now and then, out of its memory; the pods of a node are watched as soon as
 * it is known which one it is, and asked for every second where a watch is not to be had.
 */
export class KubePods implements PodSource {
  readonly #client: KubeClient
  readonly #choice: PodChoice
  #pods: readonly Pod[] = []
  #everybody: readonly Pod[] = []
  #services: readonly Service[] = []
  #watch: NodeWatch | undefined
  #podsAtMs = -Infinity
  #namesAtMs = -Infinity

  constructor(client: KubeClient, choice: PodChoice) {
    this.#client = client
    this.#choice = choice
  }

  get pods(): readonly Pod[] {
    return this.#pods
  }

  get chosen(): number {
    return this.#everybody.filter((pod) => isChosen(this.#choice, pod)).length
  }

  /** Throws what KubeClient throws. */
  async refresh(nowMs: number, node: string | undefined): Promise<void> {
    if (nowMs - this.#namesAtMs >= NAMES_EVERY_MS) await this.#readNames(nowMs)
    else if (this.#watch?.isHealthy !== true && nowMs - this.#podsAtMs >= PODS_EVERY_MS) await this.#readPods(nowMs, node)
    if (node !== undefined && this.#watch === undefined && this.#places().length <= MAX_WATCHES) this.#watch = new NodeWatch(this.#client, this.#places(), node)
    if (this.#watch?.isHealthy === true) this.#pods = this.#watch.pods
  }

  close(): void {
    this.#watch?.close()
  }

  async #readNames(nowMs: number): Promise<void> {
    const [pods, services] = await Promise.all([this.#list('pods', ''), this.#list('services', '')])
    this.#everybody = pods.flatMap(parsePodList)
    this.#services = services.flatMap(parseServiceList)
    this.#pods = this.#everybody
    this.#namesAtMs = this.#podsAtMs = nowMs
  }

  async #readPods(nowMs: number, node: string | undefined): Promise<void> {
    const selector = node === undefined ? '' : `&fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`
    this.#pods = (await this.#list('pods', selector)).flatMap(parsePodList)
    this.#podsAtMs = nowMs
  }

  /** `resourceVersion=0`: from the API server's memory, which costs it nothing and may be a moment old. */
  #list(kind: 'pods' | 'services', selector: string): Promise<unknown[]> {
    return Promise.all(this.#places().map((place) => this.#client.get(`/api/v1${place}/${kind}?resourceVersion=0${selector}`)))
  }

  #places(): readonly string[] {
    return this.#choice.namespaces?.map((name) => `/namespaces/${name}`) ?? ['']
  }

  names(): Readonly<Record<string, string>> {
    return namesOf([...this.#pods, ...this.#everybody], this.#services)
  }
}

function keyed(pod: Pod | undefined): [string, Pod][] {
  return pod === undefined ? [] : [[pod.uid, pod]]
}

/** Address → `pod.namespace` or `service.namespace.svc`; '' where several claim it. Of a pod that is listed twice the first counts. */
export function namesOf(pods: readonly Pod[], services: readonly Service[]): Record<string, string> {
  const claims = new Names()
  const names: Record<string, string> = {}
  const claim = (ip: string, name: string): void => {
    if (claims.add(ip, name)) names[ip] = claims.nameOf(ip) ?? ''
  }
  const seen = new Set<string>()
  for (const pod of pods) {
    if (pod.isOver || pod.hostNetwork || seen.has(pod.uid)) continue
    seen.add(pod.uid)
    for (const ip of pod.ips) claim(ip, podName(pod))
  }
  for (const service of services) for (const ip of service.ips) claim(ip, `${podName(service)}.svc`)
  return names
}
