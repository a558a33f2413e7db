import type { Exchange } from './http1-messages.ts'
import { numbered } from './http1-messages.ts'
import type { PcapOutput } from './pcap-output.ts'
import type { SeededRandom } from './seeded-random.ts'
import { ACK, FIN, PSH, SYN, TcpSpeaker } from './tcp-speaker.ts'

const MSS = 1460
const NOTHING = new Uint8Array(0)

/** Gives each exchange its number; undefined when there are enough. */
export type NextExchange = () => { exchange: Exchange, number: number } | undefined

/** A keep-alive connection that goes on by one packet at a time, so that many interleave. */
export class Http1Connection {
  readonly #client: TcpSpeaker
  readonly #server: TcpSpeaker
  readonly #next: NextExchange
  readonly #packets: Generator<void, void, { out: PcapOutput, atMicros: number }>

  constructor(number: number, random: SeededRandom, next: NextExchange) {
    this.#client = new TcpSpeaker({ mac: 0x0a000000 + number, ip: 0x0a000000 + (number >>> 12 << 8) + 10 + number % 40, port: 32768 + number % 28000 }, random)
    this.#server = new TcpSpeaker({ mac: 0x0a010001, ip: 0x0a010000 + 1 + number % 4, port: number % 2 === 0 ? 80 : 8080 }, random)
    this.#client.meet(this.#server)
    this.#next = next
    this.#packets = this.#conversation(random)
    this.#packets.next()
  }

  /** Writes the next packet. False when the one before was the last. */
  step(out: PcapOutput, atMicros: number): boolean {
    return this.#packets.next({ out, atMicros }).done !== true
  }

  * #conversation(random: SeededRandom): Generator<void, void, { out: PcapOutput, atMicros: number }> {
    yield* this.#packet(this.#client, SYN)
    yield* this.#packet(this.#server, SYN | ACK)
    yield* this.#packet(this.#client, ACK)
    for (let turn = this.#next(); turn !== undefined; turn = this.#next()) {
      const { exchange, number } = turn
      yield* this.#message(this.#client, exchange.request, number)
      // A quick server lets its answer carry the acknowledgement.
      if (random.between(0, 3) > 0) yield* this.#packet(this.#server, ACK)
      yield* this.#message(this.#server, exchange.response, number)
      yield* this.#packet(this.#client, ACK)
    }
    yield* this.#packet(this.#client, FIN | ACK)
    yield* this.#packet(this.#server, FIN | ACK)
    yield* this.#packet(this.#client, ACK)
  }

  * #message(from: TcpSpeaker, message: Exchange['request'], number: number): Generator<void, void, { out: PcapOutput, atMicros: number }> {
    const length = message.bytes.length
    for (let at = 0; at < length; at += MSS) {
      const { out, atMicros } = yield
      const end = Math.min(at + MSS, length)
      // The message is shared with other connections: numbered anew for each packet.
      from.say(out, atMicros, end === length ? PSH | ACK : ACK, numbered(message, number), at, end)
    }
  }

  * #packet(from: TcpSpeaker, flags: number): Generator<void, void, { out: PcapOutput, atMicros: number }> {
    const { out, atMicros } = yield
    from.say(out, atMicros, flags, NOTHING, 0, 0)
  }
}
