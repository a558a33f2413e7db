import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER, otherSide } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { LinkOwner } from './conversation-link.ts'
import { ConversationLink } from './conversation-link.ts'
import { nestedConversation } from './conversation-nested.ts'
import { DetectionBuffer } from './detection-buffer.ts'
import type { Found } from './detection.ts'
import { detect, detectEither } from './detection.ts'
import type { Dissector, Handover, InPlaceDissector, Nested, Protocol, Settings } from './protocol.ts'
import { isInPlace } from './protocol.ts'
import { UnclaimedBytes } from './unclaimed.ts'

export interface ConversationOptions {
  readonly protocols: readonly Protocol[]
  readonly settings: Settings
  /** Whose protocol is probed first. */
  readonly serverPort: number
  /** Asked when bytes arrive that nobody has claimed yet: was the start of the connection missed? */
  readonly joinedLate: () => boolean
  /** Name of the protocol to assume without a probe. */
  readonly decodeAs?: string
  /** Address and port of the server; asked when a protocol is found. */
  readonly server?: () => string
  /** Conversations around this one: TLS that was decrypted. */
  readonly depth?: number
}

export interface ConversationSink {
  message(m: Message): void
  /** `side` is the role after a swap; `offset` counts the bytes of that side since the protocol was chosen. */
  malformed(protocol: string, side: Side, what: string, offset: number): void
  /** The content shows that client and server were mixed up. Called once, before any message. */
  swapped?(): void
}

const NONE = new Uint8Array(0)
/** What one takes with its dissector before anything is kept, measured. */
const CONVERSATION_BYTES = 4096

/**
 * A connection from its first byte: finds the protocol by content in bounded bytes, feeds its dissector, follows `switchTo` and `disown`.
 * What nobody claims is counted, and mentioned at the end as one message of protocol `tcp`.
 */
export class Conversation implements LinkOwner {
  readonly #sink: ConversationSink
  readonly #options: ConversationOptions
  #dissector: Dissector | undefined
  /** The dissector too, where it takes bytes without a view of them. */
  #inPlace: InPlaceDissector | undefined
  #current: Protocol | undefined
  /** Of the dissector; calls that come over another are of one that was left, and go nowhere. */
  #link: ConversationLink | undefined
  /** Bytes that were not enough to decide; undefined while there are none. */
  #undecided: DetectionBuffer | undefined
  /** Guesses that turned out wrong. */
  #wrong: readonly Protocol[] | undefined
  #detecting = true
  /** Bytes were lost or never seen, so a chunk may begin in the middle of something. */
  #ragged = false
  /** It went on as another protocol, from that one's first byte: how the connection began no longer matters. */
  #renewed = false
  #swapped = false
  /** Some dissector had a message, or found bytes that break its protocol. */
  #told = false
  #broken = false
  readonly #passed = new UnclaimedBytes()
  #atMicros: Micros = 0
  #ended = 0

  constructor(sink: ConversationSink, options: ConversationOptions) {
    this.#sink = sink
    this.#options = options
  }

  /** Name of the protocol that is being read. */
  get protocol(): string | undefined {
    return this.#current?.name
  }

  /** From then on the sides are swapped in here; only possible when joined late. */
  get swapped(): boolean {
    return this.#swapped
  }

