import { Names } from '../mesh/workloads.ts'
import type { KubeClient } from './client.ts'
import { FollowedObjects } from './followed-objects.ts'
import type { ObjectKind } from './followed-objects.ts'
import type { PodChoice } from './pod-choice.ts'
import { isChosen } from './pod-choice.ts'
import type { PodSource } from './pod-source.ts'
import type { Pod, Service } from './pod.ts'
import { parsePod, parsePodList, parseService, parseServiceList, podName } from './pod.ts'

/** Where they are not told. */
const NAMES_EVERY_MS = 15_000
const PODS_EVERY_MS = 1_000
/** More watches than these, of pods and of services, cost the API server more than being asked. */
const MAX_WATCHED_NAMESPACES = 16

const PODS: ObjectKind<Pod> = { plural: 'pods', parse: parsePod, keyOf: ({ uid }) => uid }
const SERVICES: ObjectKind<Service> = { plural: 'services', parse: parseService, keyOf: ({ namespace, name }) => `${namespace}/${name}` }

/** Pods and services of the places that are asked for, in what they are followed by. */
interface Watches { readonly pods: FollowedObjects<Pod>, readonly services: FollowedObjects<Service> }

/** Pods and services as the API server has them: it tells when they change, and is asked now and then where it does not. */
export class KubePods implements PodSource {
  readonly #client: KubeClient
  readonly #choice: PodChoice
  /** Those of the node, once it is known. */
  #pods: readonly Pod[] = []
  #everybody: readonly Pod[] = []
  #services: readonly Service[] = []
  #watches: Watches | undefined
  /** What the fields above were made of. */
  #seen = ''
  #names: Readonly<Record<string, string>> | undefined
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
    if (this.#watches === undefined && this.#places().length <= MAX_WATCHED_NAMESPACES) await this.#begin(nowMs)
    if (this.#watches?.pods.isHealthy === true && this.#watches.services.isHealthy) return this.#take(this.#watches, node)
    if (nowMs - this.#namesAtMs >= NAMES_EVERY_MS) await this.#readNames(nowMs)
    else if (nowMs - this.#podsAtMs >= PODS_EVERY_MS) await this.#readPods(nowMs, node)
  }

  close(): void {
    this.#watches?.pods.close()
    this.#watches?.services.close()
  }

  async #begin(nowMs: number): Promise<void> {
    const watches = { pods: new FollowedObjects(this.#client, this.#places(), PODS), services: new FollowedObjects(this.#client, this.#places(), SERVICES) }
    try {
      await Promise.all([watches.pods.begin(), watches.services.begin()])
    } catch (error) {
      watches.pods.close()
      watches.services.close()
      throw error
    }
    this.#watches = watches
    this.#take(watches, undefined)
    this.#namesAtMs = this.#podsAtMs = nowMs
  }

  #take({ pods, services }: Watches, node: string | undefined): void {
    const seen = `${pods.version} ${services.version} ${node ?? ''}`
    if (seen === this.#seen) return
    this.#seen = seen
    this.#everybody = pods.objects
    this.#pods = node === undefined ? this.#everybody : this.#everybody.filter((pod) => pod.node === node)
    this.#services = services.objects
    this.#names = undefined
  }

  async #readNames(nowMs: number): Promise<void> {
    const [pods, services] = await Promise.all([this.#list('pods', ''), this.#list('services', '')])
    this.#everybody = pods.flatMap(parsePodList)
    this.#services = services.flatMap(parseServiceList)
    this.#pods = this.#everybody
    this.#asked(nowMs)
    this.#namesAtMs = nowMs
  }

  async #readPods(nowMs: number, node: string | undefined): Promise<void> {
    const selector = node === undefined ? '' : `&fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`
    this.#pods = (await this.#list('pods', selector)).flatMap(parsePodList)
    this.#asked(nowMs)
  }

  #asked(nowMs: number): void {
    this.#podsAtMs = nowMs
    this.#seen = ''
    this.#names = undefined
  }

  /** `resourceVersion=0`: from the API server's memory, which costs it nothing and may be a moment old. */
  #list(kind: 'pods' | 'services', selector: string): Promise<unknown[]> {
    return Promise.all(this.#places().map((place) => this.#client.get(`/api/v1${place}/${kind}?resourceVersion=0${selector}`)))
  }

  #places(): readonly string[] {
    return this.#choice.namespaces?.map((name) => `/namespaces/${name}`) ?? ['']
  }

  /** The same object as long as nothing changes. */
  names(): Readonly<Record<string, string>> {
    return this.#names ??= namesOf([...this.#pods, ...this.#everybody], this.#services)
  }
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
