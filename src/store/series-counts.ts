import type { RequestWay } from '../model/api.ts'
import type { Micros } from '../model/time.ts'
import { Latencies } from './latency-buckets.ts'
import { pathTemplate } from './path-template.ts'
import { OUTCOMES } from './record-columns.ts'
import type { Columns, RecordReader } from './record-reader.ts'
import type { GroupBy, GroupCounts, SeriesCounts, SeriesQuery } from './store.ts'

/** The busiest are told; as many are counted at most, and the rest together. */
const MAX_GROUPS = 50
const MAX_COUNTED = 5000
const FIRST_ERROR = 4
export const OTHERS = '(others)'

class Group {
  readonly requests: Uint32Array
  readonly errors: Uint32Array
  readonly bytes: Float64Array
  readonly latencies: (Latencies | undefined)[]
  total = 0

  constructor(points: number) {
    this.requests = new Uint32Array(points)
    this.errors = new Uint32Array(points)
    this.bytes = new Float64Array(points)
    this.latencies = new Array<Latencies | undefined>(points).fill(undefined)
  }
}

/** Counts over time, by a group. */
export class SeriesTable {
  readonly #reader: RecordReader
  readonly #by: GroupBy
  readonly #requests: boolean
  readonly #fromMicros: Micros
  readonly #stepMicros: Micros
  readonly #points: number
  readonly #maxGroups: number
  readonly #groups = new Map<string, Group>()

  /** @param requests each is counted once, for the workload that answers it */
  constructor(reader: RecordReader, { by, groups = MAX_GROUPS, requests = false }: Pick<SeriesQuery, 'by' | 'groups' | 'requests'>, fromMicros: Micros, stepMicros: Micros, points: number) {
    this.#reader = reader
    this.#requests = requests
    this.#by = by
    this.#fromMicros = fromMicros
    this.#stepMicros = stepMicros
    this.#points = points
    this.#maxGroups = groups
  }

  add(columns: Columns, way: RequestWay | undefined): void {
    const [, at, elapsed, , , , outcome, , , requestBytes, responseBytes] = columns
    const step = Math.floor((at - this.#fromMicros) / this.#stepMicros)
    if (step < 0 || step >= this.#points) return
    const group = this.#group(this.#nameOf(columns, way))
    group.total++
    group.requests[step]!++
    if (outcome >= FIRST_ERROR) group.errors[step]!++
    group.bytes[step]! += Math.max(0, requestBytes) + Math.max(0, responseBytes)
    if (elapsed >= 0) (group.latencies[step] ??= new Latencies()).add(elapsed)
  }

  #nameOf(columns: Columns, way: RequestWay | undefined): string {
    switch (this.#by) {
      case 'protocol': return this.#reader.protocol(columns[3])
      case 'outcome': return OUTCOMES[columns[6]] ?? 'none'
      case 'service': return this.#serviceOf(columns, way)
      case 'path': return operationOf(this.#reader.protocol(columns[3]), columns[11])
      case 'operation': {
        const protocol = this.#reader.protocol(columns[3])
        return `${this.#serviceOf(columns, way)}\t${protocol}\t${operationOf(protocol, columns[11])}`
      }
    }
  }

  #serviceOf(columns: Columns, way: RequestWay | undefined): string {
    const { server, namespace } = this.#reader.flow(columns[7])
    const to = this.#requests && namespace !== undefined ? way?.to : undefined
    return to ?? server.name ?? `${server.ip}:${server.port}`
  }

  #group(name: string): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    if (this.#groups.size >= MAX_COUNTED && name !== OTHERS) return this.#group(OTHERS)
    const group = new Group(this.#points)
    this.#groups.set(name, group)
    return group
  }

  counts(): SeriesCounts {
    const sorted = [...this.#groups].sort(([, a], [, b]) => b.total - a.total)
    const rest = sorted.slice(this.#maxGroups)
    const told = sorted.slice(0, this.#maxGroups).map(([name, group]) => countsOf(name, group))
    if (rest.length > 0) told.push(countsOf(OTHERS, this.#together(rest.map(([, group]) => group))))
    return { fromMicros: this.#fromMicros, stepMicros: this.#stepMicros, groups: told, omittedGroups: rest.length }
  }

  #together(groups: readonly Group[]): Group {
    const all = new Group(this.#points)
    for (const group of groups) {
      for (let i = 0; i < this.#points; i++) {
        all.requests[i]! += group.requests[i]!
        all.errors[i]! += group.errors[i]!
        all.bytes[i]! += group.bytes[i]!
        const latencies = group.latencies[i]
        if (latencies !== undefined) (all.latencies[i] ??= new Latencies()).addAll(latencies.sparse())
      }
    }
    return all
  }
}

function countsOf(name: string, group: Group): GroupCounts {
  return {
    name, requests: [...group.requests], errors: [...group.errors], bytes: [...group.bytes],
    latencies: group.latencies.map((latencies) => latencies?.sparse() ?? []),
  }
}

/** What is counted as one operation: `GET /cart/{id}`, `shop.Cart/Get`, `HGETALL`. */
export function operationOf(protocol: string, what: string): string {
  switch (protocol) {
    case 'http1': case 'http2': {
      const space = what.indexOf(' ')
      return space < 0 ? what : `${what.slice(0, space)} ${pathTemplate(what.slice(space + 1))}`
    }
    case 'grpc': case 'graphql': return what
    case 'websocket': return what.split(' ', 1)[0]!
    default: return `${protocol}: ${what.split(' ', 1)[0]!.slice(0, 60)}`
  }
}
