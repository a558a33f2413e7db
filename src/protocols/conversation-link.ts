import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import type { Handover, Nested, Protocol, Sink } from './protocol.ts'

/** What a conversation hears from its dissectors, with the link that tells which one it was. */
export interface LinkOwner {
  said(link: ConversationLink, m: Message): void
  broken(link: ConversationLink, side: Side, what: string, offset: number): void
  switched(link: ConversationLink, name: string | undefined, clientRest: Uint8Array, serverRest: Uint8Array, handover?: Handover): void
  disowned(link: ConversationLink): void
  nested(link: ConversationLink, alpn: string | undefined): Nested | undefined
  readonly server: string | undefined
}

/** The sink of one dissector. Knows which one it is, so that what an abandoned dissector still says goes nowhere. */
export class ConversationLink implements Sink {
  readonly protocol: Protocol
  disowned = false
  readonly #owner: LinkOwner

  constructor(owner: LinkOwner, protocol: Protocol) {
    this.#owner = owner
    this.protocol = protocol
  }

  message(m: Message): void {
    this.#owner.said(this, m)
  }

  malformed(side: Side, what: string, offset: number): void {
    this.#owner.broken(this, side, what, offset)
  }

  nested(alpn: string | undefined): Nested | undefined {
    return this.#owner.nested(this, alpn)
  }

  server(): string | undefined {
    return this.#owner.server
  }

  switchTo(protocol: string | undefined, clientRest: Uint8Array, serverRest: Uint8Array, handover?: Handover): void {
    this.#owner.switched(this, protocol, clientRest, serverRest, handover)
  }

  disown(): void {
    this.disowned = true
    this.#owner.disowned(this)
  }
}