  /** About what is kept of bytes and messages that are not told yet. */
  get heldBytes(): number {
    return CONVERSATION_BYTES + (this.#undecided?.sizeBytes ?? 0) + (this.#dissector?.heldBytes ?? 0)
  }

  data(captured: Side, chunk: Uint8Array, at: Micros): void {
    const side = this.#swapped ? otherSide(captured) : captured
    this.#atMicros = at
    this.#passed.add(side, chunk.length, at)
    if (this.#dissector !== undefined) this.#dissector.data(side, chunk, at)
    else if (this.#detecting) this.#detect(side, chunk, at)
  }

  /** The next bytes as buf[from, to). */
  dataIn(captured: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    const inPlace = this.#inPlace
    if (inPlace === undefined) {
      this.data(captured, new Uint8Array(buf.buffer, buf.byteOffset + from, to - from), at)
      return
    }
    const side = this.#swapped ? otherSide(captured) : captured
    this.#atMicros = at
    this.#passed.add(side, to - from, at)
    inPlace.dataIn(side, buf, from, to, at)
  }

  gap(captured: Side, bytes: number, at: Micros): void {
    const side = this.#swapped ? otherSide(captured) : captured
    this.#passed.lostBytes += bytes
    if (this.#dissector !== undefined) {
      this.#dissector.gap(side, bytes, at)
      return
    }
    this.#ragged = true
    this.#undecided = undefined
  }

  end(captured: Side, at: Micros): void {
    const side = this.#swapped ? otherSide(captured) : captured
    this.#atMicros = at
    this.#ended |= 1 << side
    this.#dissector?.end(side, at)
    if (this.#ended === 3 && this.#isUnclaimed && this.#passed.bytes + this.#passed.lostBytes > 0) this.#unclaimed()
  }

  /** A dissector that was forced may find nothing that it knows and still not disown. */
  get #isUnclaimed(): boolean {
    return this.#dissector === undefined || (this.#isForced && !this.#told)
  }

  /** What is read is what the user said that it is. */
  get #isForced(): boolean {
    return this.#options.decodeAs === this.#current?.name && !this.#renewed
  }

  #unclaimed(): void {
    if (this.#dissector !== undefined) this.#passed[this.#broken ? 'wrongly' : 'nothingOf'] = this.#current!.name
    this.#passed.joinedLate = this.#late
    this.#sink.message(this.#passed.message(this.#atMicros))
  }

  #detect(side: Side, chunk: Uint8Array, at: Micros): void {
    this.#ragged ||= this.#late
    if (this.#options.decodeAs !== undefined && !this.#renewed) this.#assume(this.#options.decodeAs, side, chunk, at)
    else if (this.#ragged) this.#detectInside(side, chunk, at)
    else this.#detectAtStart(side, chunk, at)
  }

  #assume(name: string, side: Side, chunk: Uint8Array, at: Micros): void {
    const named = this.#options.protocols.find((protocol) => protocol.name === name)
    if (named !== undefined && this.#wrong === undefined) {
      this.#start(named, side, chunk, at)
      return
    }
    this.#passed.wrongly = name
    this.#sink.malformed(name, side, 'not what it was said to be', 0)
    this.#giveUp()
  }

  get #late(): boolean {
    return !this.#renewed && this.#options.joinedLate()
  }

  #detectAtStart(side: Side, chunk: Uint8Array, at: Micros): void {
    const held = this.#undecided
    const found = held === undefined
      ? this.#probe(side === CLIENT ? chunk : NONE, side === SERVER ? chunk : NONE)
      : this.#probe(held.joined(CLIENT, side, chunk), held.joined(SERVER, side, chunk))
    if (found === 'more') this.#hold(side, chunk, at)
    else if (found === 'none') this.#giveUp()
    else this.#start(found.protocol, side, chunk, at)
  }

  #probe(client: Uint8Array, server: Uint8Array): Found {
    return detect(this.#options.protocols, this.#options.serverPort, this.#wrong, client, server)
  }

