import type { StreamSink } from '../net/reassembly.ts'
import { TcpConnection } from '../net/reassembly.ts'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import { Conversation } from '../protocols/conversation.ts'
import { assumedProtocol } from '../protocols/decode-as.ts'
import { silentConnection } from '../protocols/unclaimed.ts'
import { Flow } from './flow.ts'
import { FrameMarks } from './frame-marks.ts'
import type { FlowOwner } from './flow-owner.ts'
import type { Redirected } from './redirects.ts'

const BOTH = 1 << CLIENT | 1 << SERVER

/** One TCP connection: the reassembled streams go into a conversation, what it says goes to the owner. */
export class TcpFlow extends Flow implements StreamSink {
  readonly tcp: TcpConnection
  /** No dissector any more; the node stays for a while so that late packets are not taken for a new connection. */
  retiredMicros = -1
  /** How its other direction is addressed, if otherwise. */
  redirected: Redirected | undefined = undefined
  /** None while nothing was said, and none when all is over. */
  #conversation: Conversation | undefined
  /** Bits of the sides that ended. */
  #ended = 0
  #hasSpoken = false
  /** Nobody wants more of it: the streams are followed, and not read. */
  #isSated = false
  #marks: FrameMarks | undefined
  #wasReset = false

  constructor(owner: FlowOwner, number: number, interfaceId: number, atMicros: Micros) {
    super(owner, number, interfaceId, atMicros)
    this.tcp = new TcpConnection(this, owner.budget)
  }

  /** About what is kept of bytes and messages that are not told yet. */
  get heldBytes(): number {
    return this.#isSated ? 0 : this.#conversation?.heldBytes ?? 0
  }

  protected override get isSwapped(): boolean {
    return this.#conversation?.swapped === true
  }

  #converse(at: Micros): Conversation {
    const { protocols, settings, decodeAs } = this.owner
    this.#hasSpoken = true
    const conversation = this.#conversation = new Conversation(this, {
      protocols, settings,
      serverPort: this.calledPort,
      joinedLate: () => this.tcp.joinedLate,
      server: () => this.serverText,
      decodeAs: assumedProtocol(decodeAs.tcp, this.calledPort, this.clientPort),
    })
    for (const side of [CLIENT, SERVER] as const) if ((this.#ended & 1 << side) !== 0) conversation.end(side, at)
    return conversation
  }

  /** The next segment with a payload is in that frame. */
  mark(frame: number, at: Micros): void {
    if (!this.#isSated) (this.#marks ??= new FrameMarks()).add(frame, at)
  }

  override frameAt(atMicros: Micros): number | undefined {
    return this.#marks?.frameAt(atMicros)
  }

  data(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (this.#isSated) return
    (this.#conversation ?? this.#converse(at)).dataIn(side, buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.owner.lost(bytes)
    if (this.#isSated) return
    const conversation = this.#conversation ?? this.#converse(at)
    conversation.gap(side, bytes, at)
  }

  end(side: Side, at: Micros): void {
    this.#ended |= 1 << side
    if (!this.#isSated) this.#conversation?.end(side, at)
    if (this.#ended !== BOTH) return
    this.#conversation = undefined
    if (!this.#hasSpoken) this.#tellSilence(at)
  }

  /** A stray packet alone, joined late, is no connection worth a line. */
  #tellSilence(at: Micros): void {
    const { joinedLate } = this.tcp
    if ((joinedLate && this.lastMicros <= this.firstMicros) || !this.owner.tells(this)) return
    this.owner.message(this, silentConnection(this.firstMicros, Math.max(this.lastMicros, at), joinedLate, this.#wasReset))
  }

  anomaly(_side: Side, what: string): void {
    this.#wasReset ||= what === 'reset'
    this.owner.anomaly(what)
  }

  message(m: Message): void {
    if (this.#isSated || !this.owner.message(this, m)) return
    this.#isSated = true
    this.#marks = undefined
    this.#conversation = undefined
  }

  malformed(): void {
    this.broken++
    this.owner.malformed()
  }
}
