import type { Message } from '../../model/message.ts'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER, otherSide } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import { KeyPairing } from '../key-pairing.ts'
import type { FifoSink } from '../pairing.ts'
import type { Settings } from '../protocol.ts'
import { AnsweredMemory } from './answered-memory.ts'
import type { Manner } from './exchange.ts'
import { DnsExchange } from './exchange.ts'
import { HEADER_BYTES, word } from './header.ts'
import {
  COPY_MICROS, MAX_TRANSFER_BYTES, MAX_WAITING_ANSWERS, MAX_WAITING_BYTES, MAX_WAITING_QUERIES, UNANSWERED_MICROS,
} from './limits.ts'
import { DnsMessage, KEEP_NOTHING } from './message.ts'
import type { Reading } from './reading.ts'
import { readingOf } from './reading.ts'
import { BAD_QUESTION, BAD_RECORD, Scan } from './scan.ts'
import { Transfer } from './transfer.ts'

/** Zone transfers that are under way on one connection. */
const MAX_TRANSFERS = 16

export interface ExchangeSink {
  message(m: Message): void
  malformed(side: Side, what: string): void
}

/** Nothing of it is kept between two calls, so one serves all connections. */
const scan = new Scan()

/** Pairs the messages of one connection or flow, whichever way they come. An answer belongs to a query by its id, and by who sent it. */
export class DnsExchanges implements FifoSink<DnsExchange, DnsMessage> {
  readonly #sink: ExchangeSink
  readonly #reading: Reading
  #manner: Manner
  /** Only then can the same message come twice. */
  readonly #memory: AnsweredMemory | undefined
  #pairing: KeyPairing<DnsExchange, DnsMessage> | undefined
  #transfers: Map<number, DnsExchange> | undefined
  #waitingBytes = 0
  #isShedding = false
  #isExpiring = false

  constructor(sink: ExchangeSink, settings: Settings, manner: Manner, isDatagram: boolean) {
    this.#sink = sink
    this.#reading = readingOf(settings)
    this.#manner = manner
    this.#memory = isDatagram ? new AnsweredMemory() : undefined
  }

  /** As if new: nothing waits. */
  again(manner: Manner): void {
    this.#manner = manner
    this.#memory?.clear()
    this.#waitingBytes = 0
  }

  /** No query waits for its answer, and no answer for its query. */
  get isIdle(): boolean {
    return this.#transfers === undefined && (this.#pairing === undefined || this.#pairing.isEmpty)
  }

