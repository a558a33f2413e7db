import type { Health } from '../health.ts'
import type { Micros } from '../time.ts'
import type { WireVerdict } from './messages.ts'

/** A filter and a range of time, as in MessagesQuery. */
export interface RangeQuery { q?: string, from?: number, to?: number }

export interface CaptureInfo {
  readonly version: string
  /** `file`: read from files, which ends. `live`: goes on until stopped. */
  readonly kind: 'file' | 'live'
  /** For the title: `demo mesh`, `capture.pcapng`. */
  readonly title: string
  /** Files that were opened; `reading` until all of it is in. */
  readonly files: readonly { readonly name: string, readonly reading: boolean, readonly readBytes: number, readonly totalBytes?: number, readonly problem?: string }[]
  readonly firstMicros?: Micros
  readonly lastMicros?: Micros
  readonly stored: number
  /** Bounds of the store, and what went because of them. */
  readonly keep: KeepInfo
  /** Rules of redaction in force; empty: --no-redact. */
  readonly redaction: readonly string[]
  /** Packets are kept, so that those of a message can be saved. */
  readonly packets: boolean
  readonly replay: boolean
}

export interface KeepInfo {
  readonly sizeBytes?: number
  readonly ageSeconds?: number
  readonly usedBytes: number
  /** Messages and packets' bytes that went because the store was full or they were old. */
  readonly removedMessages: number
  readonly removedPacketBytes: number
  /** The disk is full, or the like: what happens now. */
  readonly problem?: string
}

/** Latencies in microseconds, within 5 %; absent without a request that was answered. */
export interface Latency { readonly p50Micros?: number, readonly p95Micros?: number, readonly p99Micros?: number }

export interface MapNode {
  readonly id: string
  /** Workload name, else the address. */
  readonly name: string
  /** The group: of Kubernetes, or what precedes the last dot of a name; absent where there is none. */
  readonly namespace?: string
  /** It has a name; false: only an address. */
  readonly named: boolean
  readonly requestsIn: number
  readonly requestsOut: number
  /** A filter for its messages: `src.name == "web" || dst.name == "web"`. */
  readonly filter: string
}

export interface MapEdge extends Latency {
  readonly from: string
  readonly to: string
  /** Requests counted once, however many hops they were seen on. */
  readonly requests: number
  readonly errors: number
  readonly perSecond: number
  readonly bytes: number
  readonly protocols: readonly string[]
  readonly verdict: WireVerdict
  readonly filter: string
}

export interface MapAnswer {
  readonly nodes: readonly MapNode[]
  readonly edges: readonly MapEdge[]
  /** More than 500 nodes: the busiest are here. */
  readonly omittedNodes: number
  readonly fromMicros?: Micros
  readonly toMicros?: Micros
  readonly searching?: { readonly scanned: number, readonly of: number }
  /** Of a hub that merges agents: of requests of which an end of the wire was seen at most so many are counted at both ends, on two nodes, since nothing tells for certain that these are of one. Absent: none. */
  readonly twice?: number
}

export type CheckVerdict = 'mtls' | 'mtls-inferred' | 'tls' | 'plaintext' | 'mixed' | 'unknown'

export interface CheckEvidence {
  /** Short sentence. */
  readonly text: string
  /** Message and frame numbers behind it. */
  readonly message?: number
  readonly frames?: readonly number[]
  readonly atMicros?: Micros
}

export interface CheckEdge {
  readonly from: string
  /** `cart:8080` */
  readonly to: string
  readonly verdict: CheckVerdict
  readonly connections: number
  readonly evidence: readonly CheckEvidence[]
  readonly findings: readonly { readonly severity: 'error' | 'warning' | 'note', readonly text: string }[]
  /** Why it is not mTLS, as far as it can be found; what would mend or prove it. */
  readonly why?: string
  readonly fix?: string
  /** The same apart, of all causes that were found; `kind` as in docs/check.md. */
  readonly causes: readonly { readonly kind: string, readonly what: string, readonly fix: string }[]
  readonly filter: string
}

/** Worst first. */
export interface CheckAnswer {
  readonly edges: readonly CheckEdge[]
  readonly counts: Readonly<Record<CheckVerdict, number>>
  readonly notes: readonly string[]
}

/** `format`: what `mtlscope check -o` writes. No expectation is judged. */
export interface CheckReportQuery extends RangeQuery { format: 'text' | 'json' | 'html' | 'junit' | 'sarif' | 'md' }

export interface StatisticsQuery extends RangeQuery {
  /** Default `protocol`. */
  by?: 'protocol' | 'service' | 'path' | 'outcome'
  /** As in MessagesQuery; default `all`. */
  hops?: 'joined' | 'all'
  /** Points over the range, 10 to 500, default 120. */
  points?: number
}

/** Columns of the same length as `atMicros`; null: no data. */
export interface Series {
  readonly requests: readonly number[]
  readonly errors: readonly number[]
  readonly p50Micros: readonly (number | null)[]
  readonly p95Micros: readonly (number | null)[]
  readonly bytes: readonly number[]
}

export interface StatisticsGroup extends Latency {
  readonly name: string
  readonly requests: number
  readonly errors: number
  readonly bytes: number
  readonly series: Series
  /** Absent where no filter says it (a path template without fixed parts). */
  readonly filter?: string
}

export interface StatisticsAnswer {
  /** Start of each step. */
  readonly atMicros: readonly Micros[]
  readonly stepMicros: Micros
  readonly total: Omit<StatisticsGroup, 'name' | 'filter'>
  /** Busiest first, at most 50; `omittedGroups` more. */
  readonly groups: readonly StatisticsGroup[]
  readonly omittedGroups: number
  readonly searching?: { readonly scanned: number, readonly of: number }
  /** As in MapAnswer. */
  readonly twice?: number
}

/** Of a hub that merges agents: one of them. */
export interface NodeHealth {
  readonly name: string
  readonly state: 'answers' | 'missing'
  /** Why it is missing, or what is strange about it. */
  readonly why?: string
  /** Since when it answers, or is missing. */
  readonly sinceMicros?: Micros
  /** How many it has seen in all. */
  readonly messages?: number
  readonly packetsPerSecond?: number
}

export interface HealthAnswer {
  readonly health: Health
  readonly keep: KeepInfo
  /** Packets a second over the last seconds; 0 for files. */
  readonly packetsPerSecond: number
  readonly messagesPerSecond: number
  /** What is wrong or worth knowing, worst first: what, why, and the next command. Never empty while the list is. */
  readonly advice: readonly { readonly severity: 'error' | 'warning' | 'note', readonly text: string, readonly next?: string }[]
  /** Lines given up between the capture and the store, and browsers that were too slow. */
  readonly droppedLines: number
  readonly clients: number
  /** Only of a hub that merges agents; missing ones first. */
  readonly nodes?: readonly NodeHealth[]
}
