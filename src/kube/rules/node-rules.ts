import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../../base/errors.ts'
import { applyRules } from '../../intercept/apply/apply-rules.ts'
import { planRules } from '../../intercept/plan/plan-rules.ts'
import { PRESET_SETTINGS } from '../../intercept/plan/settings.ts'
import { readHostInode } from '../../mesh/namespaces.ts'
import type { KubeClient } from '../client.ts'
import { fields, text } from '../fields.ts'
import { PodScan } from '../pod-processes.ts'
import type { PodProcesses } from '../pod-processes.ts'
import type { RuledPod } from './ruled-pod.ts'
import { parseRuledPod } from './ruled-pod.ts'

/** While a pod waits; a look costs a few milliseconds. */
const PENDING_MS = 200
/** A pod whose sandbox was made anew has another namespace, and waits again. */
const CALM_MS = 1000

export interface NodeRulesOptions {
  readonly client: KubeClient
  /** Name of this node in the cluster. */
  readonly node: string
  readonly procfs: string
  say(text: string): void
  warn(text: string): void
}

/**
 * Sets the rules of the pods of this node that have no right to set them (annotation mtlscope.io/rules=node). A pod does not start before it sees them, so one
 * that is never reached never talks. Rules that are there already are left as they are.
 */
export class NodeRules {
  readonly #options: NodeRulesOptions
  readonly #scan: PodScan
  readonly #pods = new Map<string, RuledPod>()
  /** UID of a pod → the sandbox whose rules are set. */
  readonly #done = new Map<string, number>()
  readonly #told = new Set<string>()
  readonly #plan = planRules(PRESET_SETTINGS.mtlscope)

  constructor(options: NodeRulesOptions) {
    this.#options = options
    this.#scan = new PodScan(options.procfs)
  }

  /** Until `signal`. Throws what KubeClient throws where the pods cannot be listed at first. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const both = AbortSignal.any([signal, stop.signal])
    const watching = this.#watch(both)
    try {
      await Promise.race([watching, this.#work(both)])
    } finally {
      stop.abort()
      await watching.catch(() => {})
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, node, warn } = this.#options
    await client.watch(`/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`, {
      list: (items) => {
        this.#pods.clear()
        for (const item of items) this.#take(item)
      },
      event: (type, object) => {
        if (type === 'DELETED') this.#pods.delete(text(fields(fields(object).metadata).uid) ?? '')
        else this.#take(object)
      },
      failed: (error) => warn(`pods are not followed: ${error.message}`),
    }, signal)
  }

  #take(object: unknown): void {
    const pod = parseRuledPod(object)
    if (pod !== undefined) this.#pods.set(pod.uid, pod)
    else this.#pods.delete(text(fields(fields(object).metadata).uid) ?? '')
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#round()
      const isPending = [...this.#pods.keys()].some((uid) => !this.#done.has(uid))
      await sleep(isPending ? PENDING_MS : CALM_MS, undefined, { signal }).catch(() => {})
    }
  }

  async #round(): Promise<void> {
    for (const uid of this.#done.keys()) if (!this.#pods.has(uid)) this.#forget(uid)
    if (this.#pods.size === 0) return
    const processes = this.#scan.scan()
    const host = readHostInode(this.#options.procfs)
    for (const pod of this.#pods.values()) {
      const found = processes.get(pod.uid)
      if (found !== undefined && found.inode !== host && this.#done.get(pod.uid) !== found.sandbox) await this.#set(pod, found)
    }
  }

  #forget(uid: string): void {
    this.#done.delete(uid)
    this.#told.delete(uid)
  }

  async #set(pod: RuledPod, { pids, sandbox }: PodProcesses): Promise<void> {
    const { procfs, say, warn } = this.#options
    try {
      const { changed } = await applyRules(this.#plan, { netns: `${procfs}/${pids[0]}/ns/net` })
      this.#done.set(pod.uid, sandbox)
      if (changed) say(`rules of ${pod.name} set`)
    } catch (error) {
      if (!(error instanceof MtlscopeError)) throw error
      // It is tried again: the process may just have ended.
      if (this.#told.has(pod.uid)) return
      this.#told.add(pod.uid)
      warn(`rules of ${pod.name} are not set, it does not start: ${error.message}`)
    }
  }
}
