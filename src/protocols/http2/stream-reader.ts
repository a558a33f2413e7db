import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { lensFor } from '../http/lenses.ts'
import type { Reading } from '../http/reading.ts'
import type { Sink } from '../protocol.ts'
import type { Direction } from './direction.ts'
import { Exchange } from './exchange.ts'
import type { FrameReader } from './frame-reader.ts'
import { Half } from './half.ts'
import type { HeaderField } from './header-field.ts'
import { Http2Heads } from './heads.ts'
import { LONG_LIVED_MICROS, MAX_INTERIM, MAX_PARTS_A_SECOND } from './limits.ts'
import {
  AFTER_LOSS, BY_UPGRADE, END_IN_BODY, INTERIM_CUT, LOST_AROUND, MORE_TRAILERS, NOT_FINAL, NOT_KEPT, NO_HEAD, PUSHED, RESET_FLOOD,
} from './notes.ts'
import { Streams } from './streams.ts'

const SECOND_MICROS = 1_000_000

/** Puts the frames of the streams together to messages. */
export class StreamReader {
  readonly #sink: Sink
  readonly #reading: Reading
  readonly #streams = new Streams()
  /** Highest stream that the client opened. */
  #highest = 0
  /** Streams may be open whose beginning was not captured. */
  #isLoose = false
  #serverEnded = false
  hasSpoken = false

  constructor(sink: Sink, reading: Reading) {
    this.#sink = sink
    this.#reading = reading
  }

  get heldBytes(): number {
    return this.#streams.heldBytes
  }

  loosen(): void {
    this.#isLoose = true
  }

  /** Stream 1 is the request that came as HTTP/1.1 (RFC 7540 §3.2). */
  upgrade(request: Half): void {
    request.bits |= BY_UPGRADE
    request.over = true
    this.#highest = 1
    this.#open(1).requestHalf = request
  }

  #open(stream: number): Exchange {
    const exchange = new Exchange(this.#reading, stream, 1)
    this.#streams.set(exchange)
    return exchange
  }

  /** A whole header block of a stream. */
  headers(direction: Direction, stream: number, fields: readonly HeaderField[], bits: number, endsStream: boolean, at: Micros): void {
    const { side, reader } = direction
    const exchange = this.#streams.get(stream) ?? this.#begin(side, stream)
    if (exchange === undefined) {
      if (!this.#streams.endedLately(stream)) this.#sink.malformed(side, 'headers of a stream that is not open', reader.frameOffset)
      return
    }
    const half = this.#headersOf(exchange, direction, fields, bits, endsStream, at)
    half.endMicros = reader.nowMicros
    if (endsStream) this.#finish(exchange, half)
    this.#shed()
  }

  #headersOf(exchange: Exchange, direction: Direction, fields: readonly HeaderField[], bits: number, endsStream: boolean, at: Micros): Half {
    const before = direction.side === CLIENT ? exchange.requestHalf : exchange.responseHalf
    const half = before ?? this.#addHalf(exchange, direction, at)
    half.bits |= bits
    const isHead = !half.hasHead && (!this.#isLoose || bits > 0 || fields.some(({ name }) => name === ':method' || name === ':status'))
    if (isHead) this.#takeHead(exchange, half, fields, endsStream, at)
    else {
      if (!half.hasHead) half.bits |= NO_HEAD
      this.#addTrailers(exchange, half, fields)
    }
    return half
  }

  /** There should be one block of them, and hostile peers send more. */
  #addTrailers(exchange: Exchange, half: Half, fields: readonly HeaderField[]): void {
    if (half.trailers !== undefined) {
      half.bits |= MORE_TRAILERS
      return
    }
    half.trailers = fields
    this.#streams.hold(exchange, fields.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0))
  }

