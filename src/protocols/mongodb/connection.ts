import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { KeyPairing } from '../key-pairing.ts'
import type { FifoSink } from '../pairing.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { WaitingBudget } from '../waiting-budget.ts'
import type { Showing } from './exchange.ts'
import { Exchange, SHED, SILENT } from './exchange.ts'
import type { Frame } from './frame.ts'
import { MAX_WAITING_BYTES, MAX_WAITING_REPLIES, MAX_WAITING_REQUESTS, MIN_KEPT_BYTES } from './limits.ts'
import { isUnanswered } from './op.ts'
import type { FrameOwner } from './side-reader.ts'
import { SideReader } from './side-reader.ts'

/** What the objects of a request that waits take besides its text. */
const EXCHANGE_BYTES = 256

/** Both sides of a MongoDB connection: two readers, and the pairing of requests with replies by their ids. */
export class MongodbConnection implements InPlaceDissector, FrameOwner, FifoSink<Exchange, Frame> {
  readonly #sink: Sink
  readonly #showing: Showing
  readonly #requests: SideReader
  readonly #replies: SideReader
  readonly #pairing: KeyPairing<Exchange, Frame>
  readonly #budget = new WaitingBudget(MAX_WAITING_BYTES, MAX_WAITING_REQUESTS)
  /** The exchange whose reply said that more come, and the id that the next one answers. */
  #exhaust: Exchange | undefined
  #exhaustId = 0
  #isBlank = true
  #isShedding = false

  constructor(sink: Sink, settings: Settings) {
    const keepBytes = Math.max(MIN_KEPT_BYTES, settings.bodyLimitBytes)
    this.#sink = sink
    this.#showing = { redactor: redactorOf(settings.redaction), withValues: settings.bodyLimitBytes > 0 }
    this.#requests = new SideReader(this, true, keepBytes)
    this.#replies = new SideReader(this, false, keepBytes)
    this.#pairing = new KeyPairing(this, MAX_WAITING_REQUESTS, MAX_WAITING_REPLIES)
  }

  joinedLate(): void {
    this.#isBlank = false
    this.#requests.seek()
    this.#replies.seek()
  }

  get heldBytes(): number {
    return this.#budget.bytes + this.#requests.heldBytes + this.#replies.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (side === CLIENT) this.#requests.feed(buf, from, to, at)
    else this.#replies.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#isBlank = false
    if (side === CLIENT) this.#requests.gap(bytes, at)
    else this.#replies.gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    if (side === CLIENT) {
      this.#requests.end(at)
      this.#pairing.endRequests()
    } else {
      this.#replies.end(at)
      this.#pairing.endAnswers()
    }
  }

  framed(isClient: boolean, frame: Frame): void {
    this.#isBlank = false
    if (isClient) this.#asked(frame)
    else this.#replied(frame)
  }

  #asked(frame: Frame): void {
    const exchange = new Exchange(this.#showing, frame)
    if (frame.isMoreToCome || isUnanswered(frame.op)) {
      exchange.unanswered = SILENT
      this.#sink.message(exchange)
      return
    }
    this.#wait(exchange)
    const reply = this.#pairing.asked(frame.requestId, exchange)
    if (reply !== undefined) this.#join(exchange, reply)
  }

  /** The oldest must make room where too much waits. The newest always may stay. */
  #wait(exchange: Exchange): void {
    this.#budget.hold(exchange, EXCHANGE_BYTES + exchange.requestFrame!.heldBytes)
    this.#isShedding = true
    // Together with this one, which is not among them yet.
    while (this.#budget.isOver(this.#pairing.waiting + 1)) this.#pairing.dropOldest()
    this.#isShedding = false
  }

  #replied(frame: Frame): void {
    if (this.#exhaust !== undefined && frame.responseTo === this.#exhaustId) {
      this.#further(this.#exhaust, frame)
      return
    }
    const exchange = this.#pairing.answered(frame.responseTo, frame)
    if (exchange !== undefined) this.#join(exchange, frame)
  }

  #join(exchange: Exchange, reply: Frame): void {
    this.#budget.release(exchange)
    exchange.replyFrame = reply
    if (reply.isMoreToCome) this.#expectFurther(exchange, reply)
    this.#sink.message(exchange)
  }

  #expectFurther(exchange: Exchange, reply: Frame): void {
    this.#exhaust = exchange
    this.#exhaustId = reply.requestId
  }

  #further(first: Exchange, reply: Frame): void {
    const exchange = new Exchange(this.#showing, undefined)
    exchange.first = first
    exchange.replyFrame = reply
    this.#exhaust = undefined
    if (reply.isMoreToCome) this.#expectFurther(first, reply)
    this.#sink.message(exchange)
  }

  unanswered(exchange: Exchange): void {
    this.#budget.release(exchange)
    if (this.#isShedding) exchange.unanswered = SHED
    this.#sink.message(exchange)
  }

  unasked(reply: Frame): void {
    const exchange = new Exchange(this.#showing, undefined)
    exchange.replyFrame = reply
    this.#sink.message(exchange)
  }

  refuses(): boolean {
    if (!this.#isBlank) return false
    this.#isBlank = false
    this.#requests.stop()
    this.#replies.stop()
    this.#sink.disown()
    return true
  }

  malformed(isClient: boolean, what: string, offset: number): void {
    this.#sink.malformed(isClient ? CLIENT : SERVER, what, offset)
  }

  /** Ids pair what is left. */
  lostCount(isClient: boolean): void {
    if (!isClient) this.#exhaust = undefined
  }
}
