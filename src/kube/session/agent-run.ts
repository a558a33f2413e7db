import { MtlscopeError } from '../../base/errors.ts'
import type { KubeClient } from '../client.ts'
import type { Pod } from '../pod.ts'
import type { PodExit, PodProcess } from '../pod-stream.ts'
import { openExec } from '../pod-stream.ts'
import type { NodeAgent } from './node-agent.ts'
import { SIGN_OF_LIFE_MS, sessionLine } from './session-lines.ts'
import type { SessionLine } from './session-lines.ts'

/** Names of pods of other nodes may be so old: in a large cluster one is new every moment, and all are told together. */
const NAMES_EVERY_MS = 5_000
/** The entry point of the image, where there is neither a shell nor an `env` to find it by. */
const PROGRAM = ['/usr/bin/node', '/opt/mtlscope/dist/cli/main.js']

/** A program of mtlscope that runs in an agent, and is told which pods are meant. */
export class AgentRun {
  readonly agent: NodeAgent
  readonly process: PodProcess
  readonly exited: Promise<PodExit>
  readonly #timer: NodeJS.Timeout
  #pods = ''
  #names = ''
  #toldNames = ''
  #namesAtMs = -Infinity

  private constructor(agent: NodeAgent, process: PodProcess) {
    this.agent = agent
    this.process = process
    this.#timer = setInterval(() => {
      this.#tellNames()
      this.tell({})
    }, SIGN_OF_LIFE_MS)
    this.exited = process.exited.then((exit) => {
      clearInterval(this.#timer)
      return exit
    })
  }

  /** Throws what KubeClient throws. */
  static async open(client: KubeClient, agent: NodeAgent, args: readonly string[]): Promise<AgentRun> {
    return new AgentRun(agent, await openExec(client, { ...agent, command: [...PROGRAM, ...args], stdin: true }))
  }

  tell(line: SessionLine): void {
    this.process.write(sessionLine(line))
  }

  /** What changed since it was told last. `names`: the JSON of SessionLine's; they go at once where its own pods changed. */
  share(pods: readonly Pod[], names: string): void {
    this.#names = names
    const text = JSON.stringify(pods)
    if (text !== this.#pods || performance.now() - this.#namesAtMs >= NAMES_EVERY_MS) this.#tellNames()
    if (text !== this.#pods) this.tell({ pods })
    this.#pods = text
  }

  #tellNames(): void {
    if (this.#names === this.#toldNames) return
    this.#toldNames = this.#names
    this.#namesAtMs = performance.now()
    this.process.write(`{"names":${this.#names}}\n`)
  }

  /** What it has is to be written; it ends then. */
  end(): void {
    this.tell({ end: true })
  }

  close(): void {
    clearInterval(this.#timer)
    this.process.close()
  }

  /** An exit that is none of mtlscope's own: the connection was lost, or the program is not there. */
  lost({ message }: PodExit): MtlscopeError {
    const { node, pod, namespace } = this.agent
    return new MtlscopeError('agent-failed', `the agent on node ${node} ended: ${message}`, { hint: `see: kubectl describe pod ${pod} -n ${namespace}`, facts: { node, pod, namespace } })
  }
}
