import type { Answer } from './answer.ts'
import { useAnswer } from './answer.ts'
import type { RangeQuery } from '../../../src/model/api.ts'
import { useCell } from './cell.ts'
import { connection, reconnections } from './live.ts'
import type { Place } from '../model/place.ts'
import { place } from './navigation.ts'

/**
 * An answer for the filter and the range in the address; `extra` is what else it depends on.
 * While traffic is live, or a search goes on, it is asked for again every few seconds.
 */
export function useRanged<T extends { readonly searching?: unknown } | object>(extra: string, load: (query: RangeQuery, signal: AbortSignal) => Promise<T>): Answer<T> {
  const query = rangeOf(useCell(place))
  const state = useCell(connection)
  const again = useCell(reconnections)
  return useAnswer(JSON.stringify([query, extra, again]), (signal) => load(query, signal), state === 'live' || state === 'connecting')
}

/** The filter and the range of an address, as the hub is asked for them. */
export function rangeOf({ q, fromMicros, toMicros }: Pick<Place, 'q' | 'fromMicros' | 'toMicros'>): RangeQuery {
  return { q, ...fromMicros === undefined ? {} : { from: fromMicros }, ...toMicros === undefined ? {} : { to: toMicros } }
}
