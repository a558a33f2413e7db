import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Half } from './half.ts'
import { addSentences } from './notes.ts'
import { requestView, responseView, summaryOf } from './view.ts'

const OUTCOMES: readonly Outcome[] = ['none', 'info', 'ok', 'redirect', 'client-error', 'server-error']

/** A request with its response, or what was seen of the two. The texts are made when they are asked for. */
export class Exchange implements Message {
  readonly requestHalf: Half | undefined
  responseHalf: Half | undefined
  /** Given up so that memory stays bounded. */
  isShed = false
  /** No response will come any more. */
  isUnanswered = false
  #request: object | undefined
  #response: object | undefined

  constructor(requestHalf: Half | undefined, responseHalf: Half | undefined) {
    this.requestHalf = requestHalf
    this.responseHalf = responseHalf
  }

  /** Nothing will be added to either half. */
  get isOver(): boolean {
    if (this.requestHalf !== undefined && !this.requestHalf.over) return false
    return this.responseHalf === undefined ? this.isUnanswered : this.responseHalf.over
  }

  get protocol(): string {
    return 'http1'
  }

  get atMicros(): Micros {
    return (this.requestHalf ?? this.responseHalf!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { requestHalf, responseHalf } = this
    if (requestHalf === undefined || responseHalf === undefined) return undefined
    // Captured in the wrong order, they may be a few microseconds apart in the wrong direction.
    return Math.max(0, responseHalf.atMicros - requestHalf.atMicros)
  }

  get what(): string {
    const { requestHalf } = this
    if (requestHalf === undefined) return 'response without request'
    return summaryOf(requestHalf)
  }

  get status(): number | undefined {
    const status = this.responseHalf?.status
    return status === 0 ? undefined : status
  }

  get outcome(): Outcome {
    return OUTCOMES[Math.floor((this.responseHalf?.status ?? 0) / 100)] ?? 'none'
  }

  get request(): object | undefined {
    if (this.requestHalf === undefined) return undefined
    return this.#request ??= requestView(this.requestHalf)
  }

  get response(): object | undefined {
    if (this.responseHalf === undefined) return undefined
    return this.#response ??= responseView(this.responseHalf)
  }

  get complete(): boolean {
    return this.requestHalf !== undefined && this.responseHalf !== undefined && this.requestHalf.complete && this.responseHalf.complete
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    if (this.requestHalf === undefined) notes.push('the request was not captured')
    if (this.responseHalf === undefined) notes.push(this.isShed ? 'given up: too many requests wait for an answer' : 'no response was captured')
    if (this.requestHalf !== undefined) addSentences(notes, 'request', this.requestHalf.bits)
    if (this.responseHalf !== undefined) addSentences(notes, 'response', this.responseHalf.bits)
    return notes
  }
}
