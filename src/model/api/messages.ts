import type { Capture, Endpoint, Hop } from '../flow.ts'
import type { Outcome } from '../message.ts'
import type { Micros } from '../time.ts'

/**
 * What is known of the wire under a message. `mtls-seen`: the client's certificate was seen. `mtls-inferred`: its encrypted flight must hold one (TLS 1.3).
 * `tls-one-way`: the client showed none. `tls`: encrypted, and whether the client showed one is not known. `plaintext`: read on a wire.
 * `clear`: read on a loopback between an app and its proxy, which is expected. `unknown`: nothing can be said.
 */
export type WireVerdict = 'mtls-seen' | 'mtls-inferred' | 'tls-one-way' | 'tls' | 'plaintext' | 'clear' | 'unknown'

/** A line of the list. */
export interface MessageRow {
  /** Grows in the order of arrival, and is never used twice in a store. */
  readonly id: number
  readonly atMicros: Micros
  /** `http1`, `http2`, `grpc`, `graphql`, `websocket`, `redis`, `kafka`, `amqp`, `memcached`, `mongodb`, `mysql`, `postgres`, `dns`, `tls`, `tcp`, `udp`. */
  readonly protocol: string
  readonly what: string
  readonly status?: number | string
  readonly outcome: Outcome
  readonly elapsedMicros?: Micros
  /** Size of the request's and the response's body (or payload), as sent. */
  readonly requestBytes?: number
  readonly responseBytes?: number
  /** Number of the connection: `GET /api/v1/connections/:flow`. */
  readonly flow: number
  readonly client: Endpoint
  readonly server: Endpoint
  /** Where it was captured. */
  readonly capture: Capture
  readonly hop: Hop
  readonly namespace?: string
  readonly interface?: string
  /** Of this hop: `clear` on a loopback. */
  readonly verdict: WireVerdict
  /** Read out of encrypted bytes, with the secrets of a key log. */
  readonly decrypted?: true
  readonly complete: boolean
  /** The node whose agent captured it; only of a hub that merges agents. */
  readonly node?: string
  /** Only with `hops=joined`, of a hub that merges agents: the other end of this request, on another node, comes before it in the list and stands for both. Leave this row out. */
  readonly joinedTo?: number
  /** Where the request went, if its hops were joined and this message stands for all of them. */
  readonly way?: RequestWay
}

/** A request over all of its hops, by workload. */
export interface RequestWay {
  readonly from?: string
  readonly to?: string
  /** Of the wire between the two; `unknown`: nothing of it was seen there. */
  readonly verdict: WireVerdict
  /** Places where it was read or crossed. */
  readonly hops: number
  /** One end of its way over the wire was seen, and not the other. */
  readonly half?: RequestHalf
  /** Of a hub that merges agents: the nodes of its two ends, the client's first, where each has seen its own. */
  readonly nodes?: readonly [string, string]
}

/**
 * Which end of the wire it is, and what tells the same request at the other end; or why nothing does for certain. `alike`: others like it were under way there at the same time. `turns`: its records were not told
 * from those of others. `joined-late`: the beginning of the connection was not seen. `lost`: bytes of it were lost. `plaintext`: it was read on the wire, where nothing tells one request from the next like it.
 * Of a hub, for what the agents have told apart: `no-other-end`: no other node has it. `differs`: another node has it with another method, path, status, size or time.
 */
export interface RequestHalf {
  readonly side: 'client' | 'server'
  readonly key?: string
  readonly doubt?: 'alike' | 'turns' | 'joined-late' | 'lost' | 'plaintext' | 'no-other-end' | 'differs'
}

/**
 * `q`: a filter, empty for all. `from`, `to`: microseconds since the epoch, `from <= at < to`.
 * Matching messages have positions: whole numbers in the order of arrival, also negative ones: 0 is the first that came after this filter was first asked
 * for, -1 the newest before it. A position never changes within a `generation`; those below `start` are gone (the oldest go when the store is full).
 * `offset`: position of the first row wanted. `near`: id of a message that shall lie in the middle of the page instead (deep links). Default: the last `limit`.
 * `hops=joined`: each request once, as far as its hops could be joined; a filter that names a hop (`hop`, `netns`, `src.…`) shows all of them nevertheless.
 * Waits at most 250 ms for a search that has not got to the page; then `searching` is there and fewer rows than asked for: ask again.
 */
export interface MessagesQuery {
  q?: string
  from?: number
  to?: number
  offset?: number
  near?: number
  /** 1 to 1000, default 200. */
  limit?: number
  /** Default `all`. */
  hops?: 'joined' | 'all'
}

export interface MessagesPage {
  /** Positions that exist: `start <= position < end`. While `searching`, they are those found so far. */
  readonly start: number
  readonly end: number
  /** Position of the first of `rows`. */
  readonly offset: number
  readonly rows: readonly MessageRow[]
  /** Position of the message `near`; absent where the filter hides it or it is gone. */
  readonly nearPosition?: number
  /**
   * The search runs newest to oldest and goes on by itself. While it runs, `start` gets smaller.
   */
  readonly searching?: { readonly scanned: number, readonly of: number }
  /** Messages in the store, without the filter; where `joined`, those that stand for a request. */
  readonly stored: number
  /** Each request is here once. */
  readonly joined?: true
  /** Further hops of requests in the store, which `hops=joined` leaves out. */
  readonly furtherHops: number
  /** The hub was started anew or the search was forgotten: forget positions of another `generation`. */
  readonly generation: string
}

