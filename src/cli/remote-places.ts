import { setTimeout as sleep } from 'node:timers/promises'
import type { ProbeResult, ProbeTarget } from '../check/verdict.ts'
import { podName } from '../kube/pod.ts'
import type { AgentRun } from '../kube/session/agent-run.ts'
import type { ClusterPods } from '../kube/session/cluster-pods.ts'
import type { PlaceFacts, Places } from './check-places.ts'

/** Reading the rules of one takes half a second of its node; a large mesh has the first so many explained. */
const MAX_READ = 64
/** To write what is left, then for each answer. */
const READY_MS = 30_000
const ANSWER_MS = 120_000

interface Answer { readonly id?: unknown, readonly facts?: PlaceFacts, readonly notes?: readonly string[], readonly results?: readonly ProbeResult[] }
type Member = { readonly run: AgentRun, ready: boolean, readonly waiting: Map<number, (answer: Answer | undefined) => void> }

/** The pods of a check as places: what stands in their namespaces is asked of the agents that watched them. The path of a place is its name. */
export class RemotePlaces implements Places {
  readonly isMesh = false
  readonly notes: string[] = []
  readonly #pods: ClusterPods
  readonly #members = new Map<AgentRun, Member>()
  readonly #facts = new Map<string, Promise<PlaceFacts | undefined>>()
  #questions = 0

  constructor(pods: ClusterPods) {
    this.#pods = pods
  }

  add(run: AgentRun): void {
    const member: Member = { run, ready: false, waiting: new Map() }
    this.#members.set(run, member)
    void run.exited.then(() => {
      member.ready = true
      for (const answer of member.waiting.values()) answer(undefined)
    })
  }

  /** False for a line that is no answer. */
  hear(run: AgentRun, text: string): boolean {
    const answer = parseAnswer(text)
    const member = this.#members.get(run)
    if (answer === undefined || member === undefined) return false
    if (answer.id === 0) member.ready = true
    else member.waiting.get(Number(answer.id))?.(answer)
    return true
  }

  /** All have written what they saw, or do not any more. */
  async ready(): Promise<void> {
    const endMs = performance.now() + READY_MS
    while ([...this.#members.values()].some(({ ready }) => !ready) && performance.now() < endMs) await sleep(20)
    for (const { run, ready } of this.#members.values()) if (!ready) this.notes.push(`node ${run.agent.node} did not finish in time: what it saw last may be missing`)
  }

  get names(): readonly string[] {
    return [...this.#pods.byNode().values()].flat().map(podName)
  }

  pathOf(name: string): string | undefined {
    return this.#memberOf(name) === undefined ? undefined : name
  }

  read(name: string): Promise<PlaceFacts | undefined> {
    let facts = this.#facts.get(name)
    if (facts === undefined && this.#facts.size < MAX_READ) this.#facts.set(name, facts = this.#read(name))
    return facts ?? Promise.resolve(undefined)
  }

  /** Each from the node of the pod that its clients live in; those that have none are left out. */
  async probe(targets: readonly ProbeTarget[]): Promise<readonly ProbeResult[]> {
    const byMember = new Map<Member, ProbeTarget[]>()
    for (const target of targets) {
      const member = target.netnsPath === undefined ? undefined : this.#memberOf(target.netnsPath)
      if (member !== undefined) byMember.set(member, [...byMember.get(member) ?? [], target])
    }
    const answers = await Promise.all([...byMember].map(([member, probe]) => this.#ask(member, { probe })))
    return answers.flatMap((answer) => answer?.results ?? [])
  }

  async #read(name: string): Promise<PlaceFacts | undefined> {
    const member = this.#memberOf(name)
    const answer = member && await this.#ask(member, { rules: name })
    this.notes.push(...answer?.notes ?? [])
    return answer?.facts
  }

  #memberOf(name: string): Member | undefined {
    for (const [node, pods] of this.#pods.byNode()) {
      if (pods.some((pod) => podName(pod) === name)) return [...this.#members.values()].find(({ run }) => run.agent.node === node)
    }
    return undefined
  }

  async #ask(member: Member, question: { rules: string } | { probe: readonly ProbeTarget[] }): Promise<Answer | undefined> {
    const id = ++this.#questions
    const patience = new AbortController()
    const answer = new Promise<Answer | undefined>((resolve) => member.waiting.set(id, resolve))
    member.run.tell({ ask: { id, ...question } })
    try {
      return await Promise.race([answer, sleep(ANSWER_MS, undefined, { signal: patience.signal }).catch(() => undefined)])
    } finally {
      patience.abort()
      member.waiting.delete(id)
    }
  }
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const { answer } = JSON.parse(text) as { answer?: unknown }
    return typeof answer === 'object' && answer !== null ? answer : undefined
  } catch {
    return undefined
  }
}
