import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AgentHello, AgentState } from '../../src/hub/agents/agent-api.ts'
import { CHANGE_MS, STATE_MS } from '../../src/hub/agents/agent-api.ts'
import { emptyHealth } from '../../src/model/health.ts'
import type { PartAnswers, PartAsk, PartKind } from '../../src/store/search-part.ts'
import { MAX_PART_ROWS } from '../../src/store/search-part.ts'
import type { Selection, StoredRecord, StoredRow, StoreInfo } from '../../src/store/store.ts'

/** A filter that lets one in so many through; any other lets all. */
export const RARE = 'status_code >= 500'
const RARE_EVERY = 50

export interface Traffic { readonly perSecond: number, readonly historySeconds: number, readonly startMs: number }

/** Speaks for an agent whose node says `perSecond` messages: what it answers is worked out, nothing is kept. */
export class SimulatedAgent {
  readonly #number: number
  readonly #traffic: Traffic

  constructor(number: number, traffic: Traffic) {
    this.#number = number
    this.#traffic = traffic
  }

  /** How many messages there are by now. */
  get #count(): number {
    const { perSecond, historySeconds, startMs } = this.#traffic
    return Math.floor((historySeconds + (Date.now() - startMs) / 1000) * perSecond)
  }

  #micros(index: number): number {
    const { perSecond, historySeconds, startMs } = this.#traffic
    return Math.floor((startMs - historySeconds * 1000) * 1000 + index * 1e6 / perSecond) + this.#number
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    if (request.url === '/agent/v1/changes') return this.#changes(response)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { selection: Selection, ask: PartAsk } & readonly unknown[]
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(request.url === '/agent/v1/part' ? this.#part(body.selection, body.ask) : this.#store(request.url ?? '', body)))
    })
  }

  #changes(response: ServerResponse): void {
    const write = (line: AgentHello | AgentState): void => { if (!response.writableNeedDrain) response.write(`${JSON.stringify(line)}\n`) }
    write({ kind: 'hello', node: `node-${this.#number}`, version: '0', store: 1_000_000 + this.#number, slot: this.#number, packets: false, replay: false, redaction: [] })
    let healthMs = 0
    const timer = setInterval(() => {
      const isDue = Date.now() - healthMs >= STATE_MS
      if (isDue) healthMs = Date.now()
      const namespaces = Array.from({ length: 30 }, (_, n) => ({ name: `pod-${n}.shop`, capture: 'netns', interfaces: ['any'], packets: this.#count, droppedByKernel: 0 }))
      write({ kind: 'state', nowMicros: Date.now() * 1000, lastId: this.#count, ...isDue && { health: { ...emptyHealth(), messages: this.#count, packets: this.#count * 4, namespaces } } })
    }, CHANGE_MS)
    response.on('close', () => clearInterval(timer))
  }

  #part({ q }: Selection, ask: PartAsk): PartAnswers[PartKind] {
    const every = q === RARE ? RARE_EVERY : 1
    const end = Math.floor(this.#count / every)
    const [search, rowAt] = [every, (position: number): StoredRow => this.#row(position * every)]
    switch (ask.kind) {
      case 'look': return {
        search, start: 0, end, lastId: end * every, stored: this.#count, furtherHops: 0, tail: range(Math.max(0, end - ask.tail), end).map(rowAt),
        ...(ask.after !== undefined && { after: Math.min(end, Math.ceil(ask.after / every)) }),
      }
      case 'rows': return { search, rows: range(ask.from, Math.min(ask.to, ask.from + MAX_PART_ROWS)).map(rowAt) }
      case 'times': return { search, times: range(0, Math.ceil((ask.to - ask.from) / ask.step)).map((n) => this.#micros((ask.from + n * ask.step) * every)) }
      case 'at': {
        const index = (ask.atMicros - this.#micros(0)) * this.#traffic.perSecond / 1e6
        return { search, position: Math.max(ask.from, Math.min(ask.to, Math.ceil(index / every))) }
      }
      case 'crossings': return { search, found: [] }
      case 'ends': return { search, within: { from: 1, to: this.#count, decidedTo: this.#count }, ways: [], blocks: [], ends: [], keyed: { client: 0, server: 0 }, unkeyed: { client: 0, server: 0 } }
      case 'of': return { search, position: Math.floor((ask.id - 1) / every), isThere: true, atMicros: this.#micros(ask.id - 1) }
    }
  }

  #store(url: string, args: readonly unknown[]): unknown {
    if (url.endsWith('/info')) {
      return { stored: this.#count, firstId: 1, lastId: this.#count, firstMicros: this.#micros(0), firstIdMicros: this.#micros(0), lastMicros: this.#micros(this.#count - 1), keep: { usedBytes: this.#count * 90, removedMessages: 0, removedPacketBytes: 0 }, rejected: 0 } satisfies StoreInfo
    }
    return url.endsWith('/records') ? (args[0] as number[]).map((id) => this.#record(id)) : []
  }

  /** As a sidecar's request looks, 450 bytes of JSON. */
  #row(index: number): StoredRow {
    const isError = index % RARE_EVERY === 0
    return {
      id: index + 1, atMicros: this.#micros(index), protocol: 'http1', what: `GET /cart/${index % 1000}`, status: isError ? 500 : 200, outcome: isError ? 'server-error' : 'ok', elapsedMicros: 700 + index % 9999,
      requestBytes: 0, responseBytes: 60, flow: 1 + index % 500, flowId: `n${this.#number}.1.${index % 500}`, client: { ip: '127.0.0.1', port: 40_000 + index % 500, name: 'web' }, server: { ip: '127.137.0.2', port: 8080, name: `cart${index % 7}` },
      capture: 'netns', hop: 'clear', namespace: 'web.shop', interface: 'lo', complete: true,
    }
  }

  #record(id: number): StoredRecord {
    const row = this.#row(id - 1)
    const { protocol, capture, hop, namespace, flowId: flow, client, server, what, status, outcome, complete } = row
    return { row, line: JSON.stringify({ at: `${new Date(row.atMicros / 1000).toISOString().slice(0, -1)}000Z`, protocol, capture, hop, namespace, flow, client, server, what, status, outcome, complete, request: { method: 'GET', path: what.slice(4), headers: [] }, response: { status, headers: [] } }) }
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n)
}
