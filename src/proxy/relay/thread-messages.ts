import type { SidecarPlan } from '../sidecar-plan.ts'
import type { ConnectionInfo, FinishedConnection } from './connection-report.ts'
import type { TlsMaterial } from './relay.ts'
import type { SocketAddress } from './socket-address.ts'

/** What a listening socket is for. `mapped`: index in outbound.map. */
export type ListenerUse = { readonly kind: 'inbound' } | { readonly kind: 'outbound' } | { readonly kind: 'mapped', readonly index: number }

/** A listening socket that the thread takes over with its descriptor. */
export interface ListenerHandle {
  /** Kind and address: the same in two plans where the socket can stay. */
  readonly key: string
  readonly fd: number
  readonly use: ListenerUse
}

export interface Credentials {
  readonly material: TlsMaterial
  readonly ticketKeys: Uint8Array
  /** What the own certificate proves. */
  readonly ownIdentity: string
}

/** Addresses of names that plans mention, by name. */
export type NameAddresses = Readonly<Record<string, readonly SocketAddress[]>>

export type ThreadCommand =
  /** `listeners` are the new ones; open ones with a key that `uses` lacks are closed. */
  | { readonly kind: 'plan', readonly plan: SidecarPlan, readonly listeners: readonly ListenerHandle[], readonly uses: readonly (readonly [string, ListenerUse])[] }
  | { readonly kind: 'credentials', readonly credentials: Credentials }
  | { readonly kind: 'names', readonly names: NameAddresses }
  | { readonly kind: 'snapshot', readonly id: number }
  | { readonly kind: 'drain', readonly timeoutMs: number }
  | { readonly kind: 'tap', readonly on: boolean }
  | { readonly kind: 'close' }

/** What is known of a connection when the first of its chunks is handed over. */
export interface TapOpening { readonly info: ConnectionInfo, readonly client: SocketAddress, readonly server: SocketAddress }

/** Plaintext of a connection as it passed; in order for each direction. */
export interface TappedChunk {
  readonly connection: number
  /** With the first chunk of a connection since the tap was last turned on. */
  readonly opening?: TapOpening
  readonly fromClient: boolean
  /** Bytes of this direction that came before, tapped or not. */
  readonly offset: number
  /** Empty: this side is done. */
  readonly bytes: Uint8Array
  readonly atMicros: number
}

export type ThreadReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'finished', readonly connections: readonly FinishedConnection[] }
  | { readonly kind: 'tapped', readonly chunks: readonly TappedChunk[] }
  | { readonly kind: 'snapshot', readonly id: number, readonly connections: readonly ConnectionInfo[] }
  | { readonly kind: 'drained', readonly cutOff: number }

export interface ThreadInput {
  /** eventfd by which the main thread wakes this one. */
  readonly wakeFd: number
  readonly counters: SharedArrayBuffer
  readonly slots: SharedArrayBuffer
  /** Tapped bytes on their way to the main thread, as one Int32: added to by the thread, taken from by the main one. */
  readonly tapBacklog: SharedArrayBuffer
  /** Of connection ids: this one, then every `idStep`. */
  readonly firstId: number
  readonly idStep: number
  readonly plan: SidecarPlan
  readonly listeners: readonly ListenerHandle[]
  readonly credentials: Credentials
  readonly names: NameAddresses
}
