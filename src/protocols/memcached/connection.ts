import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { FifoSink } from '../pairing.ts'
import { FifoPairing } from '../pairing.ts'
import type { InPlaceDissector, Settings, Sink } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import { WaitingBudget } from '../waiting-budget.ts'
import { Answer, answerValueBytes, answersQuiet, isAnswer, isItem } from './answers.ts'
import { META_NOOP, STORAGE, UNKNOWN, WATCH, commandValueBytes, isQuiet, isSilent, kindOf } from './commands.ts'
import { WatchEvent } from './event.ts'
import { Exchange, QUIET, SHED, SILENT } from './exchange.ts'
import { MAX_ITEMS, MAX_ITEM_BYTES, MAX_WAITING_ANSWERS, MAX_WAITING_BYTES, MAX_WAITING_COMMANDS } from './limits.ts'
import type { Line } from './line.ts'
import type { Grammar, LineOwner } from './line-reader.ts'
import { LineReader } from './line-reader.ts'
import { INCOMPLETE, ITEMS_CUT } from './notes.ts'
import { isCertainCommand } from './probe.ts'
import type { Showing } from './view.ts'

/** What the objects of a command that waits take besides its text. */
const EXCHANGE_BYTES = 256

const COMMANDS: Grammar = { valueBytes: commandValueBytes, isCertain: isCertainCommand }
const ANSWERS: Grammar = { valueBytes: answerValueBytes, isCertain: isAnswer }

