import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { Header } from './http/headers.ts'
import type { RedactionRules } from './redaction.ts'
import { DEFAULT_REDACTION } from './redaction.ts'
import type { SecretSource } from './secret-source.ts'

export type Probe = 'yes' | 'no' | 'more'

/** What the reader of the messages wants; a dissector may do less work, never more. Plain data: it is sent to other threads. */
export interface Settings {
  /** Bytes of each body that are kept, as captured and once more after decompression. 0 keeps none and counts only. */
  readonly bodyLimitBytes: number
  /**
   * Also report each turn of unreadable application data (records and bytes each way) as a message, once the next one begins. `as-answered`: once the server begins to answer it, with as much of
   * the answer as that is; turns without an answer are not reported.
   */
  readonly ciphertextTurns: boolean | 'as-answered'
  /**
   * False: nobody reads `request` and `response` of messages, so that a dissector need not keep what only they show. Default: true.
   */
  readonly details?: boolean
  /** True: messages are read when they are told and not kept, so that their objects may serve for others afterwards. Default: false. */
  readonly readAtOnce?: boolean
  /** Keep of each TLS handshake what its signatures are over, so that they can be checked. Default: false. */
  readonly signatures?: boolean
  /** What must not be shown; `redactorOf` makes it ready. */
  readonly redaction: RedactionRules
  /** Secrets of TLS sessions, where a key log is read. Not plain data: each thread sets its own. */
  readonly secrets?: SecretSource
  /** Types of protobuf messages; `schemasOf` makes them ready. */
  readonly schemas?: SchemaSource
}

/** What is known of protobuf messages before anything was captured. */
export interface SchemaSource {
  /** Serialized google.protobuf.FileDescriptorSet messages, whole with all that they import. */
  readonly descriptorSets: readonly Uint8Array[]
}

export const DEFAULT_SETTINGS: Settings = { bodyLimitBytes: 64 * 1024, ciphertextTurns: false, redaction: DEFAULT_REDACTION }

/** The HTTP/1 exchange that made a connection go on as another protocol. Headers as sent: redact them before they are shown. */
export interface Handover {
  readonly atMicros: Micros
  readonly method: string
  /** As in the request line. Empty where the request was not captured. */
  readonly target: string
  readonly requestHeaders: readonly Header[]
  readonly responseHeaders: readonly Header[]
}

/** Where a dissector puts what it found. None of the calls throws. */
export interface Sink {
  message(m: Message): void
  /** Peer bytes that break the protocol. `offset` counts the bytes of that side since the dissector was opened. */
  malformed(side: Side, what: string, offset: number): void
  /**
   * The connection goes on as another protocol (Upgrade, CONNECT, STARTTLS). `undefined`: detect it anew.
   * The rests are what arrived and was not consumed, borrowed until return. The dissector is not called again.
   */
  switchTo(protocol: string | undefined, clientRest: Uint8Array, serverRest: Uint8Array, handover?: Handover): void
  /** This was a wrong guess: detect anew among the others, from the bytes that follow. The dissector is not called again. */
  disown(): void
  /**
   * Opens a conversation within this one, for the bytes that were decrypted; its messages are marked as such. `alpn` is what was agreed
   * on: it decides the protocol, else the content does. Absent or undefined where conversations are nested too deeply.
   */
  nested?(alpn: string | undefined): Nested | undefined
  /** Address and port of the server, where they are known: for what holds beyond one connection. */
  server?(): string | undefined
}

/** The conversation inside a dissector's own. As with a Dissector: bytes are borrowed until return, `end` comes once a side. */
export interface Nested {
  /** The next bytes are buf[from, to). */
  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void
  gap(side: Side, bytes: number, at: Micros): void
  end(side: Side, at: Micros): void
  readonly heldBytes: number
}

/** One connection. It owns both directions. Peer bytes never make it throw. */
export interface Dissector {
  /** Told once, before any bytes: they may begin in the middle of a message. For those who must then be stricter. */
  joinedLate?(): void
  /** The next in-order bytes of one side, cut anywhere; borrowed until return, so copy what must stay. Never empty. */
  data(side: Side, chunk: Uint8Array, at: Micros): void
  /** `bytes` of this side are lost for good: resynchronise, or report malformed and go quiet. */
  gap(side: Side, bytes: number, at: Micros): void
  /** No more bytes from this side: emit what is half-built, marked incomplete. Called once a side. */
  end(side: Side, at: Micros): void
  /** About what it keeps of bytes and messages that are not told yet. Asked seldom. */
  readonly heldBytes?: number
}

/** A dissector that can do without a view of each chunk, which costs more than a short message takes to read. */
export interface InPlaceDissector extends Dissector {
  /** As `data`, the bytes being buf[from, to). */
  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void
}

export function isInPlace(dissector: Dissector): dissector is InPlaceDissector {
  return 'dataIn' in dissector
}

/** A protocol plug-in: bytes in, messages out. No sockets, no clock, no globals. */
export interface Protocol {
  /** The key in JSON, the store, the filter language and the UI: `http1`. */
  readonly name: string
  /** URL that the § references in the code point into. */
  readonly spec: string
  /** Probe order only, never proof. */
  readonly ports: readonly number[]
  /** First bytes of both sides, either possibly empty. 'more' until it can tell. */
  probe(client: Uint8Array, server: Uint8Array): Probe
  /** `handover`: the connection became this protocol by an HTTP Upgrade. */
  open(sink: Sink, settings: Settings, handover?: Handover): Dissector
}