  #takeHead(exchange: Exchange, half: Half, fields: readonly HeaderField[], endsStream: boolean, at: Micros): void {
    half.takeHead(fields)
    half.headMicros = at
    if (half.isRequest || endsStream || half.status < 100 || half.status > 199) {
      if (!endsStream) half.limitBytes = this.#limitOf(exchange, half)
      this.#streams.hold(exchange, half.headBytes)
      return
    }
    // An interim response: the final one has the next header block.
    const final = new Half(false, half.atMicros)
    final.interim = half.interim ?? []
    final.bits = half.bits
    half.interim = undefined
    if (final.interim.length < MAX_INTERIM) {
      final.interim.push(half)
      this.#streams.hold(exchange, half.headBytes)
    } else final.bits |= INTERIM_CUT
    exchange.responseHalf = final
  }

  #limitOf(exchange: Exchange, half: Half): number {
    const { bodyLimitBytes } = this.#reading.settings
    const heads = half.isRequest ? new Http2Heads(half, exchange.responseHalf) : new Http2Heads(exchange.requestHalf, half)
    const lens = lensFor(heads)
    const wanted = half.isRequest ? lens?.wantedBytes(heads) : lens?.wantedAnswerBytes?.(heads)
    return Math.max(bodyLimitBytes, wanted ?? 0)
  }

  #addHalf(exchange: Exchange, direction: Direction, at: Micros): Half {
    const half = new Half(direction.side === CLIENT, at)
    if (direction.hasUntoldLoss) half.bits |= AFTER_LOSS
    direction.hasUntoldLoss = false
    if (half.isRequest) exchange.requestHalf = half
    else exchange.responseHalf = half
    return half
  }

  /** The first that is heard of a stream. Undefined where it ended already. */
  #begin(side: Side, stream: number): Exchange | undefined {
    const isNew = stream % 2 === 1 && stream > this.#highest
    // Above what the client opened nothing has ended, unless its side was lost.
    if ((!isNew || this.#isLoose) && this.#streams.endedLately(stream)) return undefined
    if (!isNew && !this.#isLoose) return undefined
    if (side === CLIENT && isNew) this.#highest = stream
    return this.#open(stream)
  }

  promised(stream: number, fields: readonly HeaderField[], bits: number, at: Micros): void {
    if (this.#streams.get(stream) !== undefined || this.#streams.endedLately(stream)) return
    const exchange = this.#open(stream)
    const half = new Half(true, at)
    half.takeHead(fields)
    half.bits |= bits | PUSHED
    half.over = true
    exchange.requestHalf = half
    this.#streams.hold(exchange, half.headBytes)
    this.#shed()
  }

  /** Where the bytes of a DATA frame belong. */
  dataBegan(direction: Direction, stream: number, at: Micros): Half | undefined {
    const exchange = this.#streams.get(stream) ?? (this.#isLoose ? this.#begin(direction.side, stream) : undefined)
    if (exchange === undefined) return undefined
    const known = direction.side === CLIENT ? exchange.requestHalf : exchange.responseHalf
    if (known !== undefined) return known.over ? undefined : known
    const half = this.#addHalf(exchange, direction, at)
    half.bits |= NO_HEAD
    half.limitBytes = this.#reading.settings.bodyLimitBytes
    this.#streams.hold(exchange, half.headBytes)
    this.#shed()
    return half
  }

  data(half: Half, reader: FrameReader, buf: Uint8Array, from: number, to: number): void {
    const exchange = this.#streams.get(reader.stream)
    if (exchange === undefined) return
    if (half.body === undefined && half.limitBytes > 0 && this.#streams.isFull) {
      half.limitBytes = 0
      half.bits |= NOT_KEPT
    }
    if (exchange.part > 1 && half.bodyBytes === 0) half.atMicros = reader.frameMicros
    const kept = half.add(buf, from, to)
    if (kept > 0) this.#streams.hold(exchange, kept)
    half.endMicros = reader.nowMicros
  }

  dataEnded(half: Half, reader: FrameReader, endsStream: boolean): void {
    const exchange = this.#streams.get(reader.stream)
    if (exchange === undefined) return
    half.endMicros = reader.nowMicros
    if (endsStream) this.#finish(exchange, half)
    else if (this.#isDue(exchange, half, reader.nowMicros)) this.#tellPart(exchange, reader.nowMicros)
    this.#shed()
  }

  /** Of what may go on for hours, and whose end nobody knows, the reader hears as it comes. */
  #isDue(exchange: Exchange, half: Half, at: Micros): boolean {
    if (half.hasLength || at - half.headMicros < LONG_LIVED_MICROS || half.wholeBytes === 0) return false
    if (at - exchange.partsMicros >= SECOND_MICROS) {
      exchange.partsMicros = at
      exchange.partsShown = 0
    }
    return exchange.partsShown++ < MAX_PARTS_A_SECOND
  }

  #tellPart(exchange: Exchange, at: Micros): void {
    const next = exchange.continued(at)
    this.#streams.release(exchange)
    this.#streams.set(next)
    this.#streams.hold(next, (next.requestHalf?.headBytes ?? 0) + (next.requestHalf?.body?.length ?? 0)
      + (next.responseHalf?.headBytes ?? 0) + (next.responseHalf?.body?.length ?? 0))
    this.#say(exchange)
  }

  #say(exchange: Exchange): void {
    this.hasSpoken = true
    this.#sink.message(exchange)
  }

  #finish(exchange: Exchange, half: Half): void {
    half.over = true
    const { requestHalf, responseHalf } = exchange
    if (exchange.isOver) this.#close(exchange)
    else if (half.isRequest || responseHalf === undefined) return
    // What was lost of the request, or before the capture, does not come any more.
    else if (requestHalf === undefined ? this.#isLoose : (requestHalf.bits & LOST_AROUND) !== 0) this.#close(exchange)
  }

  #close(exchange: Exchange): void {
    this.#streams.close(exchange)
    this.#say(exchange)
  }

  reset(side: Side, stream: number, code: number, at: Micros, isFlood: boolean): void {
    const exchange = this.#streams.get(stream)
    if (exchange === undefined) return
    exchange.reset = { side, code, isGoaway: false, atMicros: at }
    const half = exchange.requestHalf ?? exchange.responseHalf
    if (half !== undefined && isFlood) half.bits |= RESET_FLOOD
    this.#cutShort(exchange, at)
  }

  #cutShort(exchange: Exchange, at: Micros): void {
    for (const half of [exchange.requestHalf, exchange.responseHalf]) if (half !== undefined && !half.over) half.endMicros = at
    this.#dropInterim(exchange)
    this.#close(exchange)
  }

  /** The last interim response takes the place of the final one that never came. */
  #dropInterim(exchange: Exchange): void {
    const { responseHalf } = exchange
    if (responseHalf === undefined || responseHalf.hasHead || responseHalf.interim === undefined || (responseHalf.bits & NO_HEAD) !== 0) return
    const last = responseHalf.interim.pop()!
    if (responseHalf.interim.length > 0) last.interim = responseHalf.interim
    last.bits |= NOT_FINAL | responseHalf.bits
    exchange.responseHalf = last
  }

  /** GOAWAY: streams of the other side above `lastStream` were not and will not be processed. */
  refused(side: Side, lastStream: number, code: number, at: Micros): void {
    const parity = side === SERVER ? 1 : 0
    for (const exchange of this.#streams.all()) {
      if (exchange.stream <= lastStream || exchange.stream % 2 !== parity) continue
      exchange.reset = { side, code, isGoaway: true, atMicros: at }
      this.#cutShort(exchange, at)
    }
  }

  /** Frames of one side were lost, which ones is not known. */
  lost(side: Side): void {
    for (const { requestHalf, responseHalf } of this.#streams.all()) {
      const half = side === CLIENT ? requestHalf : responseHalf
      if (half !== undefined && !half.over) half.bits |= LOST_AROUND
    }
  }

  #shed(): void {
    for (let oldest = this.#streams.surplus; oldest !== undefined; oldest = this.#streams.surplus) {
      oldest.isShed = true
      this.#dropInterim(oldest)
      this.#close(oldest)
    }
  }

  end(side: Side, at: Micros): void {
    if (side === SERVER) this.#serverEnded = true
    for (const exchange of this.#streams.all()) {
      const half = side === CLIENT ? exchange.requestHalf : exchange.responseHalf
      if (half !== undefined && !half.over) half.bits |= END_IN_BODY
      if (this.#serverEnded) this.#cutShort(exchange, at)
      else if (half !== undefined && !half.over) this.#finish(exchange, half)
    }
  }
}