/** A hop of one request, from the client to the server. */
export interface RequestHop {
  /** `clear` on a loopback, `plain` on a wire, `tls` within a TLS connection. */
  readonly kind: 'clear' | 'plain' | 'tls'
  readonly client: Endpoint
  readonly server: Endpoint
  readonly atMicros?: Micros
  readonly elapsedMicros?: Micros
  /** Namespaces it was seen in. */
  readonly seenIn: readonly string[]
  /** Messages of this hop in the store. */
  readonly messages: readonly number[]
  readonly flows: readonly number[]
  /** Only of `tls`. */
  readonly tls?: TlsSummary
}

/** A TLS connection in a few words; absent is what was not seen. */
export interface TlsSummary {
  readonly verdict: WireVerdict
  readonly version?: string
  readonly cipherSuite?: string
  readonly group?: string
  readonly postQuantum?: boolean
  readonly alpn?: string
  readonly sni?: string
  readonly resumed?: boolean
  readonly client?: PeerIdentity
  readonly server?: PeerIdentity
  /** Message with the handshake. */
  readonly handshake?: number
  /** Short sentences: how the verdict is known, what would prove it. */
  readonly evidence: readonly string[]
}

/** Of a leaf certificate that was readable. */
export interface PeerIdentity {
  readonly subject?: string
  readonly issuer?: string
  readonly spiffeId?: string
  readonly names?: readonly string[]
  readonly notBefore?: string
  readonly notAfter?: string
}

export interface MessageDetail {
  readonly row: MessageRow
  /** The record as `tap -o json` prints it: docs/protocols/README.md. `request`, `response`, `notes` are here. */
  readonly record: JsonRecord
  /** `app → proxy ═ proxy → app`, client first; at least the message's own. */
  readonly hops: readonly RequestHop[]
  /** What joining the hops could not see. */
  readonly hopNotes: readonly string[]
  /** Of the connection this message travelled on or, for a clear hop, of the hop between the proxies. */
  readonly tls?: TlsSummary
  /** Neighbours in the same connection. */
  readonly previous?: number
  readonly next?: number
  /** Frames of it are kept. */
  readonly hasPackets: boolean
  /** Ways to say it again; only those that fit the protocol. */
  readonly copyAs: readonly CopyAs[]
  /** It can be replayed: to `host:port` of the capture. */
  readonly replay?: { readonly target: string, readonly protocol: 'http1' | 'http2' | 'grpc' }
}

/** docs/protocols/README.md. */
export interface JsonRecord {
  readonly at: string
  readonly protocol: string
  readonly capture: string
  readonly hop: string
  readonly namespace?: string
  readonly interface?: string
  readonly flow: string
  readonly client: Endpoint
  readonly server: Endpoint
  readonly elapsedMicros?: number
  readonly what: string
  readonly status?: number | string
  readonly outcome: string
  readonly decrypted?: boolean
  readonly complete: boolean
  readonly notes?: readonly string[]
  readonly request?: Readonly<Record<string, unknown>>
  readonly response?: Readonly<Record<string, unknown>>
  /** Of what is about TLS, in a store: what a verdict needs and the rest does not say. */
  readonly proof?: Readonly<Record<string, unknown>>
}

export interface CopyAs {
  readonly kind: 'curl' | 'httpie' | 'fetch' | 'grpcurl' | 'redis-cli'
  readonly text: string
  /** What the text cannot say: a redacted value, a body that was cut. */
  readonly notes: readonly string[]
}

export interface ConnectionPage {
  readonly flow: number
  readonly client: Endpoint
  readonly server: Endpoint
  readonly tls?: TlsSummary
  readonly total: number
  /** Oldest first. Rows with their records, so that a stream of WebSocket or gRPC messages needs one call. */
  readonly messages: readonly { readonly row: MessageRow, readonly record: JsonRecord }[]
  readonly more: boolean
}

export interface PacketList {
  readonly packets: readonly PacketInfo[]
  /** There were more than `limit` (default 200). */
  readonly more: boolean
  /** Why frames may be missing. */
  readonly notes: readonly string[]
}

export interface PacketInfo {
  /** In the file that `GET /api/v1/export?format=pcapng&ids=…` gives, from 1. */
  readonly number: number
  /** In the file that was opened, where one was: as Wireshark counts. */
  readonly fileNumber?: number
  readonly atMicros: Micros
  readonly interface?: string
  readonly from: Endpoint
  readonly to: Endpoint
  /** `SYN`, `ACK PSH` …; absent for UDP. */
  readonly flags?: string
  readonly sequence?: number
  readonly payloadBytes: number
  readonly wireBytes: number
  /** The frame, the first 2 KiB of it, in base64. */
  readonly base64: string
}
