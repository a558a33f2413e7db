import type { FastifyInstance } from 'fastify'
import type { CatalogPage, JsonRecord, OpenApiDocument } from '../model/api.ts'
import { Catalog } from '../store/catalog/catalog.ts'
import type { Selection } from '../store/store.ts'
import type { Hub } from './hub.ts'
import { notFound } from './problem.ts'
import type { Query } from './query.ts'
import { requestsOf } from './query.ts'

/** The newest so many exchanges are enough to tell what a service offers. */
const MAX_RECORDS = 10_000
const AT_ONCE = 500

export function addCatalogRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/catalog', async ({ query }): Promise<CatalogPage> => ({ services: (await catalogOf(hub, requestsOf(query))).entries() }))
  app.get<{ Params: { service: string }, Querystring: Query }>('/catalog/:service', async ({ params, query }, reply): Promise<OpenApiDocument> => {
    const document = (await catalogOf(hub, requestsOf(query))).document(params.service)
    if (document === undefined) throw notFound('nothing of HTTP was seen of this service')
    if (query.download !== undefined) void reply.header('content-disposition', `attachment; filename="${params.service.replace(/[^\w.-]/g, '_')}.openapi.json"`)
    return document
  })
}

async function catalogOf(hub: Hub, selection: Selection): Promise<Catalog> {
  const catalog = new Catalog()
  const q = selection.q === undefined ? 'http' : `http && (${selection.q})`
  const { rows: all } = await hub.store.page({ ...selection, q, limit: MAX_RECORDS, waitMs: 2000 })
  const rows = all.filter(({ joinedTo }) => joinedTo === undefined)
  const whole = new Map(rows.map((row) => [row.id, row]))
  for (let i = 0; i < rows.length; i += AT_ONCE) {
    for (const { row, line } of await hub.store.records(rows.slice(i, i + AT_ONCE).map((found) => found.id))) catalog.add(JSON.parse(line) as JsonRecord, whole.get(row.id)?.way?.to)
  }
  return catalog
}
