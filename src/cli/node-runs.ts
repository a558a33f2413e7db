import { setTimeout as sleep } from 'node:timers/promises'
import { MtlscopeError } from '../base/errors.ts'
import { AgentRun } from '../kube/session/agent-run.ts'
import { onLines } from '../sys/lines.ts'
import type { Outside } from './outside.ts'
import { say, sayWarning } from './say.ts'

const TICK_MS = 100
/** To write what it has after its end was asked for. */
const END_MS = 20_000
const OWN_WORDS = /^mtlscope: /

/** What the runs of a session are for. */
export interface NodeTask {
  /** The words behind `mtlscope`. */
  readonly args: readonly string[]
  /** Only on these; default: where there are chosen pods, also later. */
  readonly nodes?: readonly string[]
  /** What comes from a node; called once for each run, `index` counts them. Where `toTheEnd` is to wait for it: a promise, whose MtlscopeError ends all; any other is the connection's end, of which its run tells. */
  read(run: AgentRun, index: number): void | Promise<void>
}

/** The same program in the agents of all nodes that have chosen pods, each told about the pods of its node, also of those that come later. */
export class NodeRuns {
  readonly #outside: Outside
  readonly #task: NodeTask
  readonly #runs = new Map<string, AgentRun>()
  readonly #starting = new Set<string>()
  /** A node whose run has ended is not tried again. */
  readonly #tried = new Set<string>()
  readonly #exits: Promise<void>[] = []
  readonly #readings: Promise<void>[] = []
  #misread: MtlscopeError | undefined
  /** Nodes that were not looked at, or not to the end. */
  readonly missing: { readonly node: string, readonly why: string }[] = []
  #ending = false
  #started = 0
  #failure: MtlscopeError | undefined
  #bug: unknown

  constructor(outside: Outside, task: NodeTask) {
    this.#outside = outside
    this.#task = task
  }

  /** Starts those of now. Throws why, where none could be started; returns where `signal` ends it before. */
  async start(signal: AbortSignal): Promise<void> {
    const nodes = this.#task.nodes ?? [...this.#outside.pods.byNode().keys()]
    const stop = new AbortController()
    await Promise.race([Promise.all(nodes.map((node) => this.#startOn(node))), aborted(signal, stop.signal)])
    stop.abort()
    if (signal.aborted) return
    if (this.#bug === undefined && this.#runs.size > 0) return this.#outside.pods.onChange(() => this.#share())
    this.close()
    throw this.#bug ?? this.#failure ?? new MtlscopeError('agent-failed', 'no agent could be started')
  }

  get runs(): readonly AgentRun[] {
    return [...this.#runs.values()]
  }

  /** Until `signal`, `forMs`, `isDone`, or until none runs any more, which throws why. */
  async until(signal: AbortSignal, forMs: number | undefined, isDone: () => boolean): Promise<void> {
    const endMs = performance.now() + (forMs ?? Infinity)
    while (!signal.aborted && !isDone() && performance.now() < endMs) {
      if (this.#bug !== undefined) throw this.#bug
      if (this.#runs.size === 0 && this.#starting.size === 0) throw this.#failure ?? new MtlscopeError('agent-failed', 'all agents have ended', { hint: 'what they said is above' })
      await sleep(Math.min(TICK_MS, Math.max(1, endMs - performance.now())), undefined, { signal }).catch(() => {})
    }
  }

  /** As `until`, then waits for what all of them still have. Throws what a reading rejected with. */
  async toTheEnd(signal: AbortSignal, forMs: number | undefined, isDone: () => boolean): Promise<void> {
    await this.until(signal, forMs, () => isDone() || this.#misread !== undefined)
    this.end()
    await this.ended()
    await Promise.all(this.#readings)
    if (this.#misread !== undefined) throw this.#misread
  }

  /** Asks all for what they have; they go on living for questions. */
  end(): void {
    this.#ending = true
    for (const run of this.#runs.values()) run.end()
  }

  /** Waits for their ends, and lets go of those that do not come. */
  async ended(): Promise<void> {
    this.#ending = true
    const patience = new AbortController()
    await Promise.race([Promise.all(this.#exits), sleep(END_MS, undefined, { signal: patience.signal }).catch(() => {})])
    patience.abort()
    this.close()
  }

  close(): void {
    this.#ending = true
    for (const run of this.#runs.values()) run.close()
  }

  async #startOn(node: string): Promise<void> {
    this.#starting.add(node)
    this.#tried.add(node)
    try {
      const agent = await this.#outside.agents.on(node)
      const run = await AgentRun.open(this.#outside.client, agent, this.#task.args)
      this.#runs.set(node, run)
      this.#tell(run)
      onLines(run.process.stderr, (line) => this.#hear(node, line))
      this.#await(this.#task.read(run, this.#started++))
      this.#exits.push(run.exited.then((exit) => {
        this.#runs.delete(node)
        if (this.#ending || this.#task.nodes !== undefined) return
        this.#failure = run.lost(exit)
        this.missing.push({ node, why: this.#failure.message })
        sayWarning(exit.code >= 0 ? `the program on node ${node} ended with ${exit.code}` : this.#failure.message)
      }))
    } catch (error) {
      if (!(error instanceof MtlscopeError)) this.#bug = error
      else this.#fail(node, error)
    } finally {
      this.#starting.delete(node)
    }
  }

  #await(reading: void | Promise<void>): void {
    if (reading !== undefined) this.#readings.push(reading.catch((error: unknown) => {
      if (error instanceof MtlscopeError) this.#misread = error
    }))
  }

  #fail(node: string, error: MtlscopeError): void {
    this.#failure = error
    this.missing.push({ node, why: error.message })
    if (this.#runs.size > 0) sayWarning(`node ${node} is not looked at: ${error.message}${error.hint === undefined ? '' : ` (${error.hint})`}`)
  }

  #share(): void {
    const names = JSON.stringify(this.#outside.pods.names())
    const byNode = this.#outside.pods.byNode()
    for (const [node, run] of this.#runs) run.share(byNode.get(node) ?? [], names)
    if (this.#ending || this.#task.nodes !== undefined) return
    for (const node of byNode.keys()) if (!this.#tried.has(node)) void this.#startOn(node)
  }

  #tell(run: AgentRun): void {
    run.share(this.#outside.pods.byNode().get(run.agent.node) ?? [], JSON.stringify(this.#outside.pods.names()))
  }

  #hear(node: string, line: string): void {
    const text = line.replace(OWN_WORDS, '')
    if (text !== '') say(this.#started > 1 ? `${node}: ${text}` : text)
  }
}

async function aborted(signal: AbortSignal, stop: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true, signal: stop })
    stop.addEventListener('abort', () => resolve(), { once: true })
  })
}
