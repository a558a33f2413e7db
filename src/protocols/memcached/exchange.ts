import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Answer } from './answers.ts'
import { RETRIEVAL } from './commands.ts'
import type { Line } from './line.ts'
import { AFTER_LOSS, INCOMPLETE, SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import type { Showing } from './view.ts'
import { answerView, commandView, whatOf } from './view.ts'
import { wordAt, wordCount } from './words.ts'

const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** Why a command has no answer. */
export const NOT_CAPTURED = 0
export const SHED = 1
/** `noreply`, quit. */
export const SILENT = 2
/** Flag `q`, and the next answer is that of a later command. */
export const QUIET = 3

const WHY: readonly string[] = ['no answer was captured', 'given up: too many commands wait for an answer', 'no answer is sent to it', 'a quiet command without an answer']

/** A command with its answer, or what was seen of the two. Texts are made when they are asked for. */
export class Exchange implements Message {
  readonly #showing: Showing
  readonly command: Line | undefined
  readonly kind: number
  answer: Answer | undefined = undefined
  unanswered = NOT_CAPTURED
  /** Its value proves who the client is. */
  isLogin = false
  /** What it costs to let it wait. */
  waitingBytes = 0
  #request: object | undefined = undefined
  #response: object | undefined = undefined

  constructor(showing: Showing, command: Line | undefined, kind: number) {
    this.#showing = showing
    this.command = command
    this.kind = kind
  }

  get protocol(): string {
    return 'memcached'
  }

  get atMicros(): Micros {
    return (this.command ?? this.answer!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    if (this.command === undefined || this.answer === undefined) return undefined
    return Math.max(0, this.answer.atMicros - this.command.atMicros)
  }

  get what(): string {
    return this.command === undefined ? 'answer without command' : whatOf(this.command.text, this.kind, this.#showing.redactor)
  }

  get status(): string | undefined {
    const last = this.answer?.last
    if (last === undefined) return undefined
    const code = wordAt(last.text, 0)
    if (code === 'END') return this.kind === RETRIEVAL ? this.#hits(this.answer!) : 'OK'
    const first = code.charCodeAt(0)
    return first >= DIGIT_0 && first <= DIGIT_9 ? 'OK' : code
  }

  /** `hit`, `miss`, or how many of the keys. */
  #hits({ itemCount }: Answer): string {
    const { text } = this.command!
    const asked = wordCount(text) - (text.startsWith('ga') ? 2 : 1)
    if (asked <= 1) return itemCount > 0 ? 'hit' : 'miss'
    return `${itemCount} of ${asked}`
  }

  get outcome(): Outcome {
    if (this.answer === undefined) return 'none'
    const last = this.answer.last?.text ?? ''
    if (last.startsWith('SERVER_ERROR')) return 'server-error'
    return last.startsWith('CLIENT_ERROR') || last === 'ERROR' ? 'client-error' : 'ok'
  }

  get request(): object | undefined {
    if (this.command === undefined) return undefined
    return this.#request ??= commandView(this.command, this.kind, this.#showing, this.isLogin)
  }

  get response(): object | undefined {
    if (this.answer === undefined) return undefined
    return this.#response ??= answerView(this.answer, this.#showing)
  }

  get complete(): boolean {
    const { command, answer } = this
    if (command === undefined || (command.bits & INCOMPLETE) !== 0) return false
    if (answer === undefined) return this.unanswered >= SILENT
    // What was lost before the end of a list may have been a part of it.
    return answer.complete && ((answer.bits & AFTER_LOSS) === 0 || answer.last!.text !== 'END')
  }

  get notes(): readonly string[] {
    const { command, answer } = this
    const notes: string[] = []
    if (command === undefined) notes.push('the command was not captured')
    if (answer === undefined) notes.push(WHY[this.unanswered]!)
    if (command !== undefined) addSentences(notes, SENTENCES, 'request', command.bits)
    if (answer !== undefined) addSentences(notes, SENTENCES, 'response', answer.bits)
    if (answer !== undefined && answer.last === undefined) notes.push('response: the line that ends it was not captured')
    return notes
  }
}
