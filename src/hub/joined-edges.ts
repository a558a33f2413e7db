import type { JsonRecord, WireVerdict } from '../model/api.ts'
import { HopJoin } from '../mesh/hop-join.ts'
import type { JoinedRequest } from '../mesh/joined-request.ts'
import { Latencies } from '../store/latency-buckets.ts'
import type { Selection, StoredRecord } from '../store/store.ts'
import type { Hub } from './hub.ts'
import { asFlow, asMessage } from './record-message.ts'
import { JOINED_VERDICTS } from './request-joiner.ts'

/** The newest messages of loopbacks that are joined, and handshakes that they are joined with. */
const MAX_CLEAR = 3000
const MAX_HANDSHAKES = 1000
const AT_ONCE = 500

/** Requests between two workloads that were read in the clear beside their proxies. */
export interface JoinedEdge { readonly from: string, readonly to: string, requests: number, errors: number, bytes: number, readonly latencies: Latencies, readonly protocols: Set<string>, readonly verdicts: Set<WireVerdict>, firstMicros: number, lastMicros: number }

/** Where a request goes cannot be told from one loopback: its hops are joined, of the newest messages. `of`: how many there are in all for each that was joined. */
export async function joinedEdges(hub: Hub, selection: Selection): Promise<{ edges: readonly JoinedEdge[], of: number }> {
  const q = 'hop == "clear" && netns != "" && !tlsx'
  const clear = await hub.store.page({ ...selection, q: selection.q === undefined ? q : `(${selection.q}) && ${q}`, limit: MAX_CLEAR, waitMs: 500 })
  if (clear.rows.length === 0) return { edges: [], of: 1 }
  const handshakes = await hub.store.page({ q: 'tlsx && hop == "wire"', limit: MAX_HANDSHAKES, waitMs: 500 })
  const records = [...await recordsOf(hub, clear.rows.map((row) => row.id)), ...await recordsOf(hub, handshakes.rows.map((row) => row.id))].sort((a, b) => a.row.atMicros - b.row.atMicros)
  const edges = new Map<string, JoinedEdge>()
  const joining = new HopJoin((request) => addRequest(edges, request))
  for (const { line } of records) {
    const record = JSON.parse(line) as JsonRecord
    joining.add({ flow: asFlow(record), message: asMessage(record) })
  }
  joining.end()
  return { edges: [...edges.values()], of: (clear.end - clear.start) / clear.rows.length }
}

async function recordsOf(hub: Hub, ids: readonly number[]): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (let i = 0; i < ids.length; i += AT_ONCE) records.push(...await hub.store.records(ids.slice(i, i + AT_ONCE)))
  return records
}

function addRequest(edges: Map<string, JoinedEdge>, { from, to, message, elapsedMicros, verdict }: JoinedRequest): void {
  if (from === undefined || to === undefined) return
  const key = `${from}\0${to}`
  let edge = edges.get(key)
  if (edge === undefined) edges.set(key, edge = { from, to, requests: 0, errors: 0, bytes: 0, latencies: new Latencies(), protocols: new Set(), verdicts: new Set(), firstMicros: Infinity, lastMicros: 0 })
  edge.requests++
  if (message.outcome.endsWith('error')) edge.errors++
  edge.bytes += sizeOf(message.request) + sizeOf(message.response)
  if (elapsedMicros !== undefined) edge.latencies.add(elapsedMicros)
  edge.protocols.add(message.protocol)
  edge.verdicts.add(JOINED_VERDICTS[verdict])
  edge.firstMicros = Math.min(edge.firstMicros, message.atMicros)
  edge.lastMicros = Math.max(edge.lastMicros, message.atMicros)
}

function sizeOf(half: object | undefined): number {
  const { bodyBytes } = (half ?? {}) as { bodyBytes?: unknown }
  return typeof bodyBytes === 'number' ? bodyBytes : 0
}
