import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import type { Identity } from '../../identity/material.ts'
import { retryAfterMs } from '../../identity/retry.ts'
import type { ApiError } from '../../model/api.ts'
import type { PartAnswers, PartAsk, PartKind } from '../../store/search-part.ts'
import type { Selection, Store } from '../../store/store.ts'
import { FilterError } from '../../store/store.ts'
import type { AgentHello, AgentState, RemoteMethod, StorePart } from './agent-api.ts'
import { AGENT_PREFIX, STATE_MS } from './agent-api.ts'
import { HELLO, PART_SHAPES, STATE, STORE_SHAPES } from './agent-shapes.ts'
import type { Shape } from './answer-shape.ts'
import { Deadline } from '../../base/deadline.ts'
import { LineReader } from './line-reader.ts'
import { isPeer, spiffeIdsOf } from './peer-identity.ts'

/** A look at what there is does not take long; searching through all of a store may. */
const PART_MS = 10_000
const CALL_MS = 20_000
const LONG_MS = 120_000
const SILENT_MS = 3 * STATE_MS
const CONNECT_MS = 5000
const LONG_CALLS: ReadonlySet<RemoteMethod> = new Set(['batch', 'witnesses'])
/** A page of records with their bodies is far below. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Several viewers ask at the same time; each connection costs some 50 KB on both sides. */
const MAX_SOCKETS = 4
const MAX_IDLE_SOCKETS = 2
/** An agent that held so long is trusted again at once when it is lost. */
const STEADY_MS = 60_000

export interface LinkOptions {
  /** `https://10.0.0.7:8900`. */
  readonly address: string
  /** Of the agents; anybody else who answers there is refused. */
  readonly agentId: string
  /** Whom we are; asked for each connection. */
  identity(): Identity
}

export interface LinkEvents {
  /** It is there, perhaps again. May refuse it by throwing. */
  hello(link: AgentLink, hello: AgentHello): Promise<void>
  state(link: AgentLink, state: AgentState): void
  /** It is not there; it is tried again. */
  down(link: AgentLink, why: string): void
}

interface Exchange { readonly method: 'GET' | 'POST', readonly path: string, readonly body?: unknown, readonly timeoutMs: number }

/** One agent, followed for as long as it is open: what it says of changes, and what it is asked. */
export class AgentLink implements StorePart {
  readonly address: string
  slot = 0
  crossings = false
  node: string
  readonly #options: LinkOptions
  readonly #events: LinkEvents
  readonly #url: URL
  #agent: Agent | undefined
  #identity: Identity | undefined
  /** What is being asked: nobody waits for an agent that is lost. */
  readonly #underWay = new Set<ClientRequest>()
  #stream: IncomingMessage | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #upMs = 0
  #isClosed = false

  constructor(options: LinkOptions, events: LinkEvents) {
    this.address = options.address
    this.#options = options
    this.#events = events
    this.#url = new URL(options.address)
    this.node = this.#url.host
    void this.#follow()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#stream?.destroy()
    this.#agent?.destroy()
  }

