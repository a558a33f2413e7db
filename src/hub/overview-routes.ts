import type { FastifyInstance } from 'fastify'
import type { CheckAnswer, MapAnswer, StatisticsAnswer } from '../model/api.ts'
import type { GroupBy } from '../store/store.ts'
import { checkAnswer } from './check-answer.ts'
import { sendCheckReport } from './check-report.ts'
import type { Hub } from './hub.ts'
import { mapAnswer } from './map-answer.ts'
import { badRequest } from './problem.ts'
import type { Query } from './query.ts'
import { selectionOf, whole } from './query.ts'
import { statisticsAnswer } from './statistics-answer.ts'

const GROUPS: readonly GroupBy[] = ['protocol', 'service', 'path', 'outcome']
const DEFAULT_POINTS = 120

export function addOverviewRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/map', async ({ query }): Promise<MapAnswer> => {
    const selection = selectionOf(query)
    const { value, searching, twice } = await hub.store.edges(selection)
    const verdicts = await hub.views.verdicts(value.flatMap((edge) => edge.handshakes))
    return { ...mapAnswer(value, verdicts), ...(searching && { searching }), ...(twice !== undefined && { twice }) }
  })
  app.get<{ Querystring: Query }>('/check', async ({ query }): Promise<CheckAnswer> => checkAnswer(hub, selectionOf(query)))
  app.get<{ Querystring: Query }>('/check/report', async ({ query }, reply) => sendCheckReport(hub, query, reply))
  app.get<{ Querystring: Query }>('/statistics', async ({ query }): Promise<StatisticsAnswer> => {
    const by = (query.by ?? 'protocol') as GroupBy
    if (!GROUPS.includes(by)) throw badRequest(`by is one of ${GROUPS.join(', ')}`)
    const points = whole(query, 'points', 10, 500) ?? DEFAULT_POINTS
    const { value, searching, twice } = await hub.store.series({ ...selectionOf(query), by, points })
    return { ...statisticsAnswer(value, by, points), ...(searching && { searching }), ...(twice !== undefined && { twice }) }
  })
}
