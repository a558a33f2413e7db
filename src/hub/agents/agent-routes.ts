import type { FastifyInstance, FastifyReply } from 'fastify'
import { VERSION } from '../../base/version.ts'
import type { EmbeddedStore } from '../../store/embedded-store.ts'
import type { PartAsk } from '../../store/search-part.ts'
import type { Selection } from '../../store/store.ts'
import type { Hub } from '../hub.ts'
import { badRequest, notFound } from '../problem.ts'
import type { AgentHello, AgentState, RemoteMethod } from './agent-api.ts'
import { AGENT_PREFIX, CHANGE_MS, REMOTE_METHODS, STATE_MS } from './agent-api.ts'
import { MAX_SLOTS } from './message-id.ts'

export interface AgentSide { readonly hub: Hub, readonly store: EmbeddedStore, readonly node: string }

/** What the hub of a cluster asks an agent. Who may ask is decided before. */
export function addAgentRoutes(app: FastifyInstance, agent: AgentSide): void {
  const { store } = agent
  app.post<{ Body: { selection: Selection, ask: PartAsk } }>(`${AGENT_PREFIX}/part`, async ({ body }) => store.part(body.selection, body.ask))
  app.post<{ Params: { method: string }, Body: unknown }>(`${AGENT_PREFIX}/store/:method`, async ({ params: { method }, body }) => {
    if (!(REMOTE_METHODS as readonly string[]).includes(method)) throw notFound(`agents have no method ${method.slice(0, 40)}`)
    if (!Array.isArray(body)) throw badRequest('the arguments are an array')
    const call = store[method as RemoteMethod] as (...args: readonly unknown[]) => Promise<unknown>
    return await call(...body.map((argument: unknown) => argument ?? undefined))
  })
  app.post<{ Body: { slot?: unknown } | null }>(`${AGENT_PREFIX}/slot`, async ({ body }) => {
    const slot = body?.slot
    if (!Number.isSafeInteger(slot) || (slot as number) < 1 || (slot as number) >= MAX_SLOTS) throw badRequest(`a slot is a number from 1 to ${MAX_SLOTS - 1}`)
    return await store.identity(slot as number)
  })
  app.get(`${AGENT_PREFIX}/changes`, async ({ raw }, reply) => {
    reply.hijack()
    raw.socket.setNoDelay(true)
    await new ChangeStream(agent, reply).run()
  })
}

/** Tells one hub what changes, for as long as it listens. A state is only made once the one before was taken. */
class ChangeStream {
  readonly #agent: AgentSide
  readonly #reply: FastifyReply
  #closed = false
  #changed = true
  #wake: () => void = () => {}
  #said = ''

  constructor(agent: AgentSide, reply: FastifyReply) {
    this.#agent = agent
    this.#reply = reply
  }

  async run(): Promise<void> {
    const { raw } = this.#reply
    raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
    const end = (): void => {
      this.#closed = true
      this.#wake()
    }
    raw.on('close', end)
    raw.on('error', end)
    const forget = this.#agent.store.onChange(() => {
      this.#changed = true
      this.#wake()
    })
    try {
      this.#write(await this.#hello())
      await this.#loop()
    } catch {
      // The store was closed: the hub finds that nobody answers.
    } finally {
      forget()
      raw.end()
    }
  }

  async #loop(): Promise<void> {
    let healthMs = -Infinity
    while (!this.#closed) {
      this.#changed = false
      const nowMs = performance.now()
      const isDue = nowMs - healthMs >= STATE_MS
      if (isDue) healthMs = nowMs
      this.#write(await this.#state(isDue))
      await this.#drained()
      await this.#pause(CHANGE_MS, () => this.#closed)
      await this.#pause(STATE_MS - CHANGE_MS, () => this.#closed || this.#changed)
    }
  }

  async #hello(): Promise<AgentHello> {
    const { hub, store, node } = this.#agent
    const { redaction } = await hub.capture()
    return { kind: 'hello', node, version: VERSION, ...await store.identity(), packets: hub.packetSources.length > 0, replay: hub.options.replay ?? false, redaction, crossings: true }
  }

  async #state(withHealth: boolean): Promise<AgentState> {
    const { hub, store } = this.#agent
    const state = { kind: 'state', nowMicros: Date.now() * 1000, lastId: (await store.info()).lastId, decidedTo: (await store.decided()).upTo } as const
    if (!withHealth) return state
    const { health, keep, droppedLines } = await hub.health()
    const text = JSON.stringify([health, keep, droppedLines])
    if (text === this.#said) return state
    this.#said = text
    return { ...state, health, keep, droppedLines }
  }

  #write(line: AgentHello | AgentState): void {
    if (!this.#closed) this.#reply.raw.write(`${JSON.stringify(line)}\n`)
  }

  async #drained(): Promise<void> {
    const { raw } = this.#reply
    while (raw.writableNeedDrain && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        raw.once('drain', resolve)
      })
    }
  }

  /** Sleeps so long, or until it is woken and that is enough. */
  async #pause(ms: number, isOver: () => boolean): Promise<void> {
    if (isOver()) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#wake = () => {
        if (!isOver()) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