  /** It did not answer as it should: whoever follows it is told, and it is tried again later. */
  giveUp(why: string): void {
    if (this.#stream === undefined) return
    const stream = this.#stream
    this.#stream = undefined
    stream.destroy()
    this.#lost(why)
  }

  async #follow(): Promise<void> {
    try {
      const stream = await this.#exchange({ method: 'GET', path: `${AGENT_PREFIX}/changes`, timeoutMs: CONNECT_MS })
      if (this.#isClosed) return void stream.destroy()
      this.#stream = stream
      await this.#read(stream)
    } catch (error) {
      this.#stream?.destroy()
      this.#stream = undefined
      this.#lost(reasonOf(error as Error))
    }
  }

  /** Until it ends, which it never does well. */
  async #read(stream: IncomingMessage): Promise<void> {
    const lines = new LineReader()
    let greeted = false
    const silence = new Deadline(SILENT_MS, () => stream.destroy(new Error('no answer')))
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        for (const line of lines.take(chunk)) {
          silence.refresh()
          if (greeted) this.#events.state(this, checked<AgentState>(STATE, JSON.parse(line)))
          else {
            await this.#events.hello(this, checked<AgentHello>(HELLO, JSON.parse(line)))
            greeted = true
            this.#upMs = performance.now()
          }
        }
      }
    } finally {
      silence.end()
    }
    if (this.#stream === stream) throw new Error('it closed the connection')
  }

  #lost(why: string): void {
    if (this.#isClosed) return
    if (this.#upMs > 0 && performance.now() - this.#upMs > STEADY_MS) this.#failures = 0
    this.#upMs = 0
    this.#failures++
    this.#events.down(this, why)
    for (const outgoing of this.#underWay) outgoing.destroy(new Error(why))
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#follow(), Math.min(retryAfterMs(this.#failures), 15_000))
  }

  /** Sends JSON, and gives what is answered, which has the shape. Rejects with FilterError, and Error for everything else. */
  async ask<T>(method: 'GET' | 'POST', path: string, body: unknown, shape: Shape, timeoutMs = CALL_MS): Promise<T> {
    const response = await this.#exchange({ method, path, ...(body !== undefined && { body }), timeoutMs })
    const text = await readText(response, timeoutMs)
    return checked<T>(shape, JSON.parse(text))
  }

  /** An answer as it comes: the caller reads it to its end, or destroys it. */
  open(path: string): Promise<IncomingMessage> {
    return this.#exchange({ method: 'GET', path, timeoutMs: CALL_MS })
  }

  part<K extends PartKind>(selection: Selection, ask: PartAsk & { readonly kind: K }): Promise<PartAnswers[K]> {
    const waitMs = ask.kind === 'look' ? (ask as { waitMs: number }).waitMs : ask.kind === 'ends' ? CALL_MS : 0
    return this.ask('POST', `${AGENT_PREFIX}/part`, { selection, ask }, PART_SHAPES[ask.kind], PART_MS + waitMs)
  }

  #store<M extends RemoteMethod>(method: M, ...args: readonly unknown[]): ReturnType<Store[M]> {
    return this.ask('POST', `${AGENT_PREFIX}/store/${method}`, args, STORE_SHAPES[method], LONG_CALLS.has(method) ? LONG_MS : CALL_MS) as ReturnType<Store[M]>
  }

  records: Store['records'] = (ids) => this.#store('records', ids)
  batch: Store['batch'] = (selection, after, limit) => this.#store('batch', selection, after, limit)
  connection: Store['connection'] = (flow, bounds) => this.#store('connection', flow, bounds)
  witnesses: Store['witnesses'] = (selection, limit) => this.#store('witnesses', selection, limit)
  values: Store['values'] = (field, prefix, limit) => this.#store('values', field, prefix, limit)
  edges: Store['edges'] = (selection, ends) => this.#store('edges', selection, ends)
  series: Store['series'] = (query, ends) => this.#store('series', query, ends)
  info: Store['info'] = () => this.#store('info')

  /** The response, once its head is there and says that all is well. */
  #exchange({ method, path, body, timeoutMs }: Exchange): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new Error(reasonOf(error), { cause: error }))
      const outgoing = request(new URL(path, this.#url), {
        method, agent: this.#connections(),
        // Its name is its identity, not where it is reached.
        headers: { host: 'localhost', ...(text !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }) },
      })
      const deadline = new Deadline(timeoutMs, () => outgoing.destroy(new Error('no answer')))
      this.#underWay.add(outgoing)
      outgoing.once('close', () => {
        deadline.end()
        this.#underWay.delete(outgoing)
      })
      outgoing.once('error', fail)
      outgoing.once('response', (response) => {
        deadline.end()
        if (response.statusCode === 200) resolve(response)
        else readText(response, timeoutMs).then((said) => reject(refusal(response.statusCode ?? 0, said)), fail)
      })
      outgoing.end(text)
    })
  }

  /** Connections of the identity that we have now; those of one before end when they are idle. */
  #connections(): Agent {
    const identity = this.#options.identity()
    if (this.#agent !== undefined && identity === this.#identity) return this.#agent
    const old = this.#agent
    if (old !== undefined) setTimeout(() => old.destroy(), LONG_MS).unref()
    const { keyPem, chainPem, bundlePem } = identity.material
    this.#identity = identity
    return this.#agent = new Agent({
      keepAlive: true, maxSockets: MAX_SOCKETS, maxFreeSockets: MAX_IDLE_SOCKETS, key: keyPem, cert: chainPem, ca: bundlePem, minVersion: 'TLSv1.3', servername: '',
      // Said aloud: a variable of the environment can turn the default off.
      rejectUnauthorized: true,
      checkServerIdentity: (_host, certificate) => isPeer(certificate, this.#options.agentId) ? undefined : new Error(`it is ${spiffeIdsOf(certificate).join(', ') || 'nobody by a SPIFFE id'}, not ${this.#options.agentId}`),
    })
  }
}

function checked<T>(shape: Shape, value: unknown): T {
  if (!shape(value)) throw new Error('its answer is not that of an agent of this version')
  return value as T
}

async function readText(response: IncomingMessage, timeoutMs: number): Promise<string> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  const deadline = new Deadline(timeoutMs, () => response.destroy(new Error('no answer')))
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length
      if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    throw new Error(reasonOf(error as Error), { cause: error })
  } finally {
    deadline.end()
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** An agent that knows the filter language of another version may not know a filter of ours. */
function refusal(status: number, said: string): Error {
  try {
    const { code, message, problem } = JSON.parse(said) as Partial<ApiError>
    if (code === 'bad-filter' && typeof problem?.message === 'string') return new FilterError(problem)
    if (typeof message === 'string') return new AgentRefusal(status, message.slice(0, 300))
  } catch {
    // Not one of ours.
  }
  return new AgentRefusal(status, `it answered ${status}`)
}

/** The agent answered, and said no. */
export class AgentRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

function reasonOf(error: Error): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ECONNREFUSED': return 'nobody listens there'
    case 'ECONNRESET': return 'it broke the connection off'
    case 'EHOSTUNREACH': case 'ENETUNREACH': return 'there is no way to it'
    default: return code !== undefined && message === '' ? code : message
  }
}
