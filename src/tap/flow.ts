import { formatAddress } from '../net/address.ts'
import { FlowNode } from '../net/flow-table.ts'
import type { Endpoint, FlowInfo } from '../model/flow.ts'
import type { Micros } from '../model/time.ts'
import type { FlowOwner } from './flow-owner.ts'

/** What all kinds of flows have in common: between whom it is, and where and when it was first seen. */
export class Flow extends FlowNode {
  readonly number: number
  readonly interfaceId: number
  readonly firstMicros: Micros
  protected readonly owner: FlowOwner
  #info: FlowInfo | undefined

  constructor(owner: FlowOwner, number: number, interfaceId: number, atMicros: Micros) {
    super()
    this.owner = owner
    this.number = number
    this.interfaceId = interfaceId
    this.firstMicros = atMicros
  }

  /** Client and server are the other way round: the content has shown it. */
  protected get isSwapped(): boolean {
    return false
  }

  /** The names and addresses that were made may be of the wrong ends. */
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
    const place = this.owner.place(this.interfaceId, client.ip, server.ip)
    return {
      id: `${this.owner.prefix}${this.number}`,
      client: this.isSwapped ? server : client,
      server: this.isSwapped ? client : server,
      ...place,
      firstMicros: this.firstMicros,
    }
  }

  #endpoint(w0: number, w1: number, w2: number, w3: number, port: number): Endpoint {
    const ip = formatAddress(this.version, w0, w1, w2, w3)
    const name = this.owner.nameOf(ip, port)
    return name === undefined ? { ip, port } : { ip, port, name }
  }
}