/** Both sides of a connection in the text protocol: two readers, and the pairing of what they find. */
export class TextConnection implements InPlaceDissector, LineOwner, FifoSink<Exchange, Answer> {
  readonly #sink: Sink
  readonly #showing: Showing
  readonly #limitBytes: number
  readonly #commands: LineReader
  readonly #answers: LineReader
  readonly #pairing: FifoPairing<Exchange, Answer>
  /** Its items so far. */
  #answer: Answer | undefined
  readonly #budget = new WaitingBudget(MAX_WAITING_BYTES, MAX_WAITING_COMMANDS)
  #isBlank = true
  #isWatching = false
  #answersEnded = false
  /** A server that asks for a login refuses everything before it; the login looks like any other set. */
  #mayLogIn = true

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#limitBytes = settings.bodyLimitBytes
    this.#showing = { redactor: redactorOf(settings.redaction), withValues: settings.bodyLimitBytes > 0 }
    this.#commands = new LineReader(this, true, COMMANDS)
    this.#answers = new LineReader(this, false, ANSWERS)
    this.#commands.roomBytes = this.#answers.roomBytes = settings.bodyLimitBytes
    this.#pairing = new FifoPairing<Exchange, Answer>(this, MAX_WAITING_ANSWERS)
  }

  joinedLate(): void {
    this.#isBlank = this.#mayLogIn = false
    this.#pairing.loosen()
    this.#commands.joinLate()
    this.#answers.joinLate()
  }

  get heldBytes(): number {
    return this.#budget.bytes + this.#commands.heldBytes + this.#answers.heldBytes + (this.#answer?.itemBytes ?? 0)
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    this.dataIn(side, chunk, 0, chunk.length, at)
  }

  dataIn(side: Side, buf: Uint8Array, from: number, to: number, at: Micros): void {
    if (side === CLIENT) this.#commands.feed(buf, from, to, at)
    else this.#answers.feed(buf, from, to, at)
  }

  gap(side: Side, bytes: number): void {
    this.#isBlank = false
    if (side === CLIENT) this.#commands.gap(bytes)
    else this.#answers.gap(bytes)
  }

  end(side: Side): void {
    if (side === CLIENT) {
      this.#commands.end()
      this.#pairing.endRequests()
      return
    }
    this.#answers.end()
    if (this.#answer !== undefined) this.#answered(this.#answer)
    this.#answersEnded = true
    this.#pairing.endAnswers()
  }

  lineRead(isClient: boolean, line: Line): void {
    this.#isBlank = false
    if (isClient) this.#asked(line)
    else this.#said(line)
  }

  #asked(line: Line): void {
    const kind = kindOf(line.text)
    const exchange = new Exchange(this.#showing, line, kind)
    exchange.isLogin = this.#mayLogIn && kind === STORAGE && /^\S+ \S+$/.test(line.value)
    if (isSilent(kind, line.text)) {
      exchange.unanswered = SILENT
      this.#sink.message(exchange)
      return
    }
    const answer = this.#pairing.asked(exchange)
    if (answer !== undefined) this.#join(exchange, answer)
    else this.#wait(exchange)
    if (this.#answersEnded) this.#pairing.endAnswers()
  }

  /** The oldest must make room where too much waits. The newest always may stay. */
  #wait(exchange: Exchange): void {
    this.#budget.hold(exchange, EXCHANGE_BYTES + exchange.command!.keptBytes)
    while (this.#budget.isOver(this.#pairing.waiting)) {
      this.#pairing.oldest!.unanswered = SHED
      this.#pairing.dropOldest()
    }
  }

  #said(line: Line): void {
    if (this.#isWatching && line.text.startsWith('ts=')) {
      this.#sink.message(new WatchEvent(this.#showing.redactor, line))
      return
    }
    const answer = this.#answer ??= new Answer(line.atMicros)
    answer.bits |= line.bits
    if (isItem(line.text)) this.#addItem(answer, line)
    else answer.last = line
    if (answer.last !== undefined || (line.bits & INCOMPLETE) !== 0) this.#answered(answer)
  }

  #addItem(answer: Answer, line: Line): void {
    const items = answer.items ??= []
    answer.itemCount++
    if (items.length >= MAX_ITEMS || answer.itemBytes > MAX_ITEM_BYTES + this.#limitBytes) {
      answer.bits |= ITEMS_CUT
      return
    }
    items.push(line)
    answer.itemBytes += line.keptBytes
    this.#answers.roomBytes = Math.max(0, this.#answers.roomBytes - line.value.length)
  }

  #answered(answer: Answer): void {
    this.#answer = undefined
    this.#answers.roomBytes = this.#limitBytes
    if (answer.last?.text.startsWith('CLIENT_ERROR') !== true) this.#mayLogIn = false
    if (answer.last !== undefined) this.#passQuiet(answer.last.text)
    // Everything answers something else than mn, which has an answer of its own.
    if (this.#pairing.oldest?.kind === META_NOOP && !isNoopAnswer(answer)) {
      this.unasked(answer)
      return
    }
    const exchange = this.#pairing.answered(answer)
    if (exchange !== undefined) this.#join(exchange, answer)
  }

  /** Quiet commands that this cannot answer will have no answer; nor will anything that waits before a `mn` which is answered. */
  #passQuiet(answer: string): void {
    for (let { oldest } = this.#pairing; oldest !== undefined; { oldest } = this.#pairing) {
      const { kind, command } = oldest
      const quiet = isQuiet(kind, command!.text)
      if (answer === 'MN' ? kind === META_NOOP : !quiet || answersQuiet(kind, command!.text, answer)) return
      this.#pairing.takeOldest()
      if (quiet) oldest.unanswered = QUIET
      this.unanswered(oldest)
    }
  }

  #join(exchange: Exchange, answer: Answer): void {
    this.#budget.release(exchange)
    exchange.answer = answer
    if (exchange.kind === WATCH && answer.last?.text === 'OK') this.#isWatching = true
    this.#sink.message(exchange)
  }

  unanswered(exchange: Exchange): void {
    this.#budget.release(exchange)
    this.#sink.message(exchange)
  }

  unasked(answer: Answer): void {
    const exchange = new Exchange(this.#showing, undefined, UNKNOWN)
    exchange.answer = answer
    this.#sink.message(exchange)
  }

  refuses(): boolean {
    if (!this.#isBlank) return false
    this.#isBlank = false
    this.#commands.stop()
    this.#answers.stop()
    this.#sink.disown()
    return true
  }

  malformed(isClient: boolean, what: string, offset: number): void {
    this.#sink.malformed(isClient ? CLIENT : SERVER, what, offset)
  }

  placeLost(isClient: boolean): void {
    if (isClient) this.#pairing.lostRequests()
    else {
      if (this.#answer !== undefined) this.#answered(this.#answer)
      this.#pairing.lostAnswers()
    }
  }
}

function isNoopAnswer({ last }: Answer): boolean {
  return last !== undefined && (last.text === 'MN' || last.text.includes('ERROR'))
}
