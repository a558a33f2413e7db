import type { KeepInfo } from '../../model/api.ts'
import type { Health } from '../../model/health.ts'
import type { Micros } from '../../model/time.ts'
import type { PartAnswers, PartAsk, PartKind } from '../../store/search-part.ts'
import type { Selection, Store } from '../../store/store.ts'

/** What an agent answers beside the API of a hub. Only its own hub may ask; see docs/cluster.md. */
export const AGENT_PREFIX = '/agent/v1'

/** Methods of the store that are asked for from afar: `POST /agent/v1/store/METHOD` with the arguments as a JSON array. */
export const REMOTE_METHODS = ['records', 'batch', 'connection', 'witnesses', 'values', 'edges', 'series', 'info'] as const
export type RemoteMethod = (typeof REMOTE_METHODS)[number]

export type RemoteStore = Pick<Store, RemoteMethod>

/** One store of several that are merged. Every call rejects where it does not answer in time. */
export interface StorePart extends RemoteStore {
  /** From message-id.ts; the numbers within its answers are the store's own. */
  readonly slot: number
  /** For people. */
  readonly node: string
  /** It knows of requests of which it saw one end; agents of before 0.2 do not. */
  readonly crossings: boolean
  part<K extends PartKind>(selection: Selection, ask: PartAsk & { readonly kind: K }): Promise<PartAnswers[K]>
}

/** The first line of `GET /agent/v1/changes`. */
export interface AgentHello {
  readonly kind: 'hello'
  readonly node: string
  readonly version: string
  readonly store: number
  /** As a hub gave it to this store: `POST /agent/v1/slot` with `{ slot }`. */
  readonly slot?: number
  readonly packets: boolean
  readonly replay: boolean
  readonly redaction: readonly string[]
  /** It answers `crossings` (PartAsk). */
  readonly crossings?: boolean
}

/** Each further line: when something changed, and at least every STATE_MS. */
export interface AgentState {
  readonly kind: 'state'
  /** The clock of the node. */
  readonly nowMicros: Micros
  readonly lastId: number
  /** Of every message up to this it is known whether it stands for a request. */
  readonly decidedTo?: number
  /** Only where it differs from what was said before. */
  readonly health?: Health
  readonly keep?: KeepInfo
  readonly droppedLines?: number
}

export const STATE_MS = 2000
export const CHANGE_MS = 200
