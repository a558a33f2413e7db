import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Reading } from '../http/reading.ts'
import { readingOf } from '../http/reading.ts'
import type { FifoSink } from '../pairing.ts'
import { FifoPairing } from '../pairing.ts'
import type { Handover, InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { WaitingBudget } from '../waiting-budget.ts'
import { Exchange } from './exchange.ts'
import type { Framing } from './framing.ts'
import { NO_BODY, TUNNEL, requestFraming, responseFraming } from './framing.ts'
import type { Half } from './half.ts'
import { CONNECT } from './half.ts'
import { headMemosOf } from './head-memo.ts'
import type { HalfOwner } from './half-reader.ts'
import { HalfReader } from './half-reader.ts'
import { Http1Heads, lensOf } from './heads.ts'
import { MAX_INTERIM, MAX_WAITING_ANSWERS, MAX_WAITING_BYTES, MAX_WAITING_REQUESTS } from './limits.ts'
import { END_IN_BODY, INTERIM_CUT, NOT_FINAL } from './notes.ts'
import type { Spares } from './spares.ts'
import { sparesOf } from './spares.ts'
import { handoverOf, successorOf } from './successor.ts'

/** Who keeps so much anyway need not ask the lenses. */
const LENSES_WANT_BYTES = 64 * 1024

/** What an object of each kind takes besides its text. */
const HALF_BYTES = 256

/** Both sides of an HTTP/1 connection: two readers and the pairing of what they find. */
export class Http1Connection implements InPlaceDissector, HalfOwner, FifoSink<Exchange, Half> {
  readonly details: boolean
  readonly #sink: Sink
  readonly #reading: Reading
  readonly #spares: Spares | undefined
  readonly #requests: HalfReader
  readonly #responses: HalfReader
  readonly #pairing: FifoPairing<Exchange, Half>
  /** 1xx responses whose final one has not come. */
  #interim: Half[] | undefined
  readonly #budget = new WaitingBudget(MAX_WAITING_BYTES, Infinity)
  /** What the connection goes on as, once it is handed over. */
  #successor: string | undefined
  #handover: Handover | undefined
  /** Nothing of HTTP was seen so far. */
  #isBlank = true
  #hasSpoken = false
  #isGivenUp = false
  #requestsEnded = false
  #responsesEnded = false

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.details = settings.details !== false
    this.#reading = readingOf(settings)
    const memos = headMemosOf(settings)
    const spares = this.#spares = sparesOf(settings)
    this.#requests = new HalfReader(this, true, memos.requests, spares)
    this.#responses = new HalfReader(this, false, memos.responses, spares)
    this.#pairing = new FifoPairing(this, MAX_WAITING_ANSWERS)
  }

  /** The start of the connection was missed: either side may be in the middle of a body. Before any bytes. */
  joinedLate(): void {
    this.#isBlank = false
    this.#pairing.loosen()
    this.#requests.seek()
    this.#responses.seek()
  }

  get heldBytes(): number {
    return this.#budget.bytes + this.#requests.heldBytes + this.#responses.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (side === CLIENT) this.#requests.feed(buf, from, to, at)
    else this.#responses.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#isBlank = false
    if (side === CLIENT) this.#requests.gap(bytes, at)
    else this.#responses.gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    if (side === CLIENT) {
      this.#requests.end(at)
      this.#requestsEnded = true
      this.#pairing.endRequests()
    } else {
      this.#responses.end(at)
      this.#endInterim()
      this.#responsesEnded = true
      this.#pairing.endAnswers()
    }
    if (this.#requestsEnded && this.#responsesEnded && !this.#hasSpoken && !this.#isGivenUp) this.#giveUp()
  }

  began(half: Half): Framing {
    this.#isBlank = false
    return half.isRequest ? this.#requestBegan(half) : this.#responseBegan(half)
  }

  #requestBegan(half: Half): Framing {
    const exchange = this.#spares === undefined ? new Exchange(this.#reading, half, undefined) : this.#spares.exchange(this.#reading, half)
    half.exchange = exchange
    const answer = this.#pairing.asked(exchange)
    if (answer !== undefined) this.#join(exchange, answer)
    else if (this.#pairing.waiting > MAX_WAITING_REQUESTS) this.#shed()
    if (this.#responsesEnded) this.#pairing.endAnswers()
    return requestFraming(half)
  }

  #responseBegan(half: Half): Framing {
    if (half.status >= 100 && half.status < 200 && half.status !== 101) {
      this.#addInterim(half)
      return NO_BODY
    }
    const request = this.#answer(half)?.requestHalf
    const framing = responseFraming(half, request)
    if (framing === TUNNEL) this.#switch(half, request)
    else if (this.#pairing.waiting === 0) this.#requests.release()
    return framing
  }

  #switch(response: Half, request: Half | undefined): void {
    this.#successor = successorOf(response, request)
    if (this.#successor !== undefined) this.#handover = handoverOf(response, request)
    if (request === undefined || request.over) return
    request.over = true
    request.bits |= END_IN_BODY
  }

  /** Finds the request of a final response. */
  #answer(half: Half): Exchange | undefined {
    half.interim = this.#interim
    if (half.interim !== undefined) half.bits |= half.interim.at(-1)!.bits & INTERIM_CUT
    this.#interim = undefined
    const exchange = this.#pairing.answered(half)
    if (exchange !== undefined) this.#join(exchange, half)
    else if (this.#requestsEnded) this.#pairing.endRequests()
    return exchange
  }

  #join(exchange: Exchange, answer: Half): void {
    this.#budget.release(exchange.requestHalf!)
    exchange.responseHalf = answer
    answer.exchange = exchange
  }

  #addInterim(half: Half): void {
    this.#interim ??= []
    if (this.#interim.length < MAX_INTERIM) this.#interim.push(half)
    else this.#interim.at(-1)!.bits |= INTERIM_CUT
  }

  /** The last interim response takes the place of the final one that never came. */
  #endInterim(): void {
    const last = this.#interim?.pop()
    if (last === undefined) return
    if (this.#interim!.length === 0) this.#interim = undefined
    last.bits |= NOT_FINAL
    this.#answer(last)
    this.finished(last)
  }

  /** The lens of its request may read in it, and a request that is captured later may have one. */
  needsHead(response: Half): boolean {
    const { exchange } = response
    return !response.isRequest && (exchange?.requestHalf === undefined || exchange.requestHalf.lens !== undefined)
  }

  /** A lens may want the beginning of a body although nobody asked for bodies. */
  bodyLimitBytes(half: Half): number {
    const { bodyLimitBytes } = this.#reading.settings
    const request = half.isRequest ? half : half.exchange?.requestHalf
    if (request === undefined || bodyLimitBytes >= LENSES_WANT_BYTES) return bodyLimitBytes
    const response = half.isRequest ? undefined : half
    const lens = lensOf(request, response)
    if (lens === undefined) return bodyLimitBytes
    const heads = new Http1Heads(request, response)
    const wanted = half.isRequest ? lens.wantedBytes(heads) : lens.wantedAnswerBytes?.(heads)
    return Math.max(bodyLimitBytes, wanted ?? 0)
  }

  finished(half: Half): void {
    const { exchange } = half
    const isReadNow = this.#spares !== undefined && exchange?.isOver === true
    if (!isReadNow) half.body?.own()
    if (exchange === undefined) return
    if (half.isRequest && exchange.responseHalf === undefined && !exchange.isUnanswered) this.#wait(half)
    this.#tell(exchange)
  }

  #tell(exchange: Exchange): void {
    if (!exchange.isOver) return
    this.#hasSpoken = true
    this.#sink.message(exchange)
    this.#spares?.give(exchange)
  }

  /** A whole request waits for its answer: what it holds counts, and the oldest must make room. The newest always may stay. */
  #wait(half: Half): void {
    this.#budget.hold(half, HALF_BYTES + half.head.length + half.trailers.length + (half.body?.length ?? 0))
    while (this.#budget.isOver(this.#pairing.waiting)) this.#shed()
  }

  #shed(): void {
    const oldest = this.#pairing.oldest
    if (oldest === undefined) return
    oldest.isShed = true
    this.#pairing.dropOldest()
  }

  unanswered(exchange: Exchange): void {
    this.#budget.release(exchange.requestHalf!)
    exchange.isUnanswered = true
    this.#tell(exchange)
  }

  unasked(answer: Half): void {
    answer.exchange = new Exchange(this.#reading, undefined, answer)
    if (answer.over) this.#tell(answer.exchange)
  }

  awaitsSwitch(request: Half): boolean {
    return (request.hasUpgrade || request.method === CONNECT) && request.exchange?.responseHalf === undefined && !this.#responsesEnded
  }

  refuses(): boolean {
    if (!this.#isBlank) return false
    this.#giveUp()
    return true
  }

  #giveUp(): void {
    this.#isGivenUp = true
    this.#requests.stop()
    this.#responses.stop()
    this.#sink.disown()
  }

  malformed(isRequest: boolean, what: string, offset: number): void {
    this.#sink.malformed(isRequest ? CLIENT : SERVER, what, offset)
  }

  lostCount(isRequest: boolean): void {
    if (isRequest) this.#pairing.lostRequests()
    else this.#pairing.lostAnswers()
  }

  handOver(rest: Uint8Array): void {
    const clientRest = this.#requests.takeHeld()
    this.#pairing.endRequests()
    this.#pairing.endAnswers()
    this.#sink.switchTo(this.#successor, clientRest, rest, this.#handover)
  }
}
