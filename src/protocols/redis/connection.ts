import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { FifoSink } from '../pairing.ts'
import { FifoPairing } from '../pairing.ts'
import type { Dissector, Settings, Sink } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { WaitingBudget } from '../waiting-budget.ts'
import { nameEnds, wordsOf } from './arguments.ts'
import {
  CLIENT_COMMAND, DISCARD, EXEC, MONITOR, MULTI, ORDINARY, REPLCONF, RESET, SUBSCRIBE, SYNC, UNSUBSCRIBE, kindOf,
} from './commands.ts'
import type { Showing } from './exchange.ts'
import { Exchange, SHED, SILENT } from './exchange.ts'
import type { Frame } from './frame.ts'
import {
  MAX_CONFIRMATIONS, MAX_WAITING_BYTES, MAX_WAITING_REPLIES, MAX_WAITING_REQUESTS, MIN_KEPT_BYTES,
} from './limits.ts'
import { CONFIRMATIONS_CUT } from './notes.ts'
import { MONITORED, PUSHED, Push, REPLICATED, SNAPSHOT } from './push.ts'
import { isConfirmation, isMonitorLine, isPublished, pushWord } from './pushed.ts'
import type { FrameOwner } from './side-reader.ts'
import { SideReader } from './side-reader.ts'
import { Transaction } from './transaction.ts'

/** What the objects of a command that waits take besides its text. */
const EXCHANGE_BYTES = 256

/** Both sides of a Redis connection: two readers, the pairing of what they find, and what the connection has become (subscribed, monitoring, replicating). */
export class RedisConnection implements Dissector, FrameOwner, FifoSink<Exchange, Frame> {
  readonly #sink: Sink
  readonly #showing: Showing
  readonly #commands: SideReader
  readonly #replies: SideReader
  readonly #pairing: FifoPairing<Exchange, Frame>
  readonly #transaction = new Transaction()
  readonly #budget = new WaitingBudget(MAX_WAITING_BYTES, MAX_WAITING_REQUESTS)
  /** Has a reply that is not all of it. */
  #confirming: Exchange | undefined
  /** Confirmations still to come. */
  #awaited = 0
  #isSubscribed = false
  #isMonitoring = false
  #isReplicating = false
  /** CLIENT REPLY OFF, and how many commands CLIENT REPLY SKIP has left. */
  #isSilent = false
  #skips = 0
  #isBlank = true
  #repliesEnded = false
  isAsked = false

  constructor(sink: Sink, settings: Settings) {
    const keepBytes = Math.max(MIN_KEPT_BYTES, settings.bodyLimitBytes)
    this.#sink = sink
    this.#showing = { redactor: redactorOf(settings.redaction), withValues: settings.bodyLimitBytes > 0 }
    this.#commands = new SideReader(this, true, keepBytes)
    this.#replies = new SideReader(this, false, keepBytes)
    this.#pairing = new FifoPairing(this, MAX_WAITING_REPLIES)
  }

  joinedLate(): void {
    this.#isBlank = false
    this.#pairing.loosen()
    this.#commands.joinLate()
    this.#replies.joinLate()
  }

  get heldBytes(): number {
    return this.#budget.bytes + this.#transaction.heldBytes + this.#commands.heldBytes + this.#replies.heldBytes
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    if (side === CLIENT) this.#commands.feed(chunk, at)
    else {
      this.#replies.feed(chunk, at)
      this.isAsked = false
    }
  }

  gap(side: Side, bytes: number, at: Micros): void {
    this.#isBlank = false
    if (side === CLIENT) this.#commands.gap(bytes, at)
    else this.#replies.gap(bytes, at)
  }

  end(side: Side, at: Micros): void {
    if (side === CLIENT) {
      this.#commands.end(at)
      this.#pairing.endRequests()
    } else {
      this.#replies.end(at)
      this.#endConfirming()
      this.#repliesEnded = true
      this.#pairing.endAnswers()
    }
  }

  framed(isClient: boolean, frame: Frame): void {
    this.#isBlank = false
    if (isClient) this.#asked(frame)
    else this.#said(frame)
  }

  #asked(frame: Frame): void {
    const { text } = frame
    const [from, to] = nameEnds(text)
    const exchange = new Exchange(this.#showing, frame, kindOf(text, from, to))
    this.isAsked = true
    if (exchange.kind !== ORDINARY) this.#prepare(exchange)
    if (exchange.unanswered === SILENT || this.#isSilenced(exchange)) {
      exchange.unanswered = SILENT
      this.#sink.message(exchange)
      return
    }
    const reply = this.#pairing.asked(exchange)
    if (reply !== undefined) this.#join(exchange, reply)
    else this.#wait(exchange)
    if (this.#repliesEnded) this.#pairing.endAnswers()
  }

  #isSilenced({ kind }: Exchange): boolean {
    if (this.#skips > 0) {
      this.#skips--
      return true
    }
    return this.#isSilent && kind !== SYNC
  }

  #prepare(exchange: Exchange): void {
    const { kind } = exchange
    if (kind === SUBSCRIBE || kind === UNSUBSCRIBE) exchange.confirmations = Math.max(1, wordsOf(exchange.command!, 1).count - 1)
    else if (kind === CLIENT_COMMAND) this.#prepareClient(exchange)
    else if (kind === REPLCONF) {
      if (wordAt(exchange, 1) === 'ack') {
        exchange.unanswered = SILENT
        this.#isReplicating = true
      }
    } else if (kind === SYNC && wordsOf(exchange.command!, 1).count === 1 && this.#pairing.waiting === 0) this.#replies.expectSnapshot()
  }

