import type { FastifyInstance } from 'fastify'
import type { FieldList, FilterCheck, ValueList } from '../model/api.ts'
import { FILTER_EXAMPLES } from '../store/filter/examples.ts'
import { FIELDS } from '../store/filter/fields.ts'
import { checkFilter } from '../store/filter/filter.ts'
import { FUNCTIONS } from '../store/filter/functions.ts'
import type { Hub } from './hub.ts'
import type { Query } from './query.ts'
import { whole } from './query.ts'

const DEFAULT_VALUES = 20
const MAX_VALUES = 200

const list: FieldList = { fields: FIELDS.map(({ name, type, what, protocols, values }) => ({ name, type, what, protocols, values })), functions: FUNCTIONS, examples: FILTER_EXAMPLES }

export function addFilterRoutes(app: FastifyInstance, hub: Hub): void {
  app.get<{ Querystring: Query }>('/filter', async ({ query }): Promise<FilterCheck> => checkFilter(query.q ?? ''))
  app.get('/filter/fields', async () => list)
  app.get<{ Querystring: Query }>('/filter/values', async ({ query }): Promise<ValueList> => ({
    values: await hub.store.values(query.field ?? '', query.prefix ?? '', whole(query, 'limit', 1, MAX_VALUES) ?? DEFAULT_VALUES),
  }))
}
