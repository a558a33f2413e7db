import type { CompareEntry, CompareSide } from '../model/api.ts'
import { Latencies } from './latency-buckets.ts'
import type { GroupCounts } from './store.ts'

/** Fewer requests say nothing of speed. */
const MIN_REQUESTS = 5
/** Slower or faster: by half, and by more than a millisecond. */
const FACTOR = 1.5
const MIN_DIFFERENCE_MICROS = 1000
/** Of all requests. */
const ERROR_SHARE = 0.05

type Change = CompareEntry['change']
const ORDER: readonly Change[] = ['more-errors', 'new', 'gone', 'slower', 'faster', 'fewer-errors', 'same']

/** What differs between two sets of messages, by operation (names as SeriesTable makes them: service, protocol and operation with a tab between). `other` is what was before. */
export function compareOperations(here: readonly GroupCounts[], other: readonly GroupCounts[]): CompareEntry[] {
  const sides = new Map<string, { here?: CompareSide, other?: CompareSide }>()
  for (const group of here) sides.set(group.name, { here: sideOf(group) })
  for (const group of other) sides.set(group.name, { ...sides.get(group.name), other: sideOf(group) })
  return [...sides].map(([name, pair]) => entryOf(name, pair)).sort((a, b) => ORDER.indexOf(a.change) - ORDER.indexOf(b.change) || requestsOf(b) - requestsOf(a))
}

function entryOf(name: string, { here, other }: { here?: CompareSide, other?: CompareSide }): CompareEntry {
  const [service = '', protocol = '', operation = ''] = name.split('\t')
  return { service, operation, protocol, change: changeOf(here, other), ...(here && { here }), ...(other && { other }) }
}

function changeOf(here: CompareSide | undefined, other: CompareSide | undefined): Change {
  if (here === undefined) return 'gone'
  if (other === undefined) return 'new'
  const errors = here.errors / here.requests - other.errors / other.requests
  if (errors > ERROR_SHARE) return 'more-errors'
  const [now, before] = [here.p50Micros, other.p50Micros]
  if (now !== undefined && before !== undefined && here.requests >= MIN_REQUESTS && other.requests >= MIN_REQUESTS && Math.abs(now - before) > MIN_DIFFERENCE_MICROS) {
    if (now > before * FACTOR) return 'slower'
    if (before > now * FACTOR) return 'faster'
  }
  return errors < -ERROR_SHARE ? 'fewer-errors' : 'same'
}

function sideOf({ requests, errors, latencies }: GroupCounts): CompareSide {
  const all = new Latencies()
  for (const part of latencies) all.addAll(part)
  const [p50Micros, p95Micros, p99Micros] = [all.quantile(0.5), all.quantile(0.95), all.quantile(0.99)]
  return { requests: sum(requests), errors: sum(errors), ...(p50Micros !== undefined && { p50Micros, p95Micros: p95Micros!, p99Micros: p99Micros! }) }
}

function requestsOf({ here, other }: CompareEntry): number {
  return (here?.requests ?? 0) + (other?.requests ?? 0)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
