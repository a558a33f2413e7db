import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import type { ConversationOptions, ConversationSink } from './conversation.ts'
import type { Nested } from './protocol.ts'

/** Conversations within conversations: TLS in a CONNECT tunnel in TLS. */
export const MAX_NESTED = 3

/** Names of ALPN (IANA registry "TLS ALPN Protocol IDs") that are a protocol of ours; others are found by their content. */
const BY_ALPN: Readonly<Record<string, string>> = { 'h2': 'http2', 'http/1.1': 'http1', 'http/1.0': 'http1' }

type Open = (sink: ConversationSink, options: ConversationOptions) => Nested

/** A conversation over the bytes that another one decrypted. Undefined where it would be nested too deeply. */
export function nestedConversation(outer: ConversationSink, options: ConversationOptions, alpn: string | undefined, open: Open): Nested | undefined {
  const depth = (options.depth ?? 0) + 1
  if (depth > MAX_NESTED) return undefined
  const name = alpn !== undefined && Object.hasOwn(BY_ALPN, alpn) ? BY_ALPN[alpn] : undefined
  const known = options.protocols.some((protocol) => protocol.name === name)
  return open({
    message: (m) => outer.message(new DecryptedMessage(m)),
    malformed: (protocol, side: Side, what, offset) => outer.malformed(protocol, side, what, offset),
  }, { ...options, depth, joinedLate: () => false, decodeAs: known ? name : undefined })
}

/** A message from inside. What it says is asked for only when it is read, as of any other. */
class DecryptedMessage implements Message {
  readonly decrypted = true
  readonly #inner: Message

  constructor(inner: Message) {
    this.#inner = inner
  }

  get protocol(): Message['protocol'] {
    return this.#inner.protocol
  }

  get atMicros(): Message['atMicros'] {
    return this.#inner.atMicros
  }

  get elapsedMicros(): Message['elapsedMicros'] {
    return this.#inner.elapsedMicros
  }

  get what(): Message['what'] {
    return this.#inner.what
  }

  get status(): Message['status'] {
    return this.#inner.status
  }

  get outcome(): Message['outcome'] {
    return this.#inner.outcome
  }

  get request(): Message['request'] {
    return this.#inner.request
  }

  get response(): Message['response'] {
    return this.#inner.response
  }

  get complete(): Message['complete'] {
    return this.#inner.complete
  }

  get notes(): Message['notes'] {
    return this.#inner.notes
  }
}
