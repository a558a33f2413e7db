import type { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { Channel } from './channel.ts'
import type { DirectionOwner } from './direction.ts'
import { Direction } from './direction.ts'
import { Exchanges } from './exchanges.ts'
import { HEADER, HEARTBEAT } from './frame-reader.ts'
import { MAX_CHANNELS } from './limits.ts'
import { CHANNEL_CLOSE_OK, CONFIRM_SELECT, CONNECTION_CLOSE, CONNECTION_CLOSE_OK, START, methodOf } from './methods.ts'
import { ProtocolHeader } from './protocol-header.ts'
import { Said } from './said.ts'

/** Both sides of an AMQP 0-9-1 connection: contents joined, and what belongs together paired on each channel. */
export class AmqpConnection implements InPlaceDissector, DirectionOwner {
  readonly #sink: Sink
  readonly #settings: Settings
  readonly #directions: readonly [Direction, Direction]
  readonly #channels = new Map<number, Channel>()
  #header: ProtocolHeader | undefined
  readonly #exchanges: Exchanges
  /** By side. */
  readonly #heartbeats: [number, number] = [0, 0]
  /** Since the last method, by side. */
  readonly #hasLost: [boolean, boolean] = [false, false]
  #isBlank = true
  #ended = 0

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#settings = settings
    this.#exchanges = new Exchanges(sink, settings)
    this.#directions = [new Direction(this, CLIENT), new Direction(this, SERVER)]
  }

  joinedLate(): void {
    this.#isBlank = false
    for (const { reader } of this.#directions) reader.seek()
  }

  get heldBytes(): number {
    return this.#exchanges.heldBytes + this.#directions[0].reader.heldBytes + this.#directions[1].reader.heldBytes + this.#channels.size * 400
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.#directions[side].reader.feed(chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#directions[side].reader.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#isBlank = false
    this.#directions[side].reader.gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    this.#directions[side].reader.end(at)
    for (const channel of this.#channels.values()) this.#cutContent(channel, side, 'the connection ends within it')
    this.#ended |= 1 << side
    if (this.#hasLost[side]) this.#sink.malformed(side, 'nothing was found behind what was lost', 0)
    if (this.#ended !== 3) return
    this.#exchanges.end()
    if (this.#header !== undefined) this.#sink.message(this.#header)
    this.#header = undefined
  }

  malformed(side: Side, what: string, offset: number): void {
    if (this.#isBlank) this.#disown()
    else this.#sink.malformed(side, what, offset)
  }

  #disown(): void {
    for (const { reader } of this.#directions) reader.stop()
    this.#sink.disown()
  }

  lost(side: Side): void {
    this.#hasLost[side] = true
    for (const channel of this.#channels.values()) {
      this.#cutContent(channel, side, 'bytes of it were lost')
      // Publishes cannot be counted any more.
      if (side === CLIENT) channel.publishes = -1
    }
  }

  protocolHeader(side: Side, bytes: Buffer, at: Micros): void {
    const isName = bytes.toString('latin1', 0, 4) === 'AMQP'
    if (!isName) {
      this.malformed(side, 'not a protocol header', 0)
      this.#directions[side].reader.seek()
      return
    }
    this.#isBlank = false
    if (side === CLIENT) this.#header = new ProtocolHeader(bytes, at, this.#settings)
    else this.#refused(bytes, at)
    // Of the other versions only the header is read, and that of the answer.
    if (ProtocolHeader.isRead(bytes)) return
    this.#directions[CLIENT].reader.stop()
    if (side === SERVER) this.#directions[SERVER].reader.stop()
  }

  /** The server answers with the version that it wants (§ 4.2.2). */
  #refused(bytes: Buffer, at: Micros): void {
    const header = this.#header ?? new ProtocolHeader(undefined, at, this.#settings)
    this.#header = undefined
    header.refuse(bytes, at)
    this.#sink.message(header)
  }

  framed(side: Side, type: number, channelId: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void {
    if (type === HEARTBEAT) {
      if (!isCut) this.#heartbeats[side]++
      return
    }
    const channel = this.#channel(channelId)
    if (type === HEADER) this.#headerFramed(channel, side, payload, isCut, endAt)
    else this.#methodFramed(channel, side, channelId, payload, isCut, at, endAt)
  }

  #methodFramed(channel: Channel, side: Side, channelId: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void {
    const method = payload.length < 4 ? undefined : methodOf(payload.readUInt32BE(0))
    if (method === undefined) {
      this.malformed(side, isCut ? 'a method was cut off' : 'a method that is not known', 0)
      return
    }
    this.#isBlank = false
    this.#cutContent(channel, side, 'another method came before its content was whole')
    const said = new Said(side, channelId, method, payload, at, this.#settings.bodyLimitBytes)
    said.endMicros = endAt
    said.isAfterLoss = this.#hasLost[side]
    this.#hasLost[side] = false
    if (method.id === CONNECTION_CLOSE || method.id === CONNECTION_CLOSE_OK) said.heartbeats = this.#heartbeats[side]
    if (isCut) said.problem = 'bytes of it are missing'
    if (method.hasContent) channel.content[side] = said
    else this.#spoken(channel, said)
  }

  #headerFramed(channel: Channel, side: Side, payload: Buffer, isCut: boolean, endAt: Micros): void {
    const said = channel.content[side]
    if (said === undefined) return
    said.header = payload
    said.endMicros = endAt
    if (isCut) said.problem = 'bytes of its properties are missing'
    if (payload.length < 12) {
      this.#cutContent(channel, side, 'its content header is cut off')
      return
    }
    said.sizeBytes = Number(payload.readBigUInt64BE(4))
    if (said.isWhole) this.#contentDone(channel, said)
  }

  body(side: Side, channelId: number, buf: Uint8Array, from: number, to: number, at: Micros): void {
    const channel = this.#channels.get(channelId)
    const said = channel?.content[side]
    if (said === undefined || said.sizeBytes < 0) return
    // What a frame has beyond the content is not of it, wherever the chunk ends.
    const here = Math.min(to - from, said.sizeBytes - said.bodyBytes)
    if (said.problem === undefined) said.body.add(buf, from, from + here)
    said.bodyBytes += here
    said.endMicros = at
    if (said.isWhole) this.#contentDone(channel!, said)
  }

  bodyLost(side: Side, channelId: number, bytes: number): void {
    const channel = this.#channels.get(channelId)
    const said = channel?.content[side]
    if (said === undefined) return
    said.problem = 'bytes of its body were lost'
    said.bodyBytes += said.sizeBytes < 0 ? bytes : Math.min(bytes, said.sizeBytes - said.bodyBytes)
    if (said.isWhole) this.#contentDone(channel!, said)
  }

  #contentDone(channel: Channel, said: Said): void {
    channel.content[said.side] = undefined
    this.#spoken(channel, said)
  }

  #cutContent(channel: Channel, side: Side, problem: string): void {
    const said = channel.content[side]
    if (said === undefined) return
    said.problem ??= problem
    this.#contentDone(channel, said)
  }

  #channel(id: number): Channel {
    let channel = this.#channels.get(id)
    if (channel === undefined) {
      if (this.#channels.size >= MAX_CHANNELS) this.#dropChannel(this.#channels.keys().next().value!)
      this.#channels.set(id, channel = new Channel())
    }
    return channel
  }

  #dropChannel(id: number): void {
    const channel = this.#channels.get(id)!
    this.#channels.delete(id)
    for (const side of [CLIENT, SERVER] as const) this.#cutContent(channel, side, 'its channel was closed')
    for (const exchange of channel.waiting) this.#exchanges.giveUp(exchange)
  }

  /** A method with all that belongs to it. */
  #spoken(channel: Channel, said: Said): void {
    const { method, side } = said
    if (method.id === START && this.#header !== undefined) {
      this.#header.answer(said)
      this.#sink.message(this.#header)
      this.#header = undefined
      return
    }
    this.#exchanges.spoken(channel, said)
    if (method.id === CHANNEL_CLOSE_OK) this.#dropChannel(said.channel)
    if (method.id === CONFIRM_SELECT && side === CLIENT && channel.publishes < 0) channel.publishes = 0
  }
}
