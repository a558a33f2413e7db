import type { ValueList } from '../../model/api.ts'
import { Latencies } from '../../store/latency-buckets.ts'
import { OTHERS } from '../../store/series-counts.ts'
import type { Counted, EdgeCounts, GroupCounts, SeriesCounts } from '../../store/store.ts'

const MAX_HANDSHAKES = 4
export const DEFAULT_GROUPS = 50

/** How far the searches of several stores have got together. */
export function searchingOf(counted: readonly Counted<unknown>[]): Counted<unknown>['searching'] {
  const parts = counted.map((one) => one.searching).filter((one) => one !== undefined)
  return parts.length === 0 ? undefined : { scanned: parts.reduce((sum, one) => sum + one.scanned, 0), of: parts.reduce((sum, one) => sum + one.of, 0) }
}

/** Edges of several stores: the same one, seen at the same place, is one. */
export function mergeEdges(lists: readonly (readonly EdgeCounts[])[]): EdgeCounts[] {
  const edges = new Map<string, EdgeCounts>()
  for (const edge of lists.flat()) {
    const key = JSON.stringify([edge.from, edge.fromIp, edge.to, edge.toIp, edge.toPort, edge.hop, edge.namespace, edge.capture, edge.protocol, edge.verdict])
    const known = edges.get(key)
    edges.set(key, known === undefined ? edge : bothEdges(known, edge))
  }
  return [...edges.values()]
}

function bothEdges(a: EdgeCounts, b: EdgeCounts): EdgeCounts {
  return {
    ...a, requests: a.requests + b.requests, errors: a.errors + b.errors, bytes: a.bytes + b.bytes, latencies: bothLatencies(a.latencies, b.latencies),
    firstMicros: Math.min(a.firstMicros, b.firstMicros), lastMicros: Math.max(a.lastMicros, b.lastMicros), handshakes: [...a.handshakes, ...b.handshakes].slice(0, MAX_HANDSHAKES),
  }
}

function bothLatencies(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a
  const all = new Latencies()
  all.addAll(a)
  all.addAll(b)
  return all.sparse()
}

/** Series of the same steps. The busiest groups of all are told, the rest together: a group that is busy nowhere may count as others. */
export function mergeSeries(series: readonly SeriesCounts[], fromMicros: number, stepMicros: number, maxGroups: number): SeriesCounts {
  const groups = new Map<string, GroupCounts>()
  for (const group of series.flatMap((one) => one.groups)) {
    const known = groups.get(group.name)
    groups.set(group.name, known === undefined ? group : bothGroups(known, group))
  }
  const others = groups.get(OTHERS)
  groups.delete(OTHERS)
  const sorted = [...groups.values()].sort((a, b) => total(b) - total(a))
  const rest = sorted.slice(maxGroups)
  const last = others === undefined ? rest : [others, ...rest]
  const omittedGroups = rest.length + Math.max(0, ...series.map((one) => one.omittedGroups))
  return { fromMicros, stepMicros, groups: [...sorted.slice(0, maxGroups), ...(last.length === 0 ? [] : [{ ...last.reduce(bothGroups), name: OTHERS }])], omittedGroups }
}

function bothGroups(a: GroupCounts, b: GroupCounts): GroupCounts {
  return { name: a.name, requests: added(a.requests, b.requests), errors: added(a.errors, b.errors), bytes: added(a.bytes, b.bytes), latencies: a.latencies.map((part, n) => bothLatencies(part, b.latencies[n] ?? [])) }
}

function added(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, n) => value + (b[n] ?? 0))
}

function total({ requests }: GroupCounts): number {
  return requests.reduce((sum, value) => sum + value, 0)
}

export function mergeValues(lists: readonly ValueList['values'][], limit: number): ValueList['values'] {
  const counts = new Map<string | number | boolean, number>()
  for (const { value, count } of lists.flat()) counts.set(value, (counts.get(value) ?? 0) + count)
  return [...counts].map(([value, count]) => ({ value, count })).sort((a, b) => b.count - a.count).slice(0, limit)
}
