import { CLIENT, SERVER, otherSide } from '../../model/side.ts'
import type { Settings, Sink } from '../protocol.ts'
import { NO_REDACTION, redactorOf } from '../redaction.ts'
import { Channel } from './channel.ts'
import { Exchange } from './exchange.ts'
import { FieldReader } from './fields.ts'
import type { Values } from './fields.ts'
import { MAX_WAITING, MAX_WAITING_BYTES } from './limits.ts'
import type { Method } from './methods.ts'
import { ACK, CHANNEL_CLOSE, CHANNEL_CLOSE_OK, CONNECTION_CLOSE, CONSUME_OK, DELIVER, NACK, PUBLISH, REJECT } from './methods.ts'
import type { Said } from './said.ts'

/** Methods that wait for what answers them, of all channels of a connection: what belongs together is told as one. */
export class Exchanges {
  readonly #sink: Sink
  readonly #settings: Settings
  /** Everything that waits, oldest first. */
  readonly #waiting = new Map<Exchange, Channel>()
  #waitingBytes = 0

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#settings = settings
  }

  get heldBytes(): number {
    return this.#waitingBytes
  }

  /** The next method of a channel, with all that belongs to it. */
  spoken(channel: Channel, said: Said): void {
    const { method } = said
    if (method.id === ACK || method.id === NACK || method.id === REJECT) this.#acknowledged(channel, said)
    else if (!this.#answers(channel, said)) this.#asks(channel, said)
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

  /** As they are: they are compared, and not shown. */
  #argumentsOf({ payload, method }: Said): Values {
    return new FieldReader(payload, 4, redactorOf(NO_REDACTION)).arguments(method)
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
    if (before !== undefined) this.giveUp(before)
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
      this.giveUp(oldest)
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

  /** Nothing answers it any more. */
  giveUp(exchange: Exchange): void {
    this.#waiting.get(exchange)?.drop(exchange)
    this.#release(exchange)
    this.#sink.message(exchange)
  }

  end(): void {
    for (const exchange of [...this.#waiting.keys()]) this.giveUp(exchange)
  }
}
