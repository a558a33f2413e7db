import type { JsonRecord, MessageDetail, RequestHop, TlsSummary } from '../model/api.ts'
import { HopJoin } from '../mesh/hop-join.ts'
import type { HopMessage, JoinedHop, JoinedRequest, TlsHop } from '../mesh/joined-request.ts'
import { LearntPlaces } from '../mesh/learnt-places.ts'
import type { StoredRecord, StoredRow } from '../store/store.ts'
import { VERDICT_OF_PROOF } from './handshake-verdicts.ts'
import type { Hub } from './hub.ts'
import { RecordFlows, asMessage, microsOf } from './record-message.ts'
import { tlsSummary } from './tls-summary.ts'

/** What is looked at beside a request: around it in time, less where there is too much, and handshakes before it. */
const AROUND_MICROS = [1_000_000, 100_000, 10_000]
const MAX_AROUND = 2000
const MAX_HANDSHAKES = 500

/** The way of a request over all places where something of it was seen; at least its own hop. */
export async function requestHops(hub: Hub, row: StoredRow, record: JsonRecord, own: RequestHop): Promise<Pick<MessageDetail, 'hops' | 'hopNotes'>> {
  if (row.namespace === undefined || row.protocol === 'tls') return { hops: [own], hopNotes: [] }
  const neighbours = await neighboursOf(hub, row)
  const joined = join(neighbours.map(({ line }) => JSON.parse(line) as JsonRecord), record)
  if (joined === undefined) return { hops: [own], hopNotes: [] }
  const index = new Neighbours(neighbours)
  return { hops: joined.hops.map((hop) => viewOf(hop, index)), hopNotes: joined.notes }
}

async function neighboursOf(hub: Hub, row: StoredRow): Promise<readonly StoredRecord[]> {
  const to = row.atMicros + (row.elapsedMicros ?? 0) + AROUND_MICROS[0]!
  const [handshakes, around] = await Promise.all([hub.store.page({ q: 'tlsx && hop == "wire"', to, limit: MAX_HANDSHAKES, waitMs: 500 }), aroundOf(hub, row)])
  const known = new Set(around.map((found) => found.row.id))
  const before = await hub.store.records(handshakes.rows.map((found) => found.id).filter((id) => !known.has(id)))
  return [...before, ...around].sort((a, b) => a.row.atMicros - b.row.atMicros)
}

/** All or nothing: a request of which the hop on the wire is left out would be said to have crossed something else. */
async function aroundOf(hub: Hub, { atMicros, elapsedMicros = 0 }: StoredRow): Promise<readonly StoredRecord[]> {
  for (const around of AROUND_MICROS) {
    const { records, next } = await hub.store.batch({ from: atMicros - around, to: atMicros + elapsedMicros + around }, undefined, MAX_AROUND)
    if (next === undefined) return records
  }
  return []
}

function join(records: readonly JsonRecord[], wanted: JsonRecord): JoinedRequest | undefined {
  let found: JoinedRequest | undefined
  const holds = ({ hops }: JoinedRequest): boolean => hops.some((hop) => hop.kind !== 'tls' && hop.flows.includes(wanted.flow)
    && Math.abs(hop.atMicros - microsOf(wanted.at)) < 1)
  const joining = new HopJoin((request) => { if (found === undefined && holds(request)) found = request }, { isTimeTold: true })
  const places = new LearntPlaces()
  const flows = new RecordFlows(records.length)
  const messages = records.map((record): HopMessage => ({ flow: flows.of(record), message: asMessage(record) }))
  for (const { flow } of messages) {
    const addresses = places.learn(flow)
    if (addresses !== undefined) joining.setPlace(flow.namespace!, addresses)
  }
  for (const message of messages) joining.add(message)
  joining.end()
  return found
}

/** Numbers of flows and messages for what HopJoin names by ids and times. */
class Neighbours {
  readonly #flows = new Map<string, number>()
  readonly #messages = new Map<string, number>()
  readonly #handshakes = new Map<string, StoredRecord>()

  constructor(records: readonly StoredRecord[]) {
    for (const record of records) {
      const { row } = record
      this.#flows.set(row.flowId, row.flow)
      this.#messages.set(`${row.flowId} ${row.atMicros}`, row.id)
      if (row.id === row.handshake) this.#handshakes.set(row.flowId, record)
    }
  }

  flows(ids: readonly string[]): number[] {
    return ids.map((id) => this.#flows.get(id)).filter((number) => number !== undefined)
  }

  messages(ids: readonly string[], atMicros: number | undefined): number[] {
    return ids.map((id) => this.#messages.get(`${id} ${atMicros}`)).filter((number) => number !== undefined)
  }

  tls({ flows, clientProof }: TlsHop): TlsSummary | undefined {
    const found = flows.map((id) => this.#handshakes.get(id)).find((record) => record !== undefined)
    return found && tlsSummary(JSON.parse(found.line) as JsonRecord, found.row.id, VERDICT_OF_PROOF[clientProof])
  }
}

function viewOf(hop: JoinedHop, index: Neighbours): RequestHop {
  const { kind, client, server, atMicros, seenIn, flows } = hop
  const tls = hop.kind === 'tls' ? index.tls(hop) ?? summaryOf(hop) : undefined
  return {
    kind, client, server, seenIn, flows: index.flows(flows), messages: index.messages(flows, atMicros),
    ...(atMicros !== undefined && { atMicros }), ...(hop.kind !== 'tls' && hop.elapsedMicros !== undefined && { elapsedMicros: hop.elapsedMicros }), ...(tls && { tls }),
  }
}

/** Where the handshake itself is gone. */
function summaryOf({ clientProof, version, suite, group, alpn, sni, resumed }: TlsHop): TlsSummary {
  return {
    verdict: VERDICT_OF_PROOF[clientProof], evidence: [],
    ...(version !== undefined && { version }), ...(suite !== undefined && { cipherSuite: suite }), ...(group !== undefined && { group }),
    ...(alpn !== undefined && { alpn }), ...(sni !== undefined && { sni }), ...(resumed !== undefined && { resumed }),
  }
}
