import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import { wordsOf } from './arguments.ts'
import { EXEC } from './commands.ts'
import { commandText } from './command-text.ts'
import { commandView } from './command-view.ts'
import type { Frame } from './frame.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import type { ReplyView } from './reply.ts'
import { errorLine, errorOutcome, replyOutcome, replyStatus, replyView } from './reply.ts'
import { hideInReply, hideInUnasked, isSecretScript } from './secrets.ts'
import type { Json } from './value.ts'
import { ValueReader, errorValue } from './value.ts'

/** What messages need to know to show themselves; one object for each connection. */
export interface Showing { readonly redactor: Redactor, readonly withValues: boolean }

/** Why a command has no reply. */
export const NOT_CAPTURED = 0
export const SHED = 1
/** CLIENT REPLY OFF or SKIP, REPLCONF ACK. */
export const SILENT = 2

/** What is joined to an EXEC: a command of its transaction with its result. */
interface Result { command: string, value: Json | undefined, error: { code: string, message: string } | undefined }

/** A command with its reply, or what was seen of the two. The texts are made when they are asked for. */
export class Exchange implements Message {
  readonly #showing: Showing
  readonly command: Frame | undefined
  readonly kind: number
  reply: Frame | undefined = undefined
  /** Further confirmations of a SUBSCRIBE. */
  further: Frame[] | undefined = undefined
  /** Confirmations that must come, and whether they all have. */
  confirmations = 1
  isConfirmed = false
  /** Of an EXEC: the commands that were queued for it. */
  queued: readonly Exchange[] | undefined = undefined
  unanswered = NOT_CAPTURED
  /** What it costs to let it wait. */
  waitingBytes = 0
  #request: object | undefined = undefined
  #response: object | undefined = undefined

  constructor(showing: Showing, command: Frame | undefined, kind: number) {
    this.#showing = showing
    this.command = command
    this.kind = kind
  }

  get protocol(): string {
    return 'redis'
  }

  get atMicros(): Micros {
    return (this.command ?? this.reply!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { command, reply } = this
    if (command === undefined || reply === undefined) return undefined
    return Math.max(0, reply.atMicros - command.atMicros)
  }

  get what(): string {
    if (this.command === undefined) return 'reply without command'
    const text = commandText(this.command, this.#showing.redactor)
    if (this.queued === undefined) return text
    return `${text} (${this.queued.length} ${this.queued.length === 1 ? 'command' : 'commands'})`
  }

  get status(): string | undefined {
    if (this.reply === undefined) return undefined
    const failed = this.#failedResult()
    return failed === undefined ? replyStatus(this.reply, this.#showing.redactor) : errorValue(failed, this.#showing.redactor).code
  }

  get outcome(): Outcome {
    if (this.reply === undefined) return 'none'
    const failed = this.#failedResult()
    return failed === undefined ? replyOutcome(this.reply, this.#showing.redactor) : errorOutcome(failed)
  }

  get request(): object | undefined {
    if (this.command === undefined) return undefined
    return this.#request ??= commandView(this.command, this.#showing.redactor, this.#showing.withValues)
  }

  get response(): object | undefined {
    if (this.reply === undefined) return undefined
    return this.#response ??= this.#makeResponse(this.reply)
  }

  get complete(): boolean {
    const { command, reply } = this
    if (command === undefined || !command.complete) return false
    if (reply === undefined) return this.unanswered === SILENT
    return this.isConfirmed && reply.complete && (this.further === undefined || this.further.every((frame) => frame.complete))
  }

  get notes(): readonly string[] {
    const { command, reply } = this
    const notes: string[] = []
    if (command === undefined) notes.push('the command was not captured')
    if (reply === undefined) notes.push(this.#whyUnanswered())
    if (command !== undefined) addSentences(notes, SENTENCES, 'request', command.bits)
    if (reply !== undefined) addSentences(notes, SENTENCES, 'response', this.further?.reduce((bits, frame) => bits | frame.bits, reply.bits) ?? reply.bits)
    if (command !== undefined && reply !== undefined && !this.isConfirmed) {
      notes.push(`only ${1 + (this.further?.length ?? 0)} of ${this.confirmations} confirmations were captured`)
    }
    return notes
  }

  #whyUnanswered(): string {
    if (this.unanswered === SILENT) return 'no reply is sent to it'
    return this.unanswered === SHED ? 'given up: too many commands wait for a reply' : 'no reply was captured'
  }

  #makeResponse(reply: Frame): object {
    const { redactor, withValues } = this.#showing
    const view = this.#withoutQuotes(replyView(reply, redactor, withValues, (value) => this.#hidden(value)))
    if (this.queued !== undefined && withValues && view.type === 'array') return this.#withResults(view, reply)
    if (this.further === undefined) return view
    return { ...view, value: [reply, ...this.further].map((frame) => replyView(frame, redactor, withValues).value ?? null) }
  }

  /** Of a script with secrets that cannot be compiled the error quotes what it ends near. */
  #withoutQuotes(view: ReplyView): ReplyView {
    const { error } = view
    if (error === undefined || this.command === undefined || !this.#showing.redactor.credentials || !isSecretScript(wordsOf(this.command).list)) return view
    return { ...view, error: { ...error, message: error.message.replace(/\bnear [^]*/, `near ${REDACTED}`) } }
  }

  #hidden(value: Json): Json {
    const { redactor } = this.#showing
    if (!redactor.credentials) return value
    if (this.command === undefined) return hideInUnasked(value, redactor)
    return hideInReply(wordsOf(this.command, 2).list, value, redactor)
  }

  /** The replies within that of an EXEC, each with its command. */
  #withResults(view: ReplyView, reply: Frame): object {
    const { redactor } = this.#showing
    const reader = this.#inside(reply)
    const results: Result[] = []
    for (const { command } of this.queued!) {
      reader.type()
      const error = errorLine(reply.text, reader.at)
      const value = reader.read()
      if (value === undefined) break
      const shown = redactor.credentials ? hideInReply(wordsOf(command!, 2).list, value, redactor) : value
      const result = { command: commandText(command!, redactor), error: error === undefined ? undefined : errorValue(error, redactor) }
      results.push({ ...result, value: error === undefined ? shown : undefined })
    }
    return { ...view, value: undefined, results }
  }

  /** At the first element of an array. */
  #inside(reply: Frame): ValueReader {
    const reader = new ValueReader(reply.text, 0, this.#showing.redactor)
    reader.type()
    const line = reply.text.indexOf('\r\n', reader.at)
    reader.at = line < 0 ? reply.text.length : line + 2
    return reader
  }

  /** The first error among the results of an EXEC. */
  #failedResult(): string | undefined {
    const { reply } = this
    // Errors begin a line; most results have none, and looking for one is cheap.
    if (this.kind !== EXEC || reply === undefined || !/\n[-!]/.test(reply.text)) return undefined
    const reader = this.#inside(reply)
    for (let left = this.queued?.length ?? Infinity; left > 0; left--) {
      reader.type()
      const error = errorLine(reply.text, reader.at)
      if (error !== undefined) return error
      if (reader.read() === undefined) return undefined
    }
    return undefined
  }
}