  #prepareClient(exchange: Exchange): void {
    if (wordAt(exchange, 1) !== 'reply') return
    const mode = wordAt(exchange, 2)
    if (mode === 'on') this.#isSilent = false
    else if (mode === 'off') this.#isSilent = true
    else if (mode === 'skip' && !this.#isSilent) this.#skips = 2
  }

  /** The oldest must make room where too much waits. The newest always may stay. */
  #wait(exchange: Exchange): void {
    this.#budget.hold(exchange, EXCHANGE_BYTES + exchange.command!.text.length)
    while (this.#budget.isOver(this.#pairing.waiting)) {
      this.#pairing.oldest!.unanswered = SHED
      this.#pairing.dropOldest()
    }
  }

  #said(frame: Frame): void {
    const type = frame.text[0]
    if (type === '>' || type === '*') {
      if (this.#isReplicating && type === '*') return this.#push(frame, REPLICATED)
      if (type === '>' || this.#mayBeUnasked()) {
        const word = pushWord(frame.text)
        if (isConfirmation(word)) return this.#confirmed(frame)
        if (type === '>' || isPublished(word)) return this.#push(frame, PUSHED)
      }
    } else if (type === '+' && (this.#isMonitoring || this.#pairing.waiting === 0) && isMonitorLine(frame.text)) return this.#push(frame, MONITORED)
    this.#replied(frame)
  }

  /** An array may be something else than a reply. */
  #mayBeUnasked(): boolean {
    if (this.#isSubscribed || this.#confirming !== undefined) return true
    const { oldest } = this.#pairing
    return oldest === undefined ? this.#pairing.loose : oldest.kind === SUBSCRIBE || oldest.kind === UNSUBSCRIBE
  }

  #push(frame: Frame, kind: number): void {
    this.#sink.message(new Push(this.#showing, frame, kind))
  }

  snapshot(frame: Frame): void {
    this.#isReplicating = true
    // SYNC has no reply of its own but this.
    if (this.#pairing.oldest?.kind === SYNC) {
      this.#pairing.oldest.unanswered = SILENT
      this.#pairing.dropOldest()
      this.#pairing.loosen()
    }
    this.#push(frame, SNAPSHOT)
  }

  #confirmed(frame: Frame): void {
    this.#isSubscribed = !frame.text.endsWith(':0\r\n')
    const exchange = this.#confirming
    if (exchange !== undefined) this.#confirmedAgain(exchange, frame)
    else if (this.#pairing.oldest?.kind === SUBSCRIBE || this.#pairing.oldest?.kind === UNSUBSCRIBE) this.#replied(frame)
    else this.#push(frame, PUSHED)
  }

  #confirmedAgain(exchange: Exchange, frame: Frame): void {
    exchange.further ??= []
    if (exchange.further.length + 1 < MAX_CONFIRMATIONS) exchange.further.push(frame)
    else exchange.reply!.bits |= CONFIRMATIONS_CUT
    this.#awaited--
    if (this.#awaited === 0) this.#endConfirming()
  }

  #endConfirming(): void {
    const exchange = this.#confirming
    if (exchange === undefined) return
    this.#confirming = undefined
    if (this.#awaited === 0) exchange.isConfirmed = true
    this.#sink.message(exchange)
  }

  #replied(frame: Frame): void {
    this.#endConfirming()
    const exchange = this.#pairing.answered(frame)
    if (exchange !== undefined) this.#join(exchange, frame)
  }

  #join(exchange: Exchange, reply: Frame): void {
    this.#budget.release(exchange)
    exchange.reply = reply
    if (exchange.kind !== ORDINARY) this.#became(exchange, reply)
    if (this.#transaction.isOpen) this.#transaction.joined(exchange, reply)
    if (exchange.confirmations > 1 && reply.complete && isConfirmation(pushWord(reply.text))) {
      this.#confirming = exchange
      this.#awaited = exchange.confirmations - 1
    } else {
      exchange.isConfirmed = true
      this.#sink.message(exchange)
    }
  }

  /** What the connection is from this reply on. */
  #became(exchange: Exchange, { text }: Frame): void {
    switch (exchange.kind) {
      case MULTI:
        if (text === '+OK\r\n') this.#transaction.begin()
        break
      case EXEC:
        this.#transaction.executed(exchange)
        break
      case DISCARD:
        this.#transaction.forget()
        break
      case MONITOR:
        this.#isMonitoring = text === '+OK\r\n'
        break
      case RESET:
        this.#isSubscribed = this.#isMonitoring = false
        this.#transaction.forget()
        break
      case SYNC:
        if (text.startsWith('+FULLRESYNC')) this.#replies.expectSnapshot()
        if (text[0] === '+') this.#isReplicating = true
        break
      default:
    }
  }

  unanswered(exchange: Exchange): void {
    this.#budget.release(exchange)
    this.#sink.message(exchange)
  }

  unasked(reply: Frame): void {
    const exchange = new Exchange(this.#showing, undefined, ORDINARY)
    exchange.reply = reply
    this.#sink.message(exchange)
  }

  refuses(): boolean {
    if (!this.#isBlank) return false
    this.#isBlank = false
    this.#commands.stop()
    this.#replies.stop()
    this.#sink.disown()
    return true
  }

  malformed(isClient: boolean, what: string, offset: number): void {
    this.#sink.malformed(isClient ? CLIENT : SERVER, what, offset)
  }

  lostCount(isClient: boolean): void {
    this.#transaction.forget()
    if (isClient) this.#pairing.lostRequests()
    else {
      this.#endConfirming()
      this.#pairing.lostAnswers()
    }
  }
}

function wordAt(exchange: Exchange, index: number): string | undefined {
  return wordsOf(exchange.command!, index + 1).list[index]?.text.toLowerCase()
}
