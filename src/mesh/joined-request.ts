import type { RequestHalf } from '../model/api.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Micros } from '../model/time.ts'

/** What a tap says: a message and the connection that it was said on. */
export interface HopMessage { readonly flow: FlowInfo, readonly message: Message }

/**
 * Whether the client of a TLS connection showed a certificate. `certificate`: it was in the clear (TLS 1.2). `inferred`: its
 * encrypted flight is too long for a Finished alone (TLS 1.3). `none`: there was no room for one, or none was asked for.
 * `unknown`: joined late, resumed, or lost.
 */
export type ClientProof = 'certificate' | 'inferred' | 'none' | 'unknown'

/** The request was read, on a loopback (`clear`) or on a wire (`plain`). */
export interface ReadableHop {
  readonly kind: 'clear' | 'plain'
  readonly client: Endpoint
  readonly server: Endpoint
  readonly atMicros: Micros
  readonly elapsedMicros: Micros | undefined
  /** Namespaces that it was captured in; empty for this machine's own. */
  readonly seenIn: readonly string[]
  /** Ids of the flows, in the order of `seenIn`. */
  readonly flows: readonly string[]
}

/** It crossed inside a TLS connection. What was not seen of that connection is undefined. */
export interface TlsHop {
  readonly kind: 'tls'
  readonly client: Endpoint
  readonly server: Endpoint
  readonly version: string | undefined
  readonly suite: string | undefined
  readonly group: string | undefined
  readonly alpn: string | undefined
  readonly sni: string | undefined
  readonly resumed: boolean | undefined
  readonly clientProof: ClientProof
  /**
   * `turn`: records went over this connection while the request was under way. `connection`: none were told apart, but the
   * only connections between the two that were open at the time are TLS; where they differ, what differs is undefined.
   */
  readonly evidence: 'turn' | 'connection'
  /** Of application data, both ways, in turns that began while the request was under way. Bytes include the record headers. */
  readonly records: number | undefined
  readonly bytes: number | undefined
  readonly atMicros: Micros | undefined
  readonly seenIn: readonly string[]
  readonly flows: readonly string[]
}

export type JoinedHop = ReadableHop | TlsHop

/**
 * What the hops say about the wire, and no more. `mtls-seen`: the client's certificate was in the clear. `mtls-inferred`: it
 * must have been there. `tls-one-way`: there was none. `tls`: encrypted, and whether the client showed one is not known.
 * `plaintext`: the request was read on a wire. `wire-not-seen`: it was read on a loopback and nowhere else.
 */
export type JoinedVerdict = 'mtls-seen' | 'mtls-inferred' | 'tls-one-way' | 'tls' | 'plaintext' | 'wire-not-seen'

/** One request, put together from all places where something of it was seen. */
export interface JoinedRequest {
  readonly atMicros: Micros
  readonly elapsedMicros: Micros | undefined
  /** Names of the namespaces, or else of the addresses; undefined where only a loopback was seen, and whose it is cannot be told. */
  readonly from: string | undefined
  readonly to: string | undefined
  /** As seen nearest to the client. */
  readonly message: Message
  /** From the client to the server. */
  readonly hops: readonly JoinedHop[]
  readonly verdict: JoinedVerdict
  /** What was looked for and not seen. */
  readonly notes: readonly string[]
  /** Where it was read at one end of the wire only. */
  readonly half?: RequestHalf
}
