import type { Answer } from './answer.ts'
import { useAnswer } from './answer.ts'
import type { RangeQuery } from '../../../src/model/api.ts'
import { useCell } from './cell.ts'
import { connection, reconnections } from './live.ts'
import { place } from './navigation.ts'

/**
 * An answer for the filter and the range in the address; `extra` is what else it depends on.
 * While traffic is live, or a search goes on, it is asked for again every few seconds.
 */
export function useRanged<T extends { readonly searching?: unknown } | object>(extra: string, load: (query: RangeQuery, signal: AbortSignal) => Promise<T>): Answer<T> {
  const { q, fromMicros, toMicros } = useCell(place)
  const state = useCell(connection)
  const again = useCell(reconnections)
  const query: RangeQuery = { q, ...fromMicros === undefined ? {} : { from: fromMicros }, ...toMicros === undefined ? {} : { to: toMicros } }
  return useAnswer(JSON.stringify([query, extra, again]), (signal) => load(query, signal), state === 'live' || state === 'connecting')
}
