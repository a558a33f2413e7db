import type { Buffer } from 'node:buffer'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER, otherSide } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { Channel } from './channel.ts'
import { Exchange } from './exchange.ts'
import { FieldReader } from './fields.ts'
import type { Values } from './fields.ts'
import type { FrameOwner } from './frame-reader.ts'
import { FrameReader, HEADER, HEARTBEAT } from './frame-reader.ts'
import { MAX_CHANNELS, MAX_WAITING, MAX_WAITING_BYTES } from './limits.ts'
import type { Method } from './methods.ts'
import {
  ACK, CHANNEL_CLOSE, CHANNEL_CLOSE_OK, CONFIRM_SELECT, CONNECTION_CLOSE, CONNECTION_CLOSE_OK, CONSUME_OK, DELIVER, NACK, PUBLISH, REJECT, START, methodOf,
} from './methods.ts'
import { ProtocolHeader } from './protocol-header.ts'
import { Said } from './said.ts'

/** One direction: gives its frames to the connection, with its side. */
class Direction implements FrameOwner {
  readonly reader: FrameReader
  readonly #connection: AmqpConnection
  readonly #side: Side

  constructor(connection: AmqpConnection, side: Side) {
    this.#connection = connection
    this.#side = side
    this.reader = new FrameReader(this)
  }

  framed(type: number, channel: number, payload: Buffer, isCut: boolean, at: Micros, endAt: Micros): void {
    this.#connection.framed(this.#side, type, channel, payload, isCut, at, endAt)
  }

  body(channel: number, buf: Uint8Array, from: number, to: number, at: Micros): void {
    this.#connection.body(this.#side, channel, buf, from, to, at)
  }

  bodyLost(channel: number, bytes: number): void {
    this.#connection.bodyLost(this.#side, channel, bytes)
  }

  protocolHeader(bytes: Buffer, at: Micros): void {
    this.#connection.protocolHeader(this.#side, bytes, at)
  }

  malformed(what: string, offset: number): void {
    this.#connection.malformed(this.#side, what, offset)
  }

  lost(): void {
    this.#connection.lost(this.#side)
  }
}

