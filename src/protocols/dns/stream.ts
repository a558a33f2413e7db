import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, Settings, Sink } from '../protocol.ts'
import { DnsExchanges } from './exchanges.ts'
import { HEADER_BYTES, word } from './header.ts'
import { probeSide } from './probe.ts'
import { StreamHalf } from './stream-half.ts'

const PREFIX_BYTES = 2

/** DNS over TCP (RFC 1035 §4.2.2, RFC 7766): messages with their length before them, answered in any order. */
export class DnsStream implements Dissector {
  readonly #sink: Sink
  readonly #exchanges: DnsExchanges
  readonly #halves = [new StreamHalf(), new StreamHalf()] as const
  /** Nothing was understood so far: it may be a wrong guess. */
  #isFresh = true

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#exchanges = new DnsExchanges({
      message: (m) => sink.message(m),
      malformed: (side, what) => sink.malformed(side, what, this.#halves[side].messageAt),
    }, settings, '', false)
  }

  get heldBytes(): number {
    return this.#halves[CLIENT].sizeBytes + this.#halves[SERVER].sizeBytes + this.#exchanges.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    const half = this.#halves[side]
    if (half.isLost && !this.#resume(half, side, chunk)) return
    let from = 0
    if (half.sizeBytes > 0) {
      from = half.fill(chunk)
      if (half.isWhole) {
        this.#take(side, half.bytes, PREFIX_BYTES, half.sizeBytes, half.atMicros)
        half.clear()
      }
    }
    this.#takeWhole(side, half, chunk, from, at)
    half.offset += chunk.length
    if (this.#isFresh && half.sizeBytes > 0 && probeSide(half.bytes.subarray(0, half.sizeBytes), side === SERVER) === 'no') this.#refuse(side, half)
  }

  #refuse(side: Side, half: StreamHalf): void {
    half.isLost = true
    this.#sink.malformed(side, 'no DNS message', half.messageAt)
    if (this.#isFresh) this.#sink.disown()
  }

  /** What begins in this chunk: whole messages where they are, the beginning of one is copied. */
  #takeWhole(side: Side, half: StreamHalf, chunk: Uint8Array, first: number, at: Micros): void {
    let from = first
    while (!half.isLost && chunk.length - from >= PREFIX_BYTES) {
      const end = from + PREFIX_BYTES + word(chunk, from)
      if (end > chunk.length) break
      half.messageAt = half.offset + from
      this.#take(side, chunk, from + PREFIX_BYTES, end, at)
      from = end
    }
    if (!half.isLost && from < chunk.length) half.begin(chunk, from, at)
  }

  /** After a hole: a segment that begins with a message, as most of them do. */
  #resume(half: StreamHalf, side: Side, chunk: Uint8Array): boolean {
    if (probeSide(chunk, side === SERVER) === 'yes') half.isLost = false
    else half.offset += chunk.length
    return !half.isLost
  }

  #take(side: Side, bytes: Uint8Array, start: number, end: number, at: Micros): void {
    if (this.#exchanges.take(side, bytes, start, end, 0, at)) {
      this.#isFresh = false
      return
    }
    this.#refuse(side, this.#halves[side])
  }

  gap(side: Side, bytes: number, _at: Micros): void {
    const half = this.#halves[side]
    this.#giveUp(side, half)
    half.isLost = true
    half.offset += bytes
  }

  /** What is here of a message is shown, and says that it is not all. */
  #giveUp(side: Side, half: StreamHalf): void {
    const size = half.sizeBytes
    if (size === 0) return
    const shown = size >= PREFIX_BYTES + HEADER_BYTES
      && this.#exchanges.take(side, half.bytes, PREFIX_BYTES, size, half.missing, half.atMicros)
    half.clear()
    if (!shown) this.#sink.malformed(side, 'a message is cut short', half.messageAt)
  }

  end(side: Side, _at: Micros): void {
    this.#giveUp(side, this.#halves[side])
    this.#exchanges.endSide(side)
  }
}
