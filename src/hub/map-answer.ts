import { isIP } from 'node:net'
import type { Latency, MapAnswer, MapEdge, MapNode, WireVerdict } from '../model/api.ts'
import { namespaceOf } from '../store/filter/common-fields.ts'
import { Latencies } from '../store/latency-buckets.ts'
import type { EdgeCounts } from '../store/store.ts'

const MAX_NODES = 500
/** Counted as edges, not as requests. */
const NO_REQUESTS = new Set(['tls'])
/** What stands for an edge where several are seen: the weakest, so that no lock is shown that one connection does not deserve. */
const WEAKEST: readonly WireVerdict[] = ['plaintext', 'tls-one-way', 'tls', 'mtls-inferred', 'mtls-seen', 'unknown', 'clear']

const JOINED = 'joined'

interface EdgeSum {
  readonly from: string
  readonly to: string
  /** By place of capture: a request that is seen at two is counted at the busier one. */
  readonly places: Map<string, PlaceSum>
  readonly protocols: Set<string>
  readonly verdicts: Set<WireVerdict>
  firstMicros: number
  lastMicros: number
}

interface PlaceSum { requests: number, errors: number, bytes: number, readonly latencies: Latencies }

/** @param verdicts of handshakes, by message */
export function mapAnswer(counts: readonly EdgeCounts[], verdicts: ReadonlyMap<number, WireVerdict>): Omit<MapAnswer, 'searching'> {
  const sums = new Map<string, EdgeSum>()
  const named = new Map<string, boolean>()
  for (const count of counts) {
    // Whose loopback it is says not where it goes: that is known once it is joined.
    if (count.hop === 'clear' && count.namespace !== '') continue
    const from = count.from || count.fromIp
    const to = count.to || count.toIp
    // Where a request went is an address where nobody has a name for it.
    named.set(from, isIP(from) === 0)
    named.set(to, isIP(to) === 0)
    addCount(sums, from, to, count, verdicts)
  }
  const all = [...sums.values()]
  const first = Math.min(...all.map((sum) => sum.firstMicros))
  const last = Math.max(...all.map((sum) => sum.lastMicros))
  const edges = all.map((sum) => edgeOf(sum, (last - first) / 1e6)).sort((a, b) => b.requests - a.requests)
  const nodes = nodesOf(edges, named)
  const kept = new Set(nodes.slice(0, MAX_NODES).map((node) => node.id))
  return {
    nodes: nodes.slice(0, MAX_NODES), edges: edges.filter((edge) => kept.has(edge.from) && kept.has(edge.to)), omittedNodes: Math.max(0, nodes.length - MAX_NODES),
    ...(Number.isFinite(first) && { fromMicros: first, toMicros: last }),
  }
}

function addCount(sums: Map<string, EdgeSum>, from: string, to: string, count: EdgeCounts, verdicts: ReadonlyMap<number, WireVerdict>): void {
  const sum = sumOf(sums, from, to)
  sum.verdicts.add(verdictOfCount(count, verdicts))
  sum.protocols.add(count.protocol)
  sum.firstMicros = Math.min(sum.firstMicros, count.firstMicros)
  sum.lastMicros = Math.max(sum.lastMicros, count.lastMicros)
  if (NO_REQUESTS.has(count.protocol)) return
  const part = placeOf(sum, count.verdict === undefined ? `${count.hop} ${count.namespace}` : JOINED)
  part.requests += count.requests
  part.errors += count.errors
  part.bytes += count.bytes
  part.latencies.addAll(count.latencies)
}

function sumOf(sums: Map<string, EdgeSum>, from: string, to: string): EdgeSum {
  const key = `${from}\0${to}`
  const known = sums.get(key)
  if (known !== undefined) return known
  const sum: EdgeSum = { from, to, places: new Map(), protocols: new Set(), verdicts: new Set(), firstMicros: Infinity, lastMicros: 0 }
  sums.set(key, sum)
  return sum
}

