import { formatAddress, isLoopbackWords } from '../net/address.ts'
import { FlowNode } from '../net/flow-table.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { FlowOwner } from './flow-owner.ts'

/** What all kinds of flows have in common: between whom it is, and where and when it was first seen. */
export class Flow extends FlowNode {
  number: number
  interfaceId: number
  firstMicros: Micros
  /** Its frames say that they were captured on a loopback interface. */
  isOnLoopback = false
  /** Messages that were handed on. */
  said = 0
  /** How often peer bytes broke their protocol. */
  broken = 0
  protected readonly owner: FlowOwner
  /** Whom the client has called, where its packets were led elsewhere. */
  #destination: FlowNode | undefined
  #info: FlowInfo | undefined

  constructor(owner: FlowOwner, number: number, interfaceId: number, atMicros: Micros) {
    super()
    this.owner = owner
    this.number = number
    this.interfaceId = interfaceId
    this.firstMicros = atMicros
  }

  /** Becomes another flow: no table has it, and who was told of it keeps no more than its `info`. */
  protected restart(number: number, interfaceId: number, atMicros: Micros): void {
    this.number = number
    this.interfaceId = interfaceId
    this.firstMicros = atMicros
    this.isOnLoopback = false
    this.said = this.broken = 0
    this.#destination = this.#info = undefined
  }

  /** Client and server are the other way round: the content has shown it. */
  protected get isSwapped(): boolean {
    return false
  }

  /** Number of the frame that a message's time is of; only where the engine keeps marks. */
  frameAt(_atMicros: Micros): number | undefined {
    return undefined
  }

  /** The names and addresses that were made may be of the wrong ends. */
  swapped(): void {
    this.#info = undefined
  }

  /** `destination`: its server's end is the one that was called. */
  divert(destination: FlowNode): void {
    this.#destination = destination
    this.#info = undefined
  }

  /** The port that was called. */
  protected get calledPort(): number {
    return (this.#destination ?? this).serverPort
  }

  /** Address and port of whom the client has called, without making `info`, as names may not be known yet. */
  protected get serverText(): string {
    if (this.isSwapped) return `${formatAddress(this.version, this.c0, this.c1, this.c2, this.c3)} ${this.clientPort}`
    const { s0, s1, s2, s3, serverPort } = this.#destination ?? this
    return `${formatAddress(this.version, s0, s1, s2, s3)} ${serverPort}`
  }

  /** Names and addresses, made when the first message asks for them. */
  get info(): FlowInfo {
    return this.#info ??= this.#describe()
  }

  #describe(): FlowInfo {
    const client = this.#endpoint(this.c0, this.c1, this.c2, this.c3, this.clientPort)
    const { s0, s1, s2, s3, serverPort } = this.#destination ?? this
    const server = this.#endpoint(s0, s1, s2, s3, serverPort)
    const { capture, hop, namespace, interface: name } = this.owner.place(this.interfaceId, this.isOnLoopback || this.#hasLoopbackEnd)
    const [from, to] = this.isSwapped ? [server, client] : [client, server]
    const id = `${this.owner.prefix}${this.number}`
    const { firstMicros } = this
    if (namespace === undefined && name === undefined) return { id, client: from, server: to, capture, hop, firstMicros }
    if (namespace === undefined) return { id, client: from, server: to, capture, hop, interface: name!, firstMicros }
    if (name === undefined) return { id, client: from, server: to, capture, hop, namespace, firstMicros }
    return { id, client: from, server: to, capture, hop, namespace, interface: name, firstMicros }
  }

  get #hasLoopbackEnd(): boolean {
    const { s0, s1, s2, s3 } = this.#destination ?? this
    return isLoopbackEnd(this.version, this.c0, this.c1, this.c2, this.c3) || isLoopbackEnd(this.version, s0, s1, s2, s3)
  }

  #endpoint(w0: number, w1: number, w2: number, w3: number, port: number): Endpoint {
    const ip = formatAddress(this.version, w0, w1, w2, w3)
    const name = this.owner.nameOf(ip, port)
    return name === undefined ? { ip, port } : { ip, port, name }
  }
}

/** IPv4-mapped addresses (RFC 4291 §2.5.5.2) included. */
function isLoopbackEnd(version: number, w0: number, w1: number, w2: number, w3: number): boolean {
  return isLoopbackWords(version, w0, w1, w2, w3) || (version === 6 && (w0 | w1) === 0 && w2 === 0xffff && w3 >>> 24 === 127)
}
