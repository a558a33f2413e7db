import type { Selection } from '../store/store.ts'
import { badRequest } from './problem.ts'

export type Query = Readonly<Record<string, string | undefined>>

/** A whole number of a query, kept within its bounds; undefined where it is not given. Throws 400 for what is none. */
export function whole(query: Query, name: string, low: number, high: number): number | undefined {
  const text = query[name]
  if (text === undefined || text === '') return undefined
  if (!/^-?\d{1,16}$/.test(text)) throw badRequest(`${name} is no whole number`)
  return Math.max(low, Math.min(high, Number(text)))
}

/** Fields that hops of one request differ in. */
const HOP_FIELD = /(?<![.\w])(?:hop|netns|interface|conn_id|capture|capture_source|id|src|dst)\b/

/** `q`, `from` and `to`; `hops=joined`, unless the filter names a hop: then it is the hops that are asked for. */
export function selectionOf(query: Query, prefix = ''): Selection {
  const name = (key: string): string => prefix === '' ? key : prefix + key[0]!.toUpperCase() + key.slice(1)
  const q = query[name('q')]
  const from = whole(query, name('from'), 0, Number.MAX_SAFE_INTEGER)
  const to = whole(query, name('to'), 0, Number.MAX_SAFE_INTEGER)
  const requests = query.hops === 'joined' && !HOP_FIELD.test((q ?? '').replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""'))
  return { ...(requests && { requests }), ...(q !== undefined && q.trim() !== '' && { q }), ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** What counts requests counts each once, unless hops are asked for. */
export function requestsOf(query: Query): Selection {
  return selectionOf({ hops: 'joined', ...query })
}