/** Both sides of an AMQP 0-9-1 connection: contents joined, and what belongs together paired on each channel. */
export class AmqpConnection implements InPlaceDissector {
  readonly #sink: Sink
  readonly #settings: Settings
  readonly #directions: readonly [Direction, Direction]
  readonly #channels = new Map<number, Channel>()
  #header: ProtocolHeader | undefined
  /** Everything that waits, oldest first. */
  readonly #waiting = new Map<Exchange, Channel>()
  #waitingBytes = 0
  /** By side. */
  readonly #heartbeats: [number, number] = [0, 0]
  /** Since the last method, by side. */
  readonly #hasLost: [boolean, boolean] = [false, false]
  #isBlank = true
  #ended = 0

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#settings = settings
    this.#directions = [new Direction(this, CLIENT), new Direction(this, SERVER)]
  }

  joinedLate(): void {
    this.#isBlank = false
    for (const { reader } of this.#directions) reader.seek()
  }

  get heldBytes(): number {
    return this.#waitingBytes + this.#directions[0].reader.heldBytes + this.#directions[1].reader.heldBytes + this.#channels.size * 400
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
    for (const exchange of [...this.#waiting.keys()]) this.#giveUp(exchange)
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
    for (const exchange of channel.waiting) this.#giveUp(exchange)
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
    if (method.id === ACK || method.id === NACK || method.id === REJECT) this.#acknowledged(channel, said)
    else if (!this.#answers(channel, said)) this.#asks(channel, said)
    if (method.id === CHANNEL_CLOSE_OK) this.#dropChannel(said.channel)
    if (method.id === CONFIRM_SELECT && side === CLIENT && channel.publishes < 0) channel.publishes = 0
  }

  #answers(channel: Channel, said: Said): boolean {
    const { id } = said.method
    const asker = otherSide(said.side)
    const isClose = id === CHANNEL_CLOSE || id === CONNECTION_CLOSE
    const about = isClose ? this.#closedMethod(said) : 0
    const exchange = channel.takeSync(asker, ({ asked }) => isClose ? asked!.method.id === about : asked!.method.replies.includes(id))
      // A refused login does not say what it is about.
      ?? (id === CONNECTION_CLOSE && asker === CLIENT ? channel.takeSync(CLIENT, () => true) : undefined)
    if (exchange === undefined) return this.#answersNothing(said)
    if (id === CONSUME_OK) this.#consumes(channel, exchange.asked!, said)
    this.#join(exchange, said)
    return true
  }

  /** The answer to something that was not captured, or to a close that was an answer itself. */
  #answersNothing(said: Said): boolean {
    const { name, id } = said.method
    if (id === CHANNEL_CLOSE_OK || name === 'Connection.CloseOk' || name === 'Connection.StartOk') return id === CHANNEL_CLOSE_OK || name === 'Connection.CloseOk'
    if (!/Ok$|Empty$/.test(name) || name === 'Connection.TuneOk' || name === 'Connection.SecureOk') return false
    const exchange = new Exchange(undefined, this.#settings)
    exchange.answer = said
    this.#sink.message(exchange)
    return true
  }

  #closedMethod(said: Said): number {
    const values = this.#argumentsOf(said)
    return Number(values['classId'] ?? 0) * 0x10000 + Number(values['methodId'] ?? 0)
  }

  #argumentsOf({ payload, method }: Said): Values {
    return new FieldReader(payload, 4, redactorOf(this.#settings.redaction)).arguments(method)
  }

  #consumes(channel: Channel, asked: Said, answer: Said): void {
    if (this.#argumentsOf(asked)['noAck'] !== true || channel.silent.size >= MAX_WAITING) return
    channel.silent.add(String(this.#argumentsOf(answer)['consumerTag']))
  }

  #asks(channel: Channel, said: Said): void {
    const { method, side } = said
    const exchange = new Exchange(said, this.#settings)
    if (method.id === PUBLISH) this.#published(channel, exchange)
    else if (method.id === DELIVER) this.#delivered(channel, exchange)
    else if (method.replies.length === 0 || !this.#expectsReply(said)) this.#tellOneWay(exchange)
    else {
      channel.sync[side].push(exchange)
      this.#wait(channel, exchange)
    }
  }

  #expectsReply(said: Said): boolean {
    const method: Method = said.method
    if (said.side === SERVER && method.name === 'Basic.Cancel') return false
    if (!method.fields.some(({ name }) => name === 'noWait')) return true
    const values = this.#argumentsOf(said)
    return values['noWait'] !== true
  }

  #tellOneWay(exchange: Exchange): void {
    exchange.isOneWay = true
    this.#sink.message(exchange)
  }

  #published(channel: Channel, exchange: Exchange): void {
    if (channel.publishes < 0) {
      this.#tellOneWay(exchange)
      return
    }
    exchange.tag = ++channel.publishes
    channel.published.set(exchange.tag, exchange)
    this.#wait(channel, exchange)
  }

  #delivered(channel: Channel, exchange: Exchange): void {
    const values = this.#argumentsOf(exchange.asked!)
    if (channel.silent.has(String(values['consumerTag']))) {
      this.#tellOneWay(exchange)
      return
    }
    const tag = Number(values['deliveryTag'])
    const before = channel.delivered.get(tag)
    if (before !== undefined) this.#giveUp(before)
    exchange.tag = tag
    channel.delivered.set(tag, exchange)
    this.#wait(channel, exchange)
  }

  #acknowledged(channel: Channel, said: Said): void {
    const { deliveryTag, multiple } = this.#argumentsOf(said)
    const waiting = said.side === SERVER ? channel.published : channel.delivered
    const exchanges = Channel.take(waiting, Number(deliveryTag), multiple === true)
    for (const exchange of exchanges) this.#join(exchange, said)
    if (exchanges.length === 0) this.#tellOneWay(new Exchange(said, this.#settings))
  }

  #wait(channel: Channel, exchange: Exchange): void {
    this.#waiting.set(exchange, channel)
    this.#waitingBytes += exchange.asked!.heldBytes
    while (this.#waiting.size > MAX_WAITING || (this.#waitingBytes > MAX_WAITING_BYTES && this.#waiting.size > 1)) {
      const oldest = this.#waiting.keys().next().value!
      oldest.extra.push('given up: too much waits for an answer')
      this.#giveUp(oldest)
    }
  }

  #release(exchange: Exchange): void {
    if (this.#waiting.delete(exchange)) this.#waitingBytes -= exchange.asked!.heldBytes
  }

  #join(exchange: Exchange, answer: Said): void {
    this.#release(exchange)
    exchange.answer = answer
    this.#sink.message(exchange)
  }

  #giveUp(exchange: Exchange): void {
    this.#waiting.get(exchange)?.drop(exchange)
    this.#release(exchange)
    this.#sink.message(exchange)
  }
}
