import type { FastifyInstance } from 'fastify'
import type { ConnectionPage, JsonRecord, MessageDetail, MessagesPage, RequestHop, TlsSummary } from '../model/api.ts'
import { copyAs } from '../store/copy-as.ts'
import type { StoredRow } from '../store/store.ts'
import { halfNotes } from './half-note.ts'
import type { Hub } from './hub.ts'
import { ApiProblem, notFound } from './problem.ts'
import type { Query } from './query.ts'
import { selectionOf, whole } from './query.ts'
import { replayTarget } from './replay-plan.ts'
import { requestHops } from './request-hops.ts'
import { tlsSummary } from './tls-summary.ts'

const DEFAULT_LIMIT = 200
const MAX_LIMIT = 1000
/** An answer waits so long for a search, and then says how far it got. */
const WAIT_MS = 250
/** What agents have for the other hops of a message. */
const HOPS_MS = 4000

export function addMessageRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/messages', async ({ query }) => messagesPage(hub, query))
  app.get<{ Params: { id: string } }>('/messages/:id', async ({ params }) => messageDetail(hub, idOf(params.id)))
  app.get<{ Params: { flow: string }, Querystring: Query }>('/connections/:flow', async ({ params, query }) => connectionPage(hub, idOf(params.flow), query))
}

export function idOf(text: string): number {
  const id = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (id < 1) throw notFound(`there is no number ${text.slice(0, 40)}`)
  return id
}

async function messagesPage(hub: Hub, query: Query): Promise<MessagesPage> {
  const limit = whole(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT
  const offset = whole(query, 'offset', -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
  const near = whole(query, 'near', 1, Number.MAX_SAFE_INTEGER)
  const selection = selectionOf(query)
  const page = await hub.store.page({ ...selection, limit, waitMs: WAIT_MS, ...(offset !== undefined && { offset }), ...(near !== undefined && { near }) })
  return { ...page, rows: await hub.views.rows(page.rows), ...(selection.requests === true && { joined: true }), generation: hub.generation + (page.generation ?? '') }
}

/** The message or 404: it may have gone while the user looked at the list. */
export async function recordOf(hub: Hub, id: number): Promise<{ stored: StoredRow, record: JsonRecord }> {
  const [found] = await hub.store.records([id])
  const node = found === undefined ? hub.cluster?.missingNodeOf(id) : undefined
  if (node !== undefined) throw new ApiProblem(503, 'agent-missing', `node ${node}, which has message ${id}, does not answer`, 'GET /api/v1/health says since when')
  if (found === undefined) throw notFound(`message ${id} is not in the store`, 'the oldest messages go when the store is full: --keep 4GiB')
  return { stored: found.row, record: JSON.parse(found.line) as JsonRecord }
}

async function messageDetail(hub: Hub, id: number): Promise<MessageDetail> {
  const { stored, record } = await recordOf(hub, id)
  const [row] = await hub.views.rows([stored])
  const [before, after] = await Promise.all([
    hub.store.connection(stored.flow, { before: id, limit: 1 }), hub.store.connection(stored.flow, { after: id, limit: 1 }),
  ])
  const tls = await connectionTls(hub, stored.handshake)
  const hop = row!.hop === 'clear' ? 'clear' : tls === undefined ? 'plain' : 'tls'
  const previous = before.records[0]?.row.id
  const next = after.records[0]?.row.id
  const own: RequestHop = {
    kind: hop, client: row!.client, server: row!.server, atMicros: row!.atMicros, ...(row!.elapsedMicros !== undefined && { elapsedMicros: row!.elapsedMicros }),
    seenIn: row!.namespace === undefined ? [] : [row!.namespace], messages: [id], flows: [row!.flow], ...(tls && { tls }),
  }
  const target = replayTarget(record)
  const way = await inTime(hub, requestHops(hub, stored, record, own), { hops: [own], hopNotes: ['the nodes did not say in time what else was seen of it'] })
  const crossed = tls ?? way.hops.find((one) => one.tls !== undefined)?.tls
  return {
    row: row!, record, ...way, ...(hub.cluster !== undefined && { hopNotes: [...way.hopNotes, ...halfNotes(row!.way)] }), ...(crossed && { tls: crossed }), ...(previous !== undefined && { previous }), ...(next !== undefined && { next }),
    hasPackets: hub.hasPackets, copyAs: copyAs(record), ...(target && hub.replays && { replay: target }),
  }
}

/** Of agents: a message is shown also while one of them takes long to search for what belongs to it. */
async function inTime<T>({ cluster }: Hub, found: Promise<T>, otherwise: T): Promise<T> {
  if (cluster === undefined) return await found
  found.catch(() => {})
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<T>((resolve) => { timer = setTimeout(() => resolve(otherwise), HOPS_MS) })
  return await Promise.race([found, late]).finally(() => clearTimeout(timer))
}

/** The handshake of a connection in a few words. */
export async function connectionTls(hub: Hub, handshake: number | undefined): Promise<TlsSummary | undefined> {
  if (handshake === undefined) return undefined
  const [found] = await hub.store.records([handshake])
  if (found === undefined) return undefined
  const verdicts = await hub.views.verdicts([handshake])
  return tlsSummary(JSON.parse(found.line) as JsonRecord, handshake, verdicts.get(handshake) ?? 'tls')
}

async function connectionPage(hub: Hub, flow: number, query: Query): Promise<ConnectionPage> {
  const limit = whole(query, 'limit', 1, MAX_LIMIT) ?? DEFAULT_LIMIT
  const after = whole(query, 'after', 0, Number.MAX_SAFE_INTEGER)
  const before = whole(query, 'before', 0, Number.MAX_SAFE_INTEGER)
  const { records, total } = await hub.store.connection(flow, { limit: limit + 1, ...(after !== undefined && { after }), ...(before !== undefined && { before }) })
  const backwards = before !== undefined && after === undefined
  const shown = backwards ? records.slice(-limit) : records.slice(0, limit)
  const first = shown[0]
  if (first === undefined) throw notFound(`there is nothing (more) of connection ${flow}`)
  const rows = await hub.views.rows(shown.map((found) => found.row))
  const tls = await connectionTls(hub, first.row.handshake)
  return {
    flow, client: first.row.client, server: first.row.server, ...(tls && { tls }), total,
    messages: shown.map((found, i) => ({ row: rows[i]!, record: JSON.parse(found.line) as JsonRecord })), more: records.length > limit,
  }
}
