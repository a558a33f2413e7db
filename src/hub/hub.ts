import { randomBytes } from 'node:crypto'
import { VERSION } from '../base/version.ts'
import type { Edge } from '../check/edge.ts'
import type { EdgeVerdict, Reason } from '../check/verdict.ts'
import type { CaptureInfo, HealthAnswer, KeepInfo } from '../model/api.ts'
import type { Health } from '../model/health.ts'
import { emptyHealth } from '../model/health.ts'
import type { SchemaSource } from '../protocols/protocol.ts'
import type { RedactionRules } from '../protocols/redaction.ts'
import type { Store } from '../store/store.ts'
import { adviceOf } from './advice.ts'
import type { ClusterSide } from './cluster-side.ts'
import { nodeAdvice } from './cluster-side.ts'
import type { FileState } from './file-reading.ts'
import type { PacketSource } from './packet-search.ts'
import { JoinedRequests } from './joined-requests.ts'
import { Rates } from './rates.ts'
import { RowViews } from './row-view.ts'

export interface HubOptions {
  readonly kind: CaptureInfo['kind']
  /** For the title of the page. */
  readonly title: string
  /** In force where records are made, and for the answers of replays. */
  readonly redaction: RedactionRules
  readonly replay?: boolean
  /** Types of --proto: by them a replayed message is encoded. */
  readonly schemas?: SchemaSource
  /** Where the store is that of agents. */
  readonly cluster?: ClusterSide
}

/** Why edges are not mTLS, from the rules and processes of the namespaces that are watched. */
export interface ReasonSource {
  reasonsOf(edge: Edge, verdict: EdgeVerdict): Promise<readonly Reason[]>
  /** What could not be read. */
  readonly notes: readonly string[]
}

/** Raw packets that are kept beside the store; see packet-segments.ts. */
export interface PacketKeeping { readonly maxBytes: number, readonly usedBytes: number, readonly removedBytes: number, readonly problem: string | undefined, readonly sources: readonly PacketSource[] }

/** What all routes share: the store, what is known of the capture, who looks on. */
export class Hub {
  readonly store: Store
  readonly views: RowViews
  readonly options: HubOptions
  readonly joined: JoinedRequests
  readonly files: FileState[] = []
  /** Changes with every start, so that positions of another are not mixed up with ours. */
  readonly generation = randomBytes(6).toString('base64url')
  readonly #rates = new Rates()
  packets: PacketKeeping | undefined
  /** Asked for each report. Undefined where no namespace can be looked into. */
  reasons: (() => ReasonSource) | undefined
  clients = 0
  droppedLines = 0
  #ended = false
  #health: () => Health = emptyHealth
  readonly #endListeners = new Set<() => void>()

  constructor(store: Store, options: HubOptions) {
    this.store = store
    this.options = options
    this.views = new RowViews(store)
    this.joined = new JoinedRequests(store, () => this.files.some(({ reading, hasEnd }) => reading && hasEnd))
  }

  /** Where health is asked for. */
  set healthSource(source: () => Health) {
    this.#health = source
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Nothing more will come. That is told once it is known of all that came which requests it is of: who is told asks for the last time. */
  end(): void {
    void this.joined.end().then(() => {
      this.#ended = true
      for (const tell of this.#endListeners) tell()
    })
  }

  onEnd(tell: () => void): () => void {
    this.#endListeners.add(tell)
    return () => this.#endListeners.delete(tell)
  }

  async capture(): Promise<CaptureInfo> {
    const info = await this.store.info()
    return {
      version: VERSION, kind: this.options.kind, title: this.options.title,
      files: this.files.map(({ name, reading, readBytes, totalBytes, problem }) => ({ name, reading, readBytes, ...(totalBytes !== undefined && { totalBytes }), ...(problem !== undefined && { problem }) })),
      ...(info.firstMicros !== undefined && { firstMicros: info.firstMicros }), ...(info.lastMicros !== undefined && { lastMicros: info.lastMicros }),
      stored: info.stored, keep: this.#keep(info.keep), redaction: this.cluster?.redaction ?? redactionWords(this.options.redaction), packets: this.hasPackets, replay: this.replays,
    }
  }

  /** Where the packets of messages are found: the files that were opened, or what is kept of a live capture. */
  get packetSources(): readonly PacketSource[] {
    return this.packets?.sources ?? this.files.filter((file) => file.hasPackets).map(({ path }) => ({ path }))
  }

  get cluster(): ClusterSide | undefined {
    return this.options.cluster
  }

  /** By the capture so far; none of what no packets were of (HAR). */
  get packetsSeen(): number {
    return this.#health().packets
  }

  get hasPackets(): boolean {
    return this.packetSources.length > 0 || (this.cluster?.hasPackets ?? false)
  }

  get replays(): boolean {
    return this.options.replay === true && (this.cluster?.replay ?? true)
  }

  #keep(keep: KeepInfo): KeepInfo {
    if (this.packets === undefined) return keep
    const { maxBytes } = this.packets
    return { ...keep, ...(keep.sizeBytes !== undefined && { sizeBytes: keep.sizeBytes + maxBytes }), usedBytes: keep.usedBytes + this.packets.usedBytes, removedPacketBytes: this.packets.removedBytes, ...(this.packets.problem !== undefined && { problem: this.packets.problem }) }
  }

  async health(): Promise<HealthAnswer> {
    const health = this.#health()
    const info = await this.store.info()
    const rates = this.#rates.look(health.packets, health.messages)
    const isFile = this.options.kind === 'file'
    const keep = this.#keep(info.keep)
    const droppedLines = this.droppedLines + (this.cluster?.droppedLines ?? 0)
    const nodes = this.cluster?.nodes()
    const advice = adviceOf({ health, keep, stored: info.stored, kind: this.options.kind, files: this.files, droppedLines })
    return {
      health, keep, packetsPerSecond: isFile ? 0 : rates.packets, messagesPerSecond: isFile ? 0 : rates.messages,
      advice: nodes === undefined ? advice : [...nodeAdvice(nodes), ...advice], droppedLines, clients: this.clients, ...(nodes !== undefined && { nodes }),
    }
  }
}

/** The rules as they are written behind --redact. */
function redactionWords({ headers, parameters, texts }: RedactionRules): string[] {
  return [...headers.map((name) => `header:${name}`), ...parameters.map((name) => `param:${name}`), ...texts.map((text) => `text:${text}`)]
}
