import type { Outcome } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import type { Settings } from '../protocol.ts'

/** A protocol that is spoken in the text messages of WebSocket, named in the handshake (RFC 6455 §1.9). */
export interface MessageLens {
  /** Its fields stand under this name. */
  readonly name: string
  /** As the server chose them. */
  readonly subprotocols: readonly string[]
  /** First bytes of a message that it wants kept although nobody asked for bodies, for `what`. */
  readonly wantedBytes: number
  /** One for each connection. */
  open(settings: Settings): MessageReader
}

export interface MessageReader {
  /** Looks at each text message of either side, in order; its end may be missing. Undefined: it is none of this protocol. Hostile text never makes it throw. */
  look(side: Side, text: string, isWhole: boolean): MessageLensView | undefined
  /** What it remembers. */
  readonly heldBytes: number
}

/** What a lens says of a message; redacted. */
export interface MessageLensView {
  readonly what: string
  readonly status: string
  readonly outcome: Outcome
  readonly notes: readonly string[]
  readonly fields: () => object
  /** The fields show all that may be shown: the text itself is left out. */
  readonly showsBody: boolean
}
