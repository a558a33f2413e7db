import type { Message } from '../model/message.ts'
import type { Side } from '../model/side.ts'
import { otherSide } from '../model/side.ts'
import type { Micros } from '../model/time.ts'
import type { Packet } from '../net/packet.ts'
import type { DatagramDissector, DatagramPlace, DatagramProtocol, DatagramSender, DatagramSink } from '../protocols/datagram.ts'
import { FROM_PEER, NOBODY } from '../protocols/datagram.ts'
import { assumedProtocol } from '../protocols/decode-as.ts'
import { UnclaimedDatagrams } from '../protocols/unclaimed-datagrams.ts'
import { Flow } from './flow.ts'

/** After so many datagrams that nobody claims, nobody is asked any more. */
const MAX_PROBED = 8

/** The datagrams between two addresses and ports. What they say goes to the owner; what nobody claims is counted and told at the end. */
export class UdpFlow extends Flow implements DatagramSink {
  /** None where a dissector reads the flow. */
  #passed: UnclaimedDatagrams | undefined
  /** What the user said that it is, where it is not. */
  #wrongly: string | undefined
  #dissector: DatagramDissector | undefined
  /** Who opened it. */
  #protocol: DatagramProtocol | undefined
  /** Of the flow that this object was before: it may serve again. */
  #former: DatagramDissector | undefined
  /** How many more are probed. */
  #probes = MAX_PROBED
  #swapped = false
  /** It waits in the queue of those that have nothing more to tell. */
  isQueued = false
  /** It was read, and nothing waits. Kept here because thousands of others come before it is asked: then each object on the way is far. */
  isDone = false

  /** Becomes another flow, where messages are read at once and this one was done: that costs less than new objects that live long enough to be copied. */
  again(number: number, interfaceId: number, atMicros: Micros): this {
    this.restart(number, interfaceId, atMicros)
    this.#former = this.#dissector
    this.#dissector = this.#passed = this.#wrongly = undefined
    this.#probes = MAX_PROBED
    this.#swapped = this.isQueued = this.isDone = false
    return this
  }

  protected override get isSwapped(): boolean {
    return this.#swapped
  }

  get isClaimed(): boolean {
    return this.#dissector !== undefined
  }

  get heldBytes(): number {
    return this.#dissector?.heldBytes ?? 0
  }

  datagram(captured: Side, packet: Packet, at: Micros): void {
    const { buf, payloadOffset, payloadLength, payloadMissing } = packet
    const sender = this.#swapped ? otherSide(captured) : captured
    let side = sender
    if (payloadLength > 0) {
      if (this.#dissector === undefined && this.#probes > 0) side = this.#detect(sender, packet)
      this.#dissector?.datagram(side, buf, payloadOffset, payloadOffset + payloadLength, payloadMissing, at)
    }
    this.isDone = this.#dissector !== undefined && this.#dissector.isIdle
    if (this.#dissector !== undefined) return
    const passed = this.#passed ??= new UnclaimedDatagrams()
    passed.add(side, payloadLength + payloadMissing, at)
    if (this.#probes > 0) passed.look(buf, payloadOffset, payloadLength, payloadMissing)
  }

  /** Opens a dissector where one claims the datagram. Returns who sent it, by then. */
  #detect(side: Side, packet: Packet): Side {
    const isFirst = this.#probes === MAX_PROBED
    this.#probes--
    const { owner, serverPort, clientPort } = this
    const assumed = isFirst ? assumedProtocol(owner.decodeAs.udp, serverPort, clientPort) : undefined
    if (assumed !== undefined) return this.#assume(assumed, side)
    const { buf, payloadOffset, payloadLength, payloadMissing } = packet
    for (const protocol of owner.datagramProtocols) {
      const isExpected = protocol.ports.includes(serverPort) || protocol.ports.includes(clientPort)
      const sender = protocol.probe(buf, payloadOffset, payloadLength, payloadMissing, isExpected)
      if (sender === NOBODY) continue
      const swaps = this.#probes === MAX_PROBED - 1 && isOther(sender, side)
      if (swaps) this.#swap()
      this.#open(protocol)
      return swaps ? otherSide(side) : side
    }
    return side
  }

  #assume(name: string, side: Side): Side {
    const protocol = this.owner.datagramProtocols.find((one) => one.name === name)
    if (protocol !== undefined) this.#open(protocol)
    this.#wrongly = name
    return side
  }

  /** Only with its very first datagram: nothing was told yet. */
  #swap(): void {
    this.#swapped = true
    this.swapped()
  }

  #open(protocol: DatagramProtocol): void {
    const former = this.#former
    this.#former = undefined
    if (former?.again !== undefined && this.#protocol === protocol) {
      former.again(this.#place())
      this.#dissector = former
    } else this.#dissector = protocol.open(this, this.owner.settings, this.#place())
    this.#protocol = protocol
  }

  #place(): DatagramPlace {
    const { clientPort, serverPort } = this
    return { clientPort, serverPort, isMulticast: isMulticast(this.version, this.s0, this.s3) || isMulticast(this.version, this.c0, this.c3) }
  }

  /** Told or not, it is over. */
  end(atMicros: Micros): void {
    const dissector = this.#dissector
    if (dissector !== undefined) dissector.end(atMicros)
    else if (this.#passed !== undefined && this.owner.tells(this)) this.owner.message(this, this.#passed.message(this.lastMicros, this.#wrongly))
    this.#dissector = undefined
    this.isDone = false
    this.#probes = 0
  }

  message(m: Message): void {
    this.owner.message(this, m)
  }

  malformed(): void {
    this.owner.malformed()
  }

  disown(): void {
    this.#dissector = undefined
  }
}

function isOther(sender: DatagramSender, side: Side): boolean {
  return sender !== FROM_PEER && sender !== NOBODY && sender !== side
}

/** 224.0.0.0/4, ff00::/8. Words are signed. */
function isMulticast(version: number, word0: number, word3: number): boolean {
  return version === 4 ? word3 >>> 28 === 14 : word0 >>> 24 === 0xff
}
