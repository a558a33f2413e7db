import type { FilterProblem } from './filter.ts'
import type { MessageRow } from './messages.ts'
import type { HealthAnswer } from './overview.ts'

/** `q`: only messages that it lets through. `after`: also those since this id (at most 1000; beyond that `skipped`). `hops`: as in MessagesQuery; each request comes when its hops had time to come. An EventSource that reconnects sends its Last-Event-ID itself. */
export interface LiveQuery { q?: string, after?: number, hops?: 'joined' | 'all' }

/**
 * Server-sent events: the name of the event, and the JSON of its data. The id of a `rows` event is the id of its last message.
 * A browser that reads too slowly gets `skipped` and goes on with the newest: nothing is queued without bound.
 */
export interface LiveEvents {
  /** At most five times a second; at least every 5 s the stream says something. `end`: positions as in MessagesPage of the same filter, once its search is done; of another `generation` than the page's they mean nothing to it. `joined`: rows of before, as they are now that the other end of their request has come. */
  rows: { readonly rows: readonly MessageRow[], readonly joined?: readonly MessageRow[], readonly end?: number, readonly stored: number, readonly furtherHops: number, readonly generation?: string }
  skipped: { readonly count: number, readonly lastId: number }
  /** About once a second while something changes. */
  health: HealthAnswer
  /** The filter is not good; the stream ends. */
  problem: FilterProblem
  /** Nothing more comes: the file has been read, or the capture has stopped. The stream stays open. */
  end: Record<never, never>
}