  get heldBytes(): number {
    let bytes = this.#waitingBytes
    for (const exchange of this.#transfers?.values() ?? []) bytes += exchange.heldBytes
    return bytes
  }

  /** One message, bytes[start, end), of which `missing` bytes more were sent. False: it is none, nothing was said. */
  take(side: Side, bytes: Uint8Array, start: number, end: number, missing: number, at: Micros): boolean {
    if (end - start < HEADER_BYTES || scan.run(bytes, start, end, missing > 0) === BAD_QUESTION) return false
    if (scan.verdict === BAD_RECORD) this.#sink.malformed(side, 'a record reaches beyond its message')
    if (this.#manner !== '') this.#takeAlone(side, bytes, start, end, missing, at)
    else if ((bytes[start + 2]! & 0x80) === 0) this.#takeQuery(side, bytes, start, end, missing, at)
    else this.#takeAnswer(side, bytes, start, end, missing, at)
    return true
  }

  /** A group was asked, or told: nobody waits for one answer. */
  #takeAlone(side: Side, bytes: Uint8Array, start: number, end: number, missing: number, at: Micros): void {
    if (this.#memory?.isCopy(side, bytes, start, end, at, COPY_MICROS) === true) return
    const m = new DnsMessage().fill(side, at, bytes, start, end, missing, scan, this.#reading.keepBytes)
    this.#sink.message(m.isResponse ? this.#exchange(undefined, m) : this.#exchange(m, undefined))
  }

  #exchange(query: DnsMessage | undefined, answer: DnsMessage | undefined): DnsExchange {
    return new DnsExchange(query, answer, this.#manner, this.#reading.redactor)
  }

  #begun(query: DnsMessage): DnsExchange {
    return (this.#manner === '' ? this.#reading.exchange()?.begin(query) : undefined) ?? this.#exchange(query, undefined)
  }

  #takeQuery(side: Side, bytes: Uint8Array, start: number, end: number, missing: number, at: Micros): void {
    const pairing = this.#pairing ??= new KeyPairing(this, MAX_WAITING_QUERIES, MAX_WAITING_ANSWERS)
    const question = scan.questionEnd > HEADER_BYTES ? this.#reading.questions?.find(bytes, start, start + scan.questionEnd) : undefined
    const m = this.#reading.message().fill(side, at, bytes, start, end, missing, scan, this.#reading.keepBytes, question)
    const key = keyOf(m.id, side)
    this.#expire(at)
    const before = pairing.peek(key)
    if (before !== undefined && before.query!.hasQuestionOf(bytes, start, scan.questionEnd)) {
      if (at - before.sentMicros >= COPY_MICROS) before.sent++
      before.sentMicros = at
      return
    }
    const exchange = this.#begun(m)
    this.#waitingBytes += exchange.heldBytes
    const answer = pairing.asked(key, exchange)
    if (answer !== undefined) {
      this.#waitingBytes -= exchange.heldBytes
      exchange.answer = answer
      this.#sink.message(exchange)
    } else this.#shed(pairing)
  }

  #shed(pairing: KeyPairing<DnsExchange, DnsMessage>): void {
    this.#isShedding = true
    while (this.#waitingBytes > MAX_WAITING_BYTES && pairing.waiting > 1) pairing.dropOldest()
    this.#isShedding = false
  }

  /** Time is that of the capture: it only passes while something comes. */
  #expire(at: Micros): void {
    const pairing = this.#pairing
    if (pairing === undefined) return
    this.#isExpiring = true
    for (let oldest = pairing.oldest; oldest !== undefined && at - oldest.sentMicros > UNANSWERED_MICROS; oldest = pairing.oldest) pairing.dropOldest()
    this.#isExpiring = false
  }

  #takeAnswer(side: Side, bytes: Uint8Array, start: number, end: number, missing: number, at: Micros): void {
    const key = keyOf(word(bytes, start), otherSide(side))
    const transfer = this.#transfers?.get(key)
    if (transfer !== undefined) {
      this.#continue(key, transfer, side, bytes, start, end, missing, at)
      return
    }
    this.#expire(at)
    const waiting = this.#pairing?.peek(key)
    const known = waiting === undefined ? this.#memory?.recall(key, bytes, start, end) : undefined
    if (known === 'same') return
    const isOther = waiting !== undefined && !waiting.query!.hasQuestionOf(bytes, start, scan.questionEnd)
    const kept = this.#reading.isForLine && waiting !== undefined && !isOther ? KEEP_NOTHING : this.#reading.keepBytes
    const m = this.#reading.message().fill(side, at, bytes, start, end, missing, scan, kept)
    if (known === 'other' || isOther) {
      const exchange = this.#exchange(undefined, m)
      exchange.isSecondAnswer = known === 'other'
      exchange.isOtherQuestion = known !== 'other'
      this.#sink.message(exchange)
      return
    }
    this.#memory?.remember(key, bytes, start, end)
    const pairing = this.#pairing ??= new KeyPairing(this, MAX_WAITING_QUERIES, MAX_WAITING_ANSWERS)
    const exchange = pairing.answered(key, m)
    if (exchange === undefined) return
    this.#waitingBytes -= exchange.heldBytes
    exchange.answer = m
    if (this.#memory === undefined && exchange.query!.isTransfer) {
      this.#begin(key, exchange, bytes, start, end)
      return
    }
    this.#sink.message(exchange)
    this.#reading.giveBack(exchange)
  }

  #begin(key: number, exchange: DnsExchange, bytes: Uint8Array, start: number, end: number): void {
    const transfer = exchange.transfer = new Transfer()
    transfer.add(bytes, start, end)
    if (transfer.isOver) {
      this.#sink.message(exchange)
      return
    }
    const transfers = this.#transfers ??= new Map()
    transfers.set(key, exchange)
    if (transfers.size <= MAX_TRANSFERS) return
    const [oldest] = transfers.entries()
    transfers.delete(oldest![0])
    this.#sink.message(oldest![1])
  }

  #continue(key: number, exchange: DnsExchange, side: Side, bytes: Uint8Array, start: number, end: number, missing: number, at: Micros): void {
    const transfer = exchange.transfer!
    transfer.add(bytes, start, end)
    const room = Math.min(this.#reading.keepBytes, MAX_TRANSFER_BYTES - transfer.sizeBytes)
    if (room > 0) (exchange.further ??= []).push(new DnsMessage().fill(side, at, bytes, start, end, missing, scan, room))
    if (!transfer.isOver) return
    this.#transfers!.delete(key)
    this.#sink.message(exchange)
  }

  unanswered(exchange: DnsExchange): void {
    this.#waitingBytes -= exchange.heldBytes
    exchange.isShed = this.#isShedding
    exchange.isTimedOut = this.#isExpiring
    this.#sink.message(exchange)
  }

  unasked(answer: DnsMessage): void {
    this.#sink.message(this.#exchange(undefined, answer))
  }

  /** This side says no more: what waits for it waits in vain. */
  endSide(side: Side): void {
    if (side === CLIENT) this.#pairing?.endRequests()
    else this.#pairing?.endAnswers()
    if (side === SERVER) for (const exchange of this.#transfers?.values() ?? []) this.#sink.message(exchange)
    if (side === SERVER) this.#transfers = undefined
  }
}

function keyOf(id: number, asker: Side): number {
  return asker << 16 | id
}
