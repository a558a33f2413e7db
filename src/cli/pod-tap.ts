import { MtlscopeError } from '../base/errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { LocalPod, PodFollower, PodsNow } from '../kube/pod-follower.ts'
import { podName } from '../kube/pod.ts'
import type { LiveTap } from '../tap/live.ts'
import type { AddressNames } from '../tap/shared-names.ts'
import { nameChanges } from '../tap/shared-names.ts'
import type { PodFlags } from './pod-flags.ts'
import { openPodFollower } from './pod-places.ts'

export interface PodTapObserver {
  say(text: string): void
  refused(name: string, why: string, hint: string | undefined): void
}

const MAX_TRIES = 5

/** Keeps a live tap in the chosen pods of this node, as they come and go. */
export class PodTap {
  readonly #tap: LiveTap
  readonly #observer: PodTapObserver
  readonly #client: KubeClient | undefined
  readonly #follower: PodFollower
  readonly #interfaces: string[]
  /** Number of a sandbox → name of its pod. */
  readonly #entered = new Map<number, string>()
  readonly #tries = new Map<number, number>()
  readonly #told = new Set<string>()
  #names: AddressNames = {}
  #polls = 0
  #failed = false

  /** Throws 'usage' and 'bad-kubeconfig'. */
  constructor(tap: LiveTap, flags: PodFlags, procfs: string, interfaces: string[], observer: PodTapObserver) {
    this.#tap = tap
    this.#observer = observer
    this.#interfaces = interfaces
    const { follower, client } = openPodFollower(flags, procfs)
    this.#client = client
    this.#follower = follower
  }

  get size(): number {
    return this.#entered.size
  }

  close(): void {
    this.#follower.close()
    this.#client?.close()
  }

  /** One look: enters what is new, lets go what is gone. The first throws where the API server does not answer; later ones say so once, and what is captured goes on. */
  async poll(): Promise<void> {
    const now = await this.#look()
    if (now === undefined) return
    for (const [pod, why] of now.leftAlone) this.#tell(pod.uid, podName(pod), why)
    const present = new Set(now.local.map(({ sandbox }) => sandbox))
    for (const [sandbox, name] of this.#entered) if (!present.has(sandbox)) await this.#leave(sandbox, name)
    for (const sandbox of this.#tries.keys()) if (!present.has(sandbox)) this.#tries.delete(sandbox)
    const missing = now.local.filter(({ sandbox }) => !this.#entered.has(sandbox) && (this.#tries.get(sandbox) ?? 0) < MAX_TRIES)
    this.#tap.expect(this.#entered.size + missing.length)
    this.#shareNames(now.names)
    for (const pod of missing) await this.#enter(pod)
  }

  async #look(): Promise<PodsNow | undefined> {
    try {
      const now = await this.#follower.poll(performance.now())
      this.#polls++
      this.#failed = false
      return now
    } catch (error) {
      if (this.#polls === 0 || !(error instanceof MtlscopeError)) throw error
      if (!this.#failed) this.#observer.refused('the cluster', error.message, error.hint)
      this.#failed = true
      return undefined
    }
  }

  #tell(key: string, name: string, why: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.#observer.refused(name, why, undefined)
  }

  async #enter({ pod, sandbox, inode, path, pids }: LocalPod): Promise<void> {
    const name = podName(pod)
    try {
      await this.#tap.add({ key: keyOf(sandbox), path, inode, name, capture: 'netns', interfaces: this.#interfaces })
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      const tries = (this.#tries.get(sandbox) ?? 0) + 1
      this.#tries.set(sandbox, tries)
      if (tries === MAX_TRIES) this.#observer.refused(name, error.message, error.hint)
      return
    }
    this.#entered.set(sandbox, name)
    this.#observer.say(`entered pod ${name} (${pod.workload}, ${pids.length} processes)`)
  }

  async #leave(sandbox: number, name: string): Promise<void> {
    this.#entered.delete(sandbox)
    await this.#tap.remove(keyOf(sandbox))
    this.#observer.say(`pod ${name} is gone`)
  }

  #shareNames(names: AddressNames): void {
    if (names === this.#names) return
    const changes = nameChanges(this.#names, names)
    this.#names = names
    if (changes !== undefined) this.#tap.renameAll(changes)
  }

  /** Why there is nothing yet. */
  emptyText(): string {
    const { chosen, node } = this.#follower
    const where = node === undefined ? 'on this machine; is it a node of that cluster?' : `on node ${node}`
    return `${chosen} pods of the cluster match, none of them ${where} (another context: --context NAME); still looking`
  }
}

/** What the tap knows a sandbox by: the path that it was entered by leads to another one when its process has ended. */
function keyOf(sandbox: number): string {
  return `sandbox ${sandbox}`
}
