import { BoundedMap } from '../base/bounded-map.ts'
import type { JsonRecord, RequestWay, WireVerdict } from '../model/api.ts'
import type { FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'
import { HopJoin } from '../mesh/hop-join.ts'
import type { HopMessage, JoinedRequest, JoinedVerdict } from '../mesh/joined-request.ts'
import { LearntPlaces } from '../mesh/learnt-places.ts'
import type { HopsFound, StoredRow } from '../store/store.ts'
import { RecordFlows, asMessage } from './record-message.ts'

export const JOINED_VERDICTS: Readonly<Record<JoinedVerdict, WireVerdict>> = { 'mtls-seen': 'mtls-seen', 'mtls-inferred': 'mtls-inferred', 'tls-one-way': 'tls-one-way', tls: 'tls', plaintext: 'plaintext', 'wire-not-seen': 'unknown' }

/** A hop that has not been joined so long after its answer stands for itself. */
const LATEST_MICROS = 3_000_000
/** What was found alone waits so long all the same: capture threads may lag behind each other, on a busy machine by more, which is seen by what comes late. */
const ALONE_MICROS = 500_000
/** Of the longest lag remains so much after a message that came in time. */
const LAG_LEFT = 0.99
/** More that wait than this, and the oldest stand for themselves. */
const MAX_WAITING = 20_000
/** The same message about a connection, told at both of its ends. */
const TWIN_MICROS = 1_000_000
const MAX_TWINS = 8192
/** TLS connections whose beginning is remembered. */
const MAX_FLOWS = 8192
const MAX_TURNS = 32_768
/** Not requests: what is told of a connection. */
const CONNECTION_PROTOCOLS: ReadonlySet<string> = new Set(['tls', 'tcp', 'udp'])

interface Twin { readonly namespace: string, readonly atMicros: Micros }

/** Which of the messages captured in namespaces are hops of one request. Pure: time is what the messages and `advance` say. */
export class RequestJoiner {
  readonly #join = new HopJoin((request) => this.#take(request), { holdMicros: 0, keepMicros: 2 * LATEST_MICROS, isTimeTold: true, holdHalfMicros: () => this.#aloneMicros })
  readonly #places = new LearntPlaces()
  readonly #flows = new RecordFlows(MAX_FLOWS)
  /** By id, in the order of ids. */
  readonly #waiting = new Map<number, StoredRow>()
  /** Those that wait, by all that their hop says of them but the time: of thousands on one connection few are alike. */
  readonly #alike = new Map<string, StoredRow[]>()
  readonly #twins = new BoundedMap<string, Twin>(MAX_TWINS)
  #ways: { id: number, way: RequestWay }[] = []
  #further: number[] = []
  #turns: HopMessage[] = []
  #upTo = 0
  #newestMicros = 0
  #nowMicros = 0
  #lagMicros = 0
  /** Were alone when HopJoin looked, and are shown to it once more. */
  #again: StoredRow[] = []

  /** When the newest that was added was said. */
  get newestMicros(): Micros {
    return this.#newestMicros
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Messages in the order of their ids; `records` of those about TLS, by id. What tells the address of a place goes first: others of them may have dialled that. */
  add(rows: readonly StoredRow[], records: ReadonlyMap<number, JsonRecord>): void {
    for (const row of rows) this.#learn(flowOf(row))
    for (const row of rows) this.#addRow(row, records.get(row.id))
  }

  #addRow(row: StoredRow, record: JsonRecord | undefined): void {
    this.#lagMicros = Math.max(this.#newestMicros - endOf(row), this.#lagMicros * LAG_LEFT)
    this.#newestMicros = Math.max(this.#newestMicros, endOf(row))
    if (this.#turns.length > 0) this.#showTurns(this.#newestMicros)
    if (CONNECTION_PROTOCOLS.has(row.protocol)) {
      if (this.#isTwin(row)) this.#further.push(row.id)
      if (record !== undefined) this.#join.add({ flow: this.#flows.of(record), message: asMessage(record) })
      return
    }
    this.#waiting.set(row.id, row)
    const key = alikeKey(row.namespace, row.flowId, row)
    const alike = this.#alike.get(key)
    if (alike === undefined) this.#alike.set(key, [row])
    else alike.push(row)
    this.#show(row)
    if (this.#waiting.size > MAX_WAITING) this.#forget(this.#waiting.values().next().value!)
  }

  /** A turn of ciphertext, which is kept nowhere: it tells which requests crossed where. It waits for the messages of its time, which come another way: else time would go ahead of them. */
  addTurn(record: JsonRecord): void {
    this.#turns.push({ flow: this.#flows.of(record), message: asMessage(record) })
    // The oldest are forgotten where no message comes at all; their requests are joined over nodes no more.
    if (this.#turns.length > MAX_TURNS) this.#turns.splice(0, MAX_TURNS / 2)
  }

  #showTurns(untilMicros: Micros): void {
    let count = 0
    while (count < this.#turns.length && this.#turns[count]!.message.atMicros <= untilMicros) this.#join.add(this.#turns[count++]!)
    if (count > 0) this.#turns.splice(0, count)
  }

  #show(row: StoredRow): void {
    this.#join.add({ flow: flowOf(row), message: messageOf(row) })
  }

  #learn(flow: FlowInfo): void {
    const addresses = this.#places.learn(flow)
    if (addresses !== undefined) this.#join.setPlace(flow.namespace!, addresses)
  }

  /** Capture time has come this far, and every message up to `lastId` was added. Gives what was found since it was asked last. */
  advance(nowMicros: Micros, lastId: number): HopsFound {
    this.#nowMicros = nowMicros
    this.#showTurns(nowMicros)
    this.#join.advance(nowMicros)
    const again = this.#again
    this.#again = []
    for (const row of again) if (this.#waiting.has(row.id)) this.#show(row)
    for (const row of this.#waiting.values()) {
      if (endOf(row) > nowMicros - LATEST_MICROS) break
      this.#forget(row)
    }
    const first = this.#waiting.keys().next().value
    this.#upTo = Math.max(this.#upTo, first === undefined ? lastId : first - 1)
    const found = { ways: this.#ways, further: this.#further, upTo: this.#upTo }
    this.#ways = []
    this.#further = []
    return found
  }

  /** Said of the same connection in another namespace a moment before. */
  #isTwin({ client, server, protocol, what, namespace = '', atMicros }: StoredRow): boolean {
    const key = `${client.ip} ${client.port} ${server.ip} ${server.port} ${protocol} ${what}`
    const twin = this.#twins.get(key)
    if (twin !== undefined && twin.namespace !== namespace && Math.abs(twin.atMicros - atMicros) < TWIN_MICROS) return true
    this.#twins.set(key, { namespace, atMicros })
    return false
  }

  #take(request: JoinedRequest): void {
    const rows = request.hops.flatMap((hop) => hop.kind === 'tls' ? [] : hop.flows.map((flow, at) => this.#rowOf(hop.seenIn[at], flow, request, hop.atMicros)))
    const found = rows.filter((row) => row !== undefined)
    if (!saysMore(request) && found.every((row) => this.#mayFindMore(row))) {
      this.#again.push(...found)
      return
    }
    for (const row of found) this.#forget(row)
    const [first, ...others] = found
    if (first === undefined || !saysMore(request)) return
    const { from, to, verdict, hops, half } = request
    this.#ways.push({ id: first.id, way: { ...(from !== undefined && { from }), ...(to !== undefined && { to }), verdict: JOINED_VERDICTS[verdict], hops: hops.length, ...(half !== undefined && { half }) } })
    for (const { id } of others) this.#further.push(id)
  }

  #mayFindMore(row: StoredRow): boolean {
    return endOf(row) > this.#nowMicros - this.#aloneMicros
  }

  get #aloneMicros(): Micros {
    return Math.max(ALONE_MICROS, 2 * this.#lagMicros)
  }

  /** The message of a hop: one like it on that flow, the nearest in time. */
  #rowOf(namespace: string | undefined, flow: string, { message }: JoinedRequest, atMicros: Micros): StoredRow | undefined {
    let nearest: StoredRow | undefined
    for (const row of this.#alike.get(alikeKey(namespace, flow, message)) ?? []) {
      if (nearest === undefined || Math.abs(row.atMicros - atMicros) < Math.abs(nearest.atMicros - atMicros)) nearest = row
    }
    return nearest
  }

  #forget(row: StoredRow): void {
    if (!this.#waiting.delete(row.id)) return
    const key = alikeKey(row.namespace, row.flowId, row)
    const rest = this.#alike.get(key)!.filter((other) => other !== row)
    if (rest.length > 0) this.#alike.set(key, rest)
    else this.#alike.delete(key)
  }
}

/** Of what was read on one loopback only, and nowhere else, nothing is known but that. */
function saysMore({ from, to, hops, verdict }: JoinedRequest): boolean {
  return verdict !== 'wire-not-seen' || hops.length > 1 || (from !== undefined && to !== undefined)
}

function endOf({ atMicros, elapsedMicros = 0 }: StoredRow): Micros {
  return atMicros + elapsedMicros
}

function alikeKey(namespace: string | undefined, flow: string, { what, status }: Pick<StoredRow, 'what' | 'status'>): string {
  return `${namespace ?? ''} ${flow} ${status ?? ''} ${what}`
}

function flowOf(row: StoredRow): FlowInfo {
  const { flowId: id, client, server, capture, hop, namespace, interface: name, atMicros } = row
  return { id, client, server, capture, hop, firstMicros: atMicros, ...(namespace !== undefined && { namespace }), ...(name !== undefined && { interface: name }) }
}

/** As much of a message as joining looks at. */
function messageOf({ protocol, atMicros, elapsedMicros, what, status, outcome, requestBytes, responseBytes, complete }: StoredRow): Message {
  return { protocol, atMicros, elapsedMicros, what, status, outcome, request: sizeOf(requestBytes), response: sizeOf(responseBytes), complete, notes: [] }
}

function sizeOf(bodyBytes: number | undefined): object | undefined {
  return bodyBytes === undefined ? undefined : { bodyBytes }
}