  /**
   * The start was missed: messages mostly begin where a segment does, so each chunk gets its own chance, and each side for itself.
   * What is in between is let go.
   */
  #detectInside(side: Side, chunk: Uint8Array, at: Micros): void {
    const held = this.#undecided
    let found: Found = 'none'
    if (held !== undefined) found = this.#probeEither(side, held.joined(side, side, chunk))
    if (found === 'none') {
      held?.forget(side)
      found = this.#probeEither(side, chunk)
    }
    if (found === 'more') this.#hold(side, chunk, at)
    else if (found !== 'none') {
      if (found.swapped) this.#swap()
      this.#start(found.protocol, found.swapped ? otherSide(side) : side, chunk, at)
    }
  }

  #probeEither(side: Side, bytes: Uint8Array): Found {
    const { protocols, serverPort } = this.#options
    return detectEither(protocols, serverPort, this.#wrong, side, bytes, this.#late && !this.#swapped)
  }

  #swap(): void {
    this.#swapped = true
    this.#undecided?.swap()
    this.#passed.swap()
    this.#ended = (this.#ended & 1) << 1 | this.#ended >> 1
    this.#sink.swapped?.()
  }

  #hold(side: Side, chunk: Uint8Array, at: Micros): void {
    const held = this.#undecided ??= new DetectionBuffer()
    if (held.add(side, chunk, at)) return
    if (this.#ragged) held.forget(side)
    else this.#giveUp()
  }

  #giveUp(): void {
    this.#detecting = false
    this.#undecided = undefined
  }

  /** Opens a dissector and feeds it what was held back, then the chunk that decided. */
  #start(protocol: Protocol, side: Side, chunk: Uint8Array, at: Micros): void {
    const held = this.#undecided
    this.#undecided = undefined
    const link = this.#open(protocol)
    held?.replay((heldSide, bytes, heldAt) => {
      if (this.#link === link) this.#dissector?.data(heldSide, bytes, heldAt)
    })
    if (this.#link === link) this.#dissector?.data(side, chunk, at)
    // Wrong from its very first bytes: they are still at hand for the others.
    if (link.disowned && held === undefined) {
      this.#ragged = this.#late
      this.#detect(side, chunk, at)
    } else if (this.#link === link) this.#endAgain()
  }

  #open(protocol: Protocol, handover?: Handover): ConversationLink {
    const link = new ConversationLink(this, protocol)
    this.#link = link
    this.#current = protocol
    this.#dissector = protocol.open(link, this.#options.settings, handover)
    this.#inPlace = isInPlace(this.#dissector) ? this.#dissector : undefined
    if (this.#ragged) this.#dissector.joinedLate?.()
    return link
  }

  /** A dissector that came late must still hear of a side that is over. */
  #endAgain(): void {
    for (const side of [CLIENT, SERVER] as const) {
      if ((this.#ended & 1 << side) !== 0) this.#dissector?.end(side, this.#atMicros)
    }
  }

  said(link: ConversationLink, m: Message): void {
    if (link !== this.#link) return
    this.#told = true
    this.#sink.message(m)
  }

  broken(link: ConversationLink, side: Side, what: string, offset: number): void {
    if (link !== this.#link) return
    this.#broken = true
    this.#sink.malformed(link.protocol.name, side, what, offset)
  }

  switched(link: ConversationLink, name: string | undefined, clientRest: Uint8Array, serverRest: Uint8Array, handover?: Handover): void {
    if (link !== this.#link) return
    const named = name === undefined ? undefined : this.#options.protocols.find((protocol) => protocol.name === name)
    this.#leave()
    this.#wrong = undefined
    this.#ragged = false
    this.#renewed = true
    this.#passed.reset(named === undefined ? name : undefined)
    this.#detecting = name === undefined
    const next = named === undefined ? undefined : this.#open(named, handover)
    this.#feed(CLIENT, clientRest)
    this.#feed(SERVER, serverRest)
    if (next !== undefined && this.#link === next) this.#endAgain()
  }

  disowned(link: ConversationLink): void {
    if (link !== this.#link) return
    if (this.#isForced) this.#passed.wrongly = link.protocol.name
    this.#leave()
    this.#wrong = [...this.#wrong ?? [], link.protocol]
    this.#detecting = true
    // The bytes that follow may begin anywhere.
    this.#ragged = true
  }

  nested(link: ConversationLink, alpn: string | undefined): Nested | undefined {
    if (link !== this.#link) return undefined
    return nestedConversation(this.#sink, this.#options, alpn, (sink, options) => new Conversation(sink, options))
  }

  get server(): string | undefined {
    return this.#options.server?.()
  }

  #leave(): void {
    this.#link = undefined
    this.#dissector = undefined
    this.#inPlace = undefined
    this.#current = undefined
  }

  #feed(side: Side, rest: Uint8Array): void {
    if (rest.length > 0) this.data(this.#swapped ? otherSide(side) : side, rest, this.#atMicros)
  }
}
