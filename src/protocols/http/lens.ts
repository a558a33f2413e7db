import type { Buffer } from 'node:buffer'
import type { Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Settings } from '../protocol.ts'
import type { Header } from './headers.ts'

/** One direction of an HTTP exchange, whatever version of HTTP carried it. */
export interface HttpHalf {
  /** As sent and unredacted; names in any case, no pseudo-header fields. */
  readonly headers: readonly Header[]
  readonly trailers: readonly Header[]
  /** As sent; empty where there is none. */
  readonly contentType: string
  /** Of the body as it was sent, content codings and all. */
  readonly bodyBytes: number
  /** The kept first bytes of the body, content codings undone, no framing of HTTP. Not to be written to. */
  body(): Buffer
  /** The same with one character a byte: the cheaper of the two where the body came in one piece. */
  bodyLatin1(): string
  /** `body()` is the whole of it. */
  readonly bodyIsWhole: boolean
}

/** RST_STREAM of HTTP/2. */
export interface HttpReset {
  readonly by: 'client' | 'server'
  /** Of RFC 9113 §7. */
  readonly code: number
  /** Since the head of the request; undefined where that was not captured. */
  readonly afterMicros: Micros | undefined
}

/** A request with its response, or what was seen of the two. */
export interface HttpCall {
  readonly method: string
  /** Path and query, unredacted. */
  readonly target: string
  /** Undefined while there is no final response. */
  readonly status: number | undefined
  readonly request: HttpHalf | undefined
  readonly response: HttpHalf | undefined
  /** How the stream was ended before its time. */
  readonly reset?: HttpReset | undefined
}

/** What decides whether a lens looks at an exchange; all of it stands in the heads. */
export interface HttpHeads {
  readonly method: string
  readonly target: string
  /** Lower case, with its parameters; empty where there is none. */
  readonly requestType: string
  readonly responseType: string
}

/** A protocol that is spoken in the bodies of HTTP: gRPC, GraphQL. It looks at exchanges that HTTP has put together. */
export interface Lens {
  /** Stands as the protocol of the messages that it claims. */
  readonly name: string
  /** Bytes of the request's body that it wants kept although nobody asked for bodies, for `what`. 0: none. Asked when the head is there. */
  wantedBytes(heads: HttpHeads): number
  /** The same of the response's body, asked when both heads are there. */
  wantedAnswerBytes?(heads: HttpHeads): number
  /** May the exchange be one of its own? Asked for each exchange, so quick. */
  claims(heads: HttpHeads): boolean
  /** Looks closer. Undefined: it is plain HTTP after all. Called when the message is first read; hostile bytes never make it throw. */
  look(call: HttpCall, settings: Settings): LensView | undefined
}

export interface LensView {
  readonly what: string
  readonly status: number | string | undefined
  readonly outcome: Outcome
  /** To those of HTTP. */
  readonly notes: readonly string[]
  /** Stand under the name of the lens beside the fields of HTTP; redacted. */
  readonly request: object | undefined
  readonly response: object | undefined
  /** The views above show all that is in the body: HTTP leaves its own out. */
  readonly showsBody: boolean
}
