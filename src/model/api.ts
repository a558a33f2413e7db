import type {
  CatalogPage, CompareAnswer, ConfirmAnswer, ExportQuery, OpenApiDocument, ReplayAnswer, ReplayRequest, ReplayToken,
} from './api/actions.ts'
import type { FieldList, FilterCheck, FilterProblem, FilterQuery, ValueList } from './api/filter.ts'
import type { LiveEvents, LiveQuery } from './api/live.ts'
import type { ConnectionPage, MessageDetail, MessagesPage, MessagesQuery, PacketList } from './api/messages.ts'
import type { CaptureInfo, CheckAnswer, CheckReportQuery, HealthAnswer, MapAnswer, RangeQuery, StatisticsAnswer, StatisticsQuery } from './api/overview.ts'

export type * from './api/actions.ts'
export type * from './api/filter.ts'
export type * from './api/live.ts'
export type * from './api/messages.ts'
export type * from './api/overview.ts'

/** Prefix of all routes. The document that describes them: `GET /api/v1/openapi.json`. */
export const API_PREFIX = '/api/v1'

/**
 * Every error answer, with a 4xx or 5xx status. `code` is one of docs/errors.md, or `bad-request`, `not-found`, `forbidden`, `busy`.
 * A filter that cannot be understood is 400 with `code: 'bad-filter'` and its `problem`.
 */
export interface ApiError {
  readonly code: string
  readonly message: string
  /** The next thing to try. */
  readonly hint?: string
  readonly problem?: FilterProblem
}

/**
 * The routes: method and path (`:name` is a parameter of the path), what the query holds, the body, the answer.
 * Query values are text in the URL: numbers in decimal, absent when undefined. All answers are JSON unless said otherwise.
 * A POST needs the header `content-type: application/json` (a cross-site form cannot send it).
 */
export interface ApiRoutes {
  /** What is shown, since when, its bounds, how complete. Ask first. */
  'GET /api/v1/capture': { query: Record<never, never>, answer: CaptureInfo }
  /** Rows of the list that a filter lets through. See MessagesQuery. `GET /api/v1/messages?q=http&from=…&to=…&offset=0&limit=200` */
  'GET /api/v1/messages': { query: MessagesQuery, answer: MessagesPage }
  /** One message with everything: `GET /api/v1/messages/4711` */
  'GET /api/v1/messages/:id': { query: Record<never, never>, answer: MessageDetail }
  /** Its packets: headers and bytes of each frame. 404 `not-found` with a hint where no packets are kept. */
  'GET /api/v1/messages/:id/packets': { query: { limit?: number }, answer: PacketList }
  /**
   * A body as bytes: `application/octet-stream`, nosniff, `content-disposition: attachment`, sandboxed. What was kept of it (`truncated` tells), codings undone.
   */
  'GET /api/v1/messages/:id/body/:side': { query: Record<never, never>, answer: Uint8Array }
  /** Every message of a connection, oldest first (stream view of WebSocket and HTTP/2, previous and next): `GET /api/v1/connections/12?limit=500&after=4711` */
  'GET /api/v1/connections/:flow': { query: { limit?: number, after?: number, before?: number }, answer: ConnectionPage }
  /** Server-sent events, see LiveEvents: `GET /api/v1/live?q=…` */
  'GET /api/v1/live': { query: LiveQuery, answer: LiveEvents }

  /** Is the filter good, and where is its error? Always 200. `GET /api/v1/filter?q=status_code+%3E%3D` */
  'GET /api/v1/filter': { query: FilterQuery, answer: FilterCheck }
  /** All fields, flags and functions of the language, with the protocols that have them. Does not change while the hub runs. */
  'GET /api/v1/filter/fields': { query: Record<never, never>, answer: FieldList }
  /** Values seen of a field, most frequent first: `GET /api/v1/filter/values?field=dst.name&prefix=ca&limit=20` */
  'GET /api/v1/filter/values': { query: { field: string, prefix?: string, limit?: number }, answer: ValueList }

  /** Services and who calls whom. */
  'GET /api/v1/map': { query: RangeQuery, answer: MapAnswer }
  /** What the wire proves, edge by edge. */
  'GET /api/v1/check': { query: RangeQuery, answer: CheckAnswer }
  /** The same as a file to download, 200 with `content-disposition: attachment`: see CheckReportQuery. */
  'GET /api/v1/check/report': { query: CheckReportQuery, answer: Uint8Array }
  /** Figures over time, in total and by group. */
  'GET /api/v1/statistics': { query: StatisticsQuery, answer: StatisticsAnswer }
  'GET /api/v1/health': { query: Record<never, never>, answer: HealthAnswer }

  /** Services with a description inferred from their traffic. */
  'GET /api/v1/catalog': { query: RangeQuery, answer: CatalogPage }
  /** OpenAPI 3.1 of one service; `:service` is CatalogEntry.id. With `?download=1` as an attachment. */
  'GET /api/v1/catalog/:service': { query: RangeQuery & { download?: number }, answer: OpenApiDocument }

  /** A file to download: see ExportQuery. 200 with `content-disposition: attachment`, streamed. */
  'GET /api/v1/export': { query: ExportQuery, answer: Uint8Array }
  /** Asks for a token that permits one replay, after the user confirmed the address that the answer names. */
  'POST /api/v1/replay/confirm': { body: ReplayRequest, answer: ConfirmAnswer }
  /** Sends the request again. Only to addresses of the capture, only with a token for exactly this request. */
  'POST /api/v1/replay': { body: ReplayRequest & ReplayToken, answer: ReplayAnswer }
  /** This capture (now) against another file, filter or range: what is new, gone, slower. With `file`, `otherQ`, `otherFrom` and `otherTo` are of that file; those that are absent are as for this one. */
  'GET /api/v1/compare': { query: { file?: string, q?: string, otherQ?: string, from?: number, to?: number, otherFrom?: number, otherTo?: number }, answer: CompareAnswer }
}
