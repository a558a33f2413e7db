import { formatAddress } from '../net/address.ts'
import { FlowNode } from '../net/flow-table.ts'
import type { StreamSink } from '../net/reassembly.ts'
import { TcpConnection } from '../net/reassembly.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { CLIENT, SERVER } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import { Conversation } from '../protocols/conversation.ts'
import type { FlowOwner } from './flow-owner.ts'

const BOTH = 1 << CLIENT | 1 << SERVER

/** One TCP connection: the reassembled streams go into a conversation, what it says goes to the owner. */
export class Flow extends FlowNode implements StreamSink {
  readonly tcp: TcpConnection
  readonly firstMicros: Micros
  /** No dissector any more; the node stays for a while so that late packets are not taken for a new connection. */
  retiredMicros = -1
  readonly #owner: FlowOwner
  readonly #number: number
  readonly #interfaceId: number
  readonly #serverPort: number
  /** None while nothing was said: floods of attempts cost little, and what is over holds nothing. */
  #conversation: Conversation | undefined
  /** Bits of the sides that ended. */
  #ended = 0
  #info: FlowInfo | undefined

  constructor(owner: FlowOwner, number: number, serverPort: number, interfaceId: number, atMicros: Micros) {
    super()
    this.#owner = owner
    this.#number = number
    this.#interfaceId = interfaceId
    this.firstMicros = atMicros
    this.#serverPort = serverPort
    this.tcp = new TcpConnection(this, owner.budget)
  }

  /** About what is kept of bytes and messages that are not told yet. */
  get heldBytes(): number {
    return this.#conversation?.heldBytes ?? 0
  }

  #converse(at: Micros): Conversation {
    const conversation = this.#conversation = new Conversation(this, {
      protocols: this.#owner.protocols,
      settings: this.#owner.settings,
      serverPort: this.#serverPort,
      joinedLate: () => this.tcp.joinedLate,
    })
    for (const side of [CLIENT, SERVER] as const) if ((this.#ended & 1 << side) !== 0) conversation.end(side, at)
    return conversation
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    (this.#conversation ?? this.#converse(at)).data(side, chunk, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#owner.lost(bytes)
    const conversation = this.#conversation ?? this.#converse(at)
    conversation.gap(side, bytes, at)
  }

  end(side: Side, at: Micros): void {
    this.#ended |= 1 << side
    this.#conversation?.end(side, at)
    if (this.#ended === BOTH) this.#conversation = undefined
  }

  anomaly(_side: Side, what: string): void {
    this.#owner.anomaly(what)
  }

  message(m: Message): void {
    this.#owner.message(this, m)
  }

  malformed(): void {
    this.#owner.malformed()
  }

  /** Joined late and the content shows that the sides were mixed up. */
  swapped(): void {
    this.#info = undefined
  }

  /** Names and addresses, made when the first message asks for them. */
  get info(): FlowInfo {
    return this.#info ??= this.#describe()
  }

  #describe(): FlowInfo {
    const client = this.#endpoint(this.c0, this.c1, this.c2, this.c3, this.clientPort)
    const server = this.#endpoint(this.s0, this.s1, this.s2, this.s3, this.serverPort)
    const swap = this.#conversation?.swapped === true
    const place = this.#owner.place(this.#interfaceId, client.ip, server.ip)
    return {
      id: `${this.#owner.prefix}${this.#number}`,
      client: swap ? server : client,
      server: swap ? client : server,
      ...place,
      firstMicros: this.firstMicros,
    }
  }

  #endpoint(w0: number, w1: number, w2: number, w3: number, port: number): Endpoint {
    const ip = formatAddress(this.version, w0, w1, w2, w3)
    const name = this.#owner.nameOf(ip, port)
    return name === undefined ? { ip, port } : { ip, port, name }
  }
}