function placeOf(sum: EdgeSum, place: string): PlaceSum {
  const known = sum.places.get(place)
  if (known !== undefined) return known
  const part: PlaceSum = { requests: 0, errors: 0, bytes: 0, latencies: new Latencies() }
  sum.places.set(place, part)
  return part
}

function verdictOfCount({ hop, protocol, handshakes, verdict }: EdgeCounts, verdicts: ReadonlyMap<number, WireVerdict>): WireVerdict {
  if (verdict !== undefined) return verdict
  if (handshakes.length > 0) return weakest(handshakes.map((id) => verdicts.get(id) ?? 'tls'))
  if (hop === 'clear') return 'clear'
  return protocol === 'tls' ? 'tls' : protocol === 'tcp' || protocol === 'udp' ? 'unknown' : 'plaintext'
}

function weakest(verdicts: Iterable<WireVerdict>): WireVerdict {
  const seen = new Set(verdicts)
  return WEAKEST.find((verdict) => seen.has(verdict)) ?? 'unknown'
}

function edgeOf({ from, to, places, protocols, verdicts }: EdgeSum, seconds: number): MapEdge {
  const { requests, errors, bytes, latencies } = sumOfPlaces(places)
  return {
    from, to, requests, errors, perSecond: seconds > 0 ? Math.round((requests / seconds) * 100) / 100 : 0, bytes,
    protocols: [...protocols].filter((name) => protocols.size === 1 || name !== 'tls').sort(), verdict: weakest(verdicts),
    filter: `from == ${JSON.stringify(from)} && to == ${JSON.stringify(to)}`, ...latencyOf(latencies),
  }
}

/** What was joined is told once; of what was not, the same may have been seen at several places. */
function sumOfPlaces(places: ReadonlyMap<string, PlaceSum>): PlaceSum {
  const sum: PlaceSum = { requests: 0, errors: 0, bytes: 0, latencies: new Latencies() }
  const busiest = [...places].filter(([name]) => name !== JOINED).sort(([, a], [, b]) => b.requests - a.requests)[0]?.[1]
  for (const part of [places.get(JOINED), busiest]) {
    if (part === undefined) continue
    sum.requests += part.requests
    sum.errors += part.errors
    sum.bytes += part.bytes
    sum.latencies.addAll(part.latencies.sparse())
  }
  return sum
}

export function latencyOf(latencies: Latencies): Latency {
  const [p50Micros, p95Micros, p99Micros] = [latencies.quantile(0.5), latencies.quantile(0.95), latencies.quantile(0.99)]
  return p50Micros === undefined ? {} : { p50Micros, p95Micros: p95Micros!, p99Micros: p99Micros! }
}

function nodesOf(edges: readonly MapEdge[], named: ReadonlyMap<string, boolean>): MapNode[] {
  const nodes = new Map<string, { in: number, out: number }>()
  const of = (name: string): { in: number, out: number } => {
    const known = nodes.get(name) ?? { in: 0, out: 0 }
    nodes.set(name, known)
    return known
  }
  for (const edge of edges) {
    of(edge.from).out += edge.requests
    of(edge.to).in += edge.requests
  }
  return [...nodes].map(([name, counts]) => nodeOf(name, named.get(name) ?? false, counts)).sort((a, b) => b.requestsIn + b.requestsOut - a.requestsIn - a.requestsOut)
}

function nodeOf(name: string, isNamed: boolean, counts: { in: number, out: number }): MapNode {
  const namespace = isNamed ? namespaceOf(name) : ''
  return {
    id: name, name, named: isNamed, requestsIn: counts.in, requestsOut: counts.out, ...(namespace !== '' && { namespace }),
    filter: `(from == ${JSON.stringify(name)} || to == ${JSON.stringify(name)})`,
  }
}

export function sideFilter(side: 'src' | 'dst', name: string): string {
  const text = JSON.stringify(name)
  if (/^[\d.]+$|:/.test(name)) return `${side}.ip == ${text}`
  return `${side}.name == ${text}`
}
