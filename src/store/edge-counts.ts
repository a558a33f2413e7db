import type { RequestWay } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import { Latencies } from './latency-buckets.ts'
import { FURTHER_HOP } from './record-columns.ts'
import type { Columns, RecordReader } from './record-reader.ts'
import type { EdgeCounts } from './store.ts'

/** Further edges are not counted: a scan of ports has as many as it likes. */
const MAX_EDGES = 20_000
const MAX_FLOWS = 100_000
const MAX_HANDSHAKES = 4
const FIRST_ERROR = 4

class Edge {
  readonly key: Omit<EdgeCounts, 'requests' | 'errors' | 'bytes' | 'latencies' | 'firstMicros' | 'lastMicros' | 'handshakes'>
  requests = 0
  errors = 0
  bytes = 0
  firstMicros: Micros = Infinity
  lastMicros: Micros = 0
  readonly latencies = new Latencies()
  readonly handshakes = new Set<number>()

  constructor(key: Edge['key']) {
    this.key = key
  }
}

/** Who calls whom, how often, how fast: by the places where it was captured. */
export class EdgeTable {
  readonly #reader: RecordReader
  readonly #edges = new Map<string, Edge>()
  /** By flow and protocol: a flow has one edge for each. */
  readonly #ofFlow = new Map<number, Edge>()

  constructor(reader: RecordReader) {
    this.#reader = reader
  }

  /** @param way of a request whose hops were joined */
  add(columns: Columns, way: RequestWay | undefined): void {
    const [, at, elapsed, protocol, , , outcome, flow, flags, requestBytes, responseBytes] = columns
    const edge = way !== undefined ? this.#joined(flow, protocol, way) : this.#isHidden(flags, protocol) ? undefined : this.#edge(flow, protocol)
    if (edge === undefined) return
    edge.requests++
    if (outcome >= FIRST_ERROR) edge.errors++
    edge.bytes += Math.max(0, requestBytes) + Math.max(0, responseBytes)
    if (elapsed >= 0) edge.latencies.add(elapsed)
    if (at < edge.firstMicros) edge.firstMicros = at
    if (at > edge.lastMicros) edge.lastMicros = at
  }

  /** Another message stands for it, but for what is told of the connection itself. */
  #isHidden(flags: number, protocol: number): boolean {
    return (flags & FURTHER_HOP) !== 0 && this.#reader.protocol(protocol) !== 'tls'
  }

  #joined(flowNumber: number, protocolNumber: number, { from, to, verdict }: RequestWay): Edge | undefined {
    const { client, server, hop, capture } = this.#reader.flow(flowNumber)
    // Beside a proxy nobody says where else it goes.
    if (hop === 'clear' && (from === undefined || to === undefined)) return undefined
    const ends = { from: from ?? client.name ?? '', fromIp: client.ip, to: to ?? server.name ?? '', toIp: server.ip }
    const protocol = this.#reader.protocol(protocolNumber)
    return this.#of([ends.from || ends.fromIp, ends.to || ends.toIp, verdict, protocol].join('\0'), { ...ends, toPort: server.port, hop: 'joined', namespace: '', capture, protocol, verdict })
  }

  #of(key: string, ends: Edge['key']): Edge | undefined {
    let edge = this.#edges.get(key)
    if (edge === undefined) {
      if (this.#edges.size >= MAX_EDGES) return undefined
      this.#edges.set(key, edge = new Edge(ends))
    }
    return edge
  }

  #edge(flowNumber: number, protocolNumber: number): Edge | undefined {
    const known = this.#ofFlow.get(flowNumber * 256 + protocolNumber)
    if (known !== undefined) return known
    const flow = this.#reader.flow(flowNumber)
    const protocol = this.#reader.protocol(protocolNumber)
    const { client, server, hop, capture } = flow
    const key = [client.name ?? client.ip, server.name ?? server.ip, server.port, hop, flow.namespace, protocol].join('\0')
    const edge = this.#of(key, { from: client.name ?? '', fromIp: client.ip, to: server.name ?? '', toIp: server.ip, toPort: server.port, hop, namespace: flow.namespace ?? '', capture, protocol })
    if (edge === undefined) return undefined
    if (flow.handshake >= 0 && edge.handshakes.size < MAX_HANDSHAKES) edge.handshakes.add(flow.handshake)
    if (this.#ofFlow.size >= MAX_FLOWS) this.#ofFlow.clear()
    this.#ofFlow.set(flowNumber * 256 + protocolNumber, edge)
    return edge
  }

  counts(): EdgeCounts[] {
    return [...this.#edges.values()].map(({ key, requests, errors, bytes, latencies, firstMicros, lastMicros, handshakes }) =>
      ({ ...key, requests, errors, bytes, latencies: latencies.sparse(), firstMicros, lastMicros, handshakes: [...handshakes] }))
  }
}
