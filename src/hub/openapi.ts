import { VERSION } from '../base/version.ts'
import { API_PREFIX } from '../model/api.ts'
import { CHECK_REPORT_TYPES } from './check-report.ts'
import { SCHEMAS } from './openapi-schemas.ts'
import type { JsonSchema } from './schema-notation.ts'
import { typeOf } from './schema-notation.ts'

interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly what: string
  /** `name: type`, with `?` where it may be left out. */
  readonly query?: readonly string[]
  readonly body?: string
  /** Name of a schema, or media types with a comma between. */
  readonly answer: string
}

const RANGE = ['q?: string', 'from?: integer', 'to?: integer'] as const

/** Each request once, or each of its hops (default). */
const HOPS = 'hops?: \'joined\' | \'all\''

/** All calls of the API; src/model/api.ts has them as types. */
const ROUTES: readonly Route[] = [
  { method: 'get', path: '/capture', what: 'What is shown, since when, its bounds', answer: 'CaptureInfo' },
  { method: 'get', path: '/messages', what: 'Rows of the list that a filter lets through', query: [...RANGE, 'offset?: integer', 'near?: integer', 'limit?: integer', HOPS], answer: 'MessagesPage' },
  { method: 'get', path: '/messages/{id}', what: 'One message with everything', answer: 'MessageDetail' },
  { method: 'get', path: '/messages/{id}/packets', what: 'Its packets', query: ['limit?: integer'], answer: 'PacketList' },
  { method: 'get', path: '/messages/{id}/body/{side}', what: 'A body as bytes, as far as it was kept', answer: 'application/octet-stream' },
  { method: 'get', path: '/connections/{flow}', what: 'Messages of a connection, oldest first', query: ['limit?: integer', 'after?: integer', 'before?: integer'], answer: 'ConnectionPage' },
  { method: 'get', path: '/live', what: 'New rows and health as server-sent events: rows, skipped, health, problem, end', query: ['q?: string', 'after?: integer', HOPS], answer: 'text/event-stream' },
  { method: 'get', path: '/filter', what: 'Is a filter good, and where is its error', query: ['q: string'], answer: 'FilterCheck' },
  { method: 'get', path: '/filter/fields', what: 'Fields, functions and examples of the filter language', answer: 'FieldList' },
  { method: 'get', path: '/filter/values', what: 'Values seen of a field, most frequent first', query: ['field: string', 'prefix?: string', 'limit?: integer'], answer: 'ValueList' },
  { method: 'get', path: '/map', what: 'Services and who calls whom', query: RANGE, answer: 'MapAnswer' },
  { method: 'get', path: '/check', what: 'What the wire proves, edge by edge', query: RANGE, answer: 'CheckAnswer' },
  { method: 'get', path: '/check/report', what: 'The same as a file: a report of `mtlscope check`', query: ['format: \'text\' | \'json\' | \'html\' | \'junit\' | \'sarif\' | \'md\'', ...RANGE], answer: CHECK_REPORT_TYPES.join(', ') },
  { method: 'get', path: '/statistics', what: 'Figures over time, in total and by group', query: [...RANGE, 'by?: \'protocol\' | \'service\' | \'path\' | \'outcome\'', 'points?: integer', HOPS], answer: 'StatisticsAnswer' },
  { method: 'get', path: '/health', what: 'How far the list can be trusted, and what to do', answer: 'HealthAnswer' },
  { method: 'get', path: '/catalog', what: 'Services with a description inferred from their traffic', query: RANGE, answer: 'CatalogPage' },
  { method: 'get', path: '/catalog/{service}', what: 'OpenAPI 3.1 of one service', query: [...RANGE, 'download?: integer'], answer: 'OpenApiDocument' },
  { method: 'get', path: '/export', what: 'Messages as a file', query: ['format: \'har\' | \'pcapng\' | \'jsonl\'', 'ids?: string', ...RANGE, HOPS], answer: 'application/octet-stream' },
  { method: 'post', path: '/replay/confirm', what: 'A token that permits one replay', body: 'ReplayRequest', answer: 'ConfirmAnswer' },
  { method: 'post', path: '/replay', what: 'Sends a captured request again', body: 'ReplayRequest', answer: 'ReplayAnswer' },
  { method: 'get', path: '/compare', what: 'Two files, filters or ranges: what is new, gone, slower', query: ['file?: string', ...RANGE, 'otherQ?: string', 'otherFrom?: integer', 'otherTo?: integer'], answer: 'CompareAnswer' },
  { method: 'post', path: '/session', what: 'Makes a cookie of the token, for event streams', body: 'object', answer: 'SessionAnswer' },
  { method: 'get', path: '/openapi.json', what: 'This document', answer: 'OpenApiDocument' },
]

/** The API as an OpenAPI 3.1 document. */
export function openApiDocument(): JsonSchema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of ROUTES) (paths[API_PREFIX + route.path] ??= {})[route.method] = operationOf(route)
  return {
    openapi: '3.1.0', info: { title: 'mtlscope hub', version: VERSION, description: 'What mtlscope captured. Times are microseconds since the epoch.' },
    paths, components: { schemas: SCHEMAS },
  }
}

function operationOf({ path, what, query = [], body, answer }: Route): JsonSchema {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: typeOf(name === 'id' || name === 'flow' ? 'integer' : 'string') }))
  const inQuery = query.map((member) => {
    const [, name, optional, type] = /^(\w+)(\?)?: (.+)$/.exec(member)!
    return { name, in: 'query', required: optional === undefined, schema: typeOf(type!) }
  })
  const parameters = [...inPath, ...inQuery]
  const content = answer.includes('/') ? Object.fromEntries(answer.split(', ').map((mediaType) => [mediaType, { schema: {} }])) : { 'application/json': { schema: typeOf(answer) } }
  return {
    summary: what, ...(parameters.length > 0 && { parameters }), ...(body !== undefined && { requestBody: { required: true, content: { 'application/json': { schema: typeOf(body) } } } }),
    responses: { 200: { description: what, content }, default: { description: 'An error', content: { 'application/json': { schema: typeOf('ApiError') } } } },
  }
}
