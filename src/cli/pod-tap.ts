import { MtlscopeError } from '../base/errors.ts'
import type { KubeClient } from '../kube/client.ts'
import type { LocalPod, PodFollower, PodsNow } from '../kube/pod-follower.ts'
import { podName } from '../kube/pod.ts'
import type { LiveTap } from '../tap/live.ts'
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
  /** Inode → what it was entered by. */
  readonly #entered = new Map<number, { path: string, name: string }>()
  readonly #tries = new Map<number, number>()
  readonly #told = new Set<string>()
  #names = ''
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
    const inodes = new Set(now.local.map(({ inode }) => inode))
    for (const [inode, { path, name }] of this.#entered) if (!inodes.has(inode)) await this.#leave(inode, path, name)
    const missing = now.local.filter(({ inode }) => !this.#entered.has(inode) && (this.#tries.get(inode) ?? 0) < MAX_TRIES)
    this.#tap.expect(this.#entered.size + missing.length)
    for (const pod of missing) await this.#enter(pod, now.names)
    this.#shareNames(now.names)
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

  async #enter({ pod, inode, path, pids }: LocalPod, names: Readonly<Record<string, string>>): Promise<void> {
    const name = podName(pod)
    try {
      await this.#tap.add({ path, inode, name, capture: 'netns', interfaces: this.#interfaces, names })
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      const tries = (this.#tries.get(inode) ?? 0) + 1
      this.#tries.set(inode, tries)
      if (tries === MAX_TRIES) this.#observer.refused(name, error.message, error.hint)
      return
    }
    this.#entered.set(inode, { path, name })
    this.#observer.say(`entered pod ${name} (${pod.workload}, ${pids.length} processes)`)
  }

  async #leave(inode: number, path: string, name: string): Promise<void> {
    this.#entered.delete(inode)
    this.#tries.delete(inode)
    await this.#tap.remove(path)
    this.#observer.say(`pod ${name} is gone`)
  }

  #shareNames(names: Readonly<Record<string, string>>): void {
    const text = JSON.stringify(names)
    if (text === this.#names) return
    this.#names = text
    for (const { path } of this.#entered.values()) this.#tap.rename(path, { ...names })
  }

  /** Why there is nothing yet. */
  emptyText(): string {
    const { chosen, node } = this.#follower
    const where = node === undefined ? 'on this machine; is it a node of that cluster?' : `on node ${node}`
    return `${chosen} pods of the cluster match, none of them ${where} (another context: --context NAME); still looking`
  }
}
