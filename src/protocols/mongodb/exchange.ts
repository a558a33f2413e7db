import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Redactor } from '../redaction.ts'
import type { Command } from './command.ts'
import { commandOf, commandText } from './command.ts'
import type { Frame } from './frame.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import type { Result } from './reply.ts'
import { resultOf } from './reply.ts'
import type { FrameView } from './view.ts'
import { frameView } from './view.ts'

/** What messages need to know to show themselves; one object for each connection. */
export interface Showing { readonly redactor: Redactor, readonly withValues: boolean }

/** Why a request has no reply. */
export const NOT_CAPTURED = 0
export const SHED = 1
/** It asks for none: moreToCome, or an operation of old. */
export const SILENT = 2

/** A request with its reply, or what was seen of the two; or a further reply of an exhaust cursor. The texts are made when they are asked for. */
export class Exchange implements Message {
  readonly #showing: Showing
  readonly requestFrame: Frame | undefined
  replyFrame: Frame | undefined = undefined
  /** The exchange whose request this further reply answers. */
  first: Exchange | undefined = undefined
  unanswered = NOT_CAPTURED
  waitingBytes = 0
  #command: Command | undefined = undefined
  #result: Result | undefined = undefined
  #request: FrameView | undefined = undefined
  #response: FrameView | undefined = undefined

  constructor(showing: Showing, requestFrame: Frame | undefined) {
    this.#showing = showing
    this.requestFrame = requestFrame
  }

  get protocol(): string {
    return 'mongodb'
  }

  get atMicros(): Micros {
    return (this.requestFrame ?? this.replyFrame!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { requestFrame, replyFrame } = this
    if (requestFrame === undefined || replyFrame === undefined) return undefined
    return Math.max(0, replyFrame.atMicros - requestFrame.atMicros)
  }

  get #asked(): Command | undefined {
    const { requestFrame } = this.first ?? this
    return this.#command ??= requestFrame === undefined ? undefined : commandOf(requestFrame)
  }

  get #told(): Result | undefined {
    const { replyFrame } = this
    if (replyFrame === undefined) return undefined
    return this.#result ??= resultOf(replyFrame)
  }

  get what(): string {
    const command = this.#asked
    if (command !== undefined) return this.#showing.redactor.text(commandText(command)) + (this.first === undefined ? '' : ' (exhaust)')
    return this.requestFrame === undefined ? 'reply without request' : 'request that cannot be read'
  }

  get status(): number | string | undefined {
    return this.#told?.status
  }

  get outcome(): Outcome {
    return this.#told?.outcome ?? 'none'
  }

  get request(): object | undefined {
    if (this.requestFrame === undefined) return undefined
    return this.#request ??= frameView(this.requestFrame, undefined, this.#showing.redactor, this.#showing.withValues)
  }

  get response(): object | undefined {
    if (this.replyFrame === undefined) return undefined
    return this.#response ??= frameView(this.replyFrame, this.#asked?.name, this.#showing.redactor, this.#showing.withValues)
  }

  get complete(): boolean {
    const { requestFrame, replyFrame } = this
    if (this.first !== undefined) return replyFrame!.complete
    if (requestFrame === undefined || !requestFrame.complete) return false
    return replyFrame === undefined ? this.unanswered === SILENT : replyFrame.complete
  }

  get notes(): readonly string[] {
    const { requestFrame, replyFrame } = this
    const notes: string[] = []
    if (this.first !== undefined) notes.push('a further reply to one request (exhaust)')
    else if (requestFrame === undefined) notes.push('the request was not captured')
    if (replyFrame === undefined) notes.push(this.#whyUnanswered())
    // What is wrong within is found where they are taken apart.
    if (requestFrame !== undefined) addSentences(notes, SENTENCES, 'request', (this.request, requestFrame.bits))
    if (replyFrame !== undefined) addSentences(notes, SENTENCES, 'response', (this.response, replyFrame.bits))
    return notes
  }

  #whyUnanswered(): string {
    if (this.unanswered === SILENT) return 'no reply is sent to it'
    return this.unanswered === SHED ? 'given up: too many requests wait for a reply' : 'no reply was captured'
  }
}
