import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../../base/errors.ts'
import { onOneLine } from '../answer.ts'
import type { KubeClient } from '../client.ts'
import { podTrouble } from '../install/pod-trouble.ts'
import type { PodProcess } from '../pod-stream.ts'
import { openAttach } from '../pod-stream.ts'
import type { Right } from '../rights.ts'
import { requireRights } from '../rights.ts'
import type { NodeAgent, NodeAgents } from './node-agent.ts'
import { SIGN_OF_LIFE_MS } from './session-lines.ts'
import { planSessionJob, SESSION_CONTAINER, SESSION_LABEL } from './session-job.ts'

export interface SessionOptions {
  readonly namespace: string
  readonly image: string
  readonly pullPolicy: string | undefined
  /** Secrets of that namespace that the image is pulled with. */
  readonly pullSecrets: readonly string[]
  readonly deadlineSeconds: number
  /** Beside those of every agent. */
  readonly capabilities?: readonly string[]
  say(text: string): void
}

/** An image of 50 MB over a slow line. */
const START_MS = 180_000
const LOOK_MS = 500
/** Job controllers are quick; without a pod by then its events are read. */
const NO_POD_MS = 1_500

interface PodObject { readonly metadata?: { readonly name?: string }, readonly status?: { readonly containerStatuses?: readonly { readonly state?: { readonly running?: object } }[] } }
interface EventObject { readonly type?: string, readonly message?: string }

/** What a session needs in the namespace of its agents. */
export function sessionRights(namespace: string): Right[] {
  const ofPods = (verb: string, subresource?: string): Right => ({ verb, resource: 'pods', ...subresource !== undefined && { subresource }, namespace })
  return [
    { verb: 'create', group: 'batch', resource: 'jobs', namespace }, { verb: 'delete', group: 'batch', resource: 'jobs', namespace },
    ofPods('list'), ofPods('create', 'exec'), ofPods('get', 'exec'), ofPods('create', 'attach'), ofPods('get', 'attach'),
  ]
}

/** Agents that are there for one session, each a Job, made when a node is first asked for. Throws 'kube-refused' with what is missing before anything is made. */
export async function openSessionAgents(client: KubeClient, options: SessionOptions): Promise<NodeAgents> {
  await requireRights(client, sessionRights(options.namespace), `an agent in namespace ${options.namespace}`)
  return new SessionAgents(client, options)
}

class SessionAgents implements NodeAgents {
  readonly kind = 'session'
  readonly #client: KubeClient
  readonly #options: SessionOptions
  readonly #id = randomBytes(4).toString('hex')
  readonly #agents = new Map<string, Promise<NodeAgent>>()
  readonly #holds: PodProcess[] = []
  readonly #timer: NodeJS.Timeout
  #jobs: string[] = []
  #closed = false

  constructor(client: KubeClient, options: SessionOptions) {
    this.#client = client
    this.#options = options
    this.#timer = setInterval(() => { for (const hold of this.#holds) hold.write('\n') }, SIGN_OF_LIFE_MS)
  }

  on(node: string): Promise<NodeAgent> {
    let agent = this.#agents.get(node)
    if (this.#closed) return Promise.reject(this.#failed(node, 'the session has ended'))
    if (agent === undefined) this.#agents.set(node, agent = this.#start(node))
    return agent
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closed = true
    // What is being made has to be there before it can be removed.
    await Promise.allSettled(this.#agents.values())
    for (const hold of this.#holds) hold.close()
    const jobs = this.#jobs
    this.#jobs = []
    await Promise.all(jobs.map((job) => this.#remove(job)))
  }

  async #remove(job: string): Promise<void> {
    const { namespace, say } = this.#options
    try {
      await this.#client.delete(`/apis/batch/v1/namespaces/${namespace}/jobs/${job}`, { propagationPolicy: 'Background' })
    } catch (error) {
      say(`job ${job} could not be removed (${(error as Error).message}); it ends by itself, and Kubernetes removes it then`)
    }
  }

  async #start(node: string): Promise<NodeAgent> {
    const { namespace, say, image } = this.#options
    say(`starting an agent on node ${node} (${image}, in namespace ${namespace})`)
    const job = planSessionJob({ ...this.#options, id: this.#id, node })
    // Noted before it is made: an answer that is lost may have made it all the same.
    this.#jobs.push(job.metadata.name)
    await this.#client.post(`/apis/batch/v1/namespaces/${namespace}/jobs`, job)
    const pod = await this.#untilItRuns(node, job.metadata.name)
    const hold = await openAttach(this.#client, { namespace, pod, container: SESSION_CONTAINER, stdin: true, stdout: false })
    hold.stdout.resume()
    hold.stderr.resume()
    hold.write('\n')
    this.#holds.push(hold)
    return { namespace, pod, node, container: SESSION_CONTAINER }
  }

  async #untilItRuns(node: string, job: string): Promise<string> {
    const startMs = performance.now()
    while (!this.#closed) {
      const waitedMs = performance.now() - startMs
      const pod = await this.#podOf(job)
      if (pod?.metadata?.name !== undefined && pod.status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true) return pod.metadata.name
      const trouble = pod === undefined ? undefined : podTrouble(pod, waitedMs)
      const why = trouble?.final === true || waitedMs > START_MS ? trouble?.why ?? 'it did not start in time' : pod === undefined && waitedMs > NO_POD_MS ? await this.#refusal(job) : undefined
      if (why !== undefined) throw this.#failed(node, why)
      await sleep(LOOK_MS)
    }
    throw this.#failed(node, 'the session has ended')
  }

  async #podOf(job: string): Promise<PodObject | undefined> {
    const selector = encodeURIComponent(`${SESSION_LABEL}=${this.#id},job-name=${job}`)
    const { items = [] } = await this.#client.get(`/api/v1/namespaces/${this.#options.namespace}/pods?labelSelector=${selector}`) as { items?: PodObject[] }
    return items[0]
  }

  /** Why the Job could make no pod. Who may not read events waits until the time is over. */
  async #refusal(job: string): Promise<string | undefined> {
    try {
      const selector = encodeURIComponent(`involvedObject.name=${job},reason=FailedCreate`)
      const { items = [] } = await this.#client.get(`/api/v1/namespaces/${this.#options.namespace}/events?fieldSelector=${selector}`) as { items?: EventObject[] }
      const message = items.at(-1)?.message
      return message === undefined ? undefined : onOneLine(message)
    } catch {
      return undefined
    }
  }

  #failed(node: string, why: string): MtlscopeError {
    const { namespace, image } = this.#options
    const hint = why.includes('PodSecurity') ? `namespace ${namespace} enforces Pod Security; name one labelled pod-security.kubernetes.io/enforce=privileged: --agent-namespace NAME`
      : /image/i.test(why) ? 'name one that the nodes can pull: --image REGISTRY/mtlscope:VERSION, and for a private registry --image-pull-secret NAME' : `see: kubectl describe pods -n ${namespace} -l ${SESSION_LABEL}=${this.#id}`
    return new MtlscopeError('agent-failed', `the agent on node ${node} did not start: ${why}`, { hint, facts: { node, namespace, image } })
  }
}
