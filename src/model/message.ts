import type { Micros } from './time.ts'

/**
 * How a message ended, for colour and filters alike:
 * `info` 1xx, `ok` 2xx, `redirect` 3xx, `client-error` 4xx, `server-error` 5xx and the errors of other protocols, `none` when nothing was answered.
 */
export type Outcome = 'info' | 'ok' | 'redirect' | 'client-error' | 'server-error' | 'none'

/** A text that is added often, as UTF-8: four bytes in each word, the first of them lowest. */
export interface TextPiece {
  readonly words: Int32Array
  /** In bytes. */
  readonly length: number
}

/** Takes text piece by piece. */
export interface TextSink {
  text(text: string): void
  /** Its digits: a whole number, not negative. */
  digits(value: number): void
  piece(piece: TextPiece): void
  /** Adds `key`, then buf[from, to) as a string of JSON. False where that is not ASCII or holds a NUL: then nothing was added. */
  member(key: TextPiece, buf: Uint8Array, from: number, to: number): boolean
}

/** Something that messages have in common. */
export interface Likeness {
  /** For whoever makes lines of them: what these have in common. Its own only where it knows it again. */
  note: object | undefined
}

/**
 * One thing that was said on a connection: a request with its answer, or a half of one, or a TLS handshake.
 *
 * `request` and `response` may be getters that decode when first read (headers, bodies), so a reader that wants a line pays for a line.
 * They yield plain JSON values; docs/protocols/NAME.md gives every field with its unit.
 */
export interface Message {
  /** Key of the protocol: `http1`, `tls`, … */
  readonly protocol: string
  /** When the first byte of the request was captured (of the response where no request was seen). */
  readonly atMicros: Micros
  /** First byte of the request to first byte of the response; undefined while a half is missing. */
  readonly elapsedMicros: Micros | undefined
  /** One line for a list: `GET /cart/7`. Peer bytes: escape control characters before printing. */
  readonly what: string
  /** The protocol's own result code: 200, `OK`, an alert name; undefined when there was no answer. */
  readonly status: number | string | undefined
  readonly outcome: Outcome
  readonly request: object | undefined
  readonly response: object | undefined
  /** It was read out of encrypted bytes, with secrets that were given. */
  readonly decrypted?: boolean
  /** False when a part is missing (lost, joined late, cut off by the end); `notes` says why. */
  readonly complete: boolean
  /**
   * Messages with the same one (===, not undefined) are alike in protocol, what, status and outcome, whole, without notes, and were not decrypted:
   * for those who would otherwise compare these with the message before. A getter that costs little.
   */
  readonly likeness?: Likeness | undefined
  /** Adds `,"request":{…},"response":{…}` as jsonText makes them, or what there is of the two: for those who can do it at less cost. */
  addDetails?(out: TextSink): void
  /** Short sentences: why it is incomplete, what was tolerated, which limit was hit. */
  readonly notes: readonly string[]
}
