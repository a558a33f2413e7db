import type { Message, Outcome } from '../../model/message.ts'
import { CLIENT, sideName } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Lensed } from '../http/lensed.ts'
import { lookThrough, withLens } from '../http/lensed.ts'
import type { HttpReset } from '../http/lens.ts'
import { lensFor } from '../http/lenses.ts'
import type { Reading } from '../http/reading.ts'
import { CANCEL, NO_ERROR, errorName } from './error-codes.ts'
import type { Half } from './half.ts'
import { Http2Heads, callOf } from './heads.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import { addSuspicions } from './suspicions.ts'
import { requestView, responseView, summaryOf } from './view.ts'

const OUTCOMES: readonly Outcome[] = ['none', 'info', 'ok', 'redirect', 'client-error', 'server-error']

/** RST_STREAM, or GOAWAY where the server did not get to the stream. */
export interface Reset { readonly side: Side, readonly code: number, readonly isGoaway: boolean, readonly atMicros: Micros }

/** A stream: a request with its response, or what was seen of the two, or a part of a long one. The texts are made when they are asked for. */
export class Exchange implements Message {
  readonly stream: number
  /** 1, or which part of a stream that is shown while it is open. */
  readonly part: number
  requestHalf: Half | undefined = undefined
  responseHalf: Half | undefined = undefined
  /** Given up so that memory stays bounded. */
  isShed = false
  /** More of the stream may follow in another message. */
  isOpen = false
  reset: Reset | undefined = undefined
  /** Parts that were shown in the second that began then. */
  partsMicros: Micros = 0
  partsShown = 0
  /** What it holds, counted against the limit of its connection. */
  heldBytes = 0
  readonly #reading: Reading
  #hasLooked = false
  #lensed: Lensed | undefined
  #request: object | undefined
  #response: object | undefined

  constructor(reading: Reading, stream: number, part: number) {
    this.#reading = reading
    this.stream = stream
    this.part = part
  }

  /** Nothing will be added to either half. */
  get isOver(): boolean {
    return this.requestHalf?.over === true && this.responseHalf?.over === true
  }

  /** What comes after the part that this one has become. */
  continued(atMicros: Micros): Exchange {
    const next = new Exchange(this.#reading, this.stream, this.part + 1)
    next.requestHalf = this.requestHalf?.split(atMicros)
    next.responseHalf = this.responseHalf?.split(atMicros)
    next.partsMicros = this.partsMicros
    next.partsShown = this.partsShown
    this.isOpen = true
    return next
  }

  get protocol(): string {
    return this.#lens?.name ?? 'http2'
  }

  get atMicros(): Micros {
    return (this.requestHalf ?? this.responseHalf!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { requestHalf, responseHalf } = this
    if (requestHalf === undefined || responseHalf === undefined || this.part > 1) return undefined
    // Captured in the wrong order, they may be a few microseconds apart in the wrong direction.
    return Math.max(0, responseHalf.atMicros - requestHalf.atMicros)
  }

  /** What a lens says of it. Not before it is told: until then it changes. */
  get #lens(): Lensed | undefined {
    if (this.#hasLooked) return this.#lensed
    this.#hasLooked = true
    const { requestHalf, responseHalf } = this
    const lens = lensFor(new Http2Heads(requestHalf, responseHalf))
    if (lens !== undefined) this.#lensed = lookThrough(lens, callOf(requestHalf, responseHalf, this.#lensReset), this.#reading.settings)
    return this.#lensed
  }

  get #lensReset(): HttpReset | undefined {
    const { reset, requestHalf } = this
    if (reset === undefined || reset.isGoaway) return undefined
    return { by: sideName(reset.side), code: reset.code, afterMicros: requestHalf === undefined ? undefined : Math.max(0, reset.atMicros - requestHalf.headMicros) }
  }

  get what(): string {
    // A lens cannot name what it was called by where that is not known.
    const isNamed = this.requestHalf === undefined || this.requestHalf.path !== ''
    const what = (isNamed ? this.#lens?.view.what : undefined) ?? summaryOf(this.requestHalf, this.#reading.redactor)
    return this.part === 1 ? what : `${what} (part ${this.part})`
  }

  /** Ended by an error of HTTP/2, which says more than the status of a response that is not whole. */
  get #failure(): Reset | undefined {
    const { reset } = this
    return reset === undefined || reset.code === NO_ERROR || reset.code === CANCEL ? undefined : reset
  }

  get status(): number | string | undefined {
    if (this.#failure !== undefined) return errorName(this.#failure.code)
    const lens = this.#lens
    const status = lens === undefined ? this.responseHalf?.status : lens.view.status
    if (status !== undefined && status !== 0) return status
    if (this.reset === undefined) return undefined
    return this.reset.isGoaway ? 'GOAWAY' : errorName(this.reset.code)
  }

  get outcome(): Outcome {
    if (this.#failure !== undefined) return this.#failure.side === CLIENT ? 'client-error' : 'server-error'
    return this.#lens?.view.outcome ?? OUTCOMES[Math.floor((this.responseHalf?.status ?? 0) / 100)] ?? 'none'
  }

  get request(): object | undefined {
    if (this.requestHalf === undefined) return undefined
    const lens = this.#lens
    const view = this.#request ??= requestView(this, this.requestHalf, this.#reading, lens?.view.showsBody !== true)
    return lens === undefined ? view : withLens(view, lens.name, lens.view.request)
  }

  get response(): object | undefined {
    if (this.responseHalf === undefined) return undefined
    const lens = this.#lens
    const view = this.#response ??= responseView(this, this.responseHalf, this.#reading, lens?.view.showsBody !== true)
    return lens === undefined ? view : withLens(view, lens.name, lens.view.response)
  }

  get complete(): boolean {
    const { requestHalf, responseHalf, reset } = this
    // RFC 9113 §8.1: a server that has answered may ask the client to stop, with NO_ERROR.
    if (this.isOpen) return requestHalf?.complete === true && responseHalf?.complete !== false
    return requestHalf?.complete === true && responseHalf?.complete === true && (reset === undefined || (reset.code === NO_ERROR && responseHalf.over))
  }

  get notes(): readonly string[] {
    const { requestHalf, responseHalf, reset } = this
    const notes: string[] = []
    if (reset !== undefined) notes.push(resetSentence(reset))
    if (this.isShed) notes.push('given up: too many streams are open')
    if (requestHalf === undefined) notes.push('the request was not captured')
    if (responseHalf === undefined && reset === undefined && !this.isShed && !this.isOpen) notes.push('no response was captured')
    if (this.isOpen) notes.push('still open')
    if (this.part > 1) notes.push(this.isOpen ? 'continues the stream' : 'ends the stream')
    if (requestHalf !== undefined) this.#addOf('request', requestHalf, notes)
    if (responseHalf !== undefined) this.#addOf('response', responseHalf, notes)
    if (this.#lens !== undefined) notes.push(...this.#lens.view.notes)
    return notes
  }

  #addOf(whose: string, half: Half, notes: string[]): void {
    addSentences(notes, SENTENCES, whose, half.bits)
    if (this.part === 1) addSuspicions(notes, whose, half, this.isOpen || this.reset !== undefined)
  }
}

function resetSentence({ side, code, isGoaway }: Reset): string {
  const who = side === CLIENT ? 'the client' : 'the server'
  return isGoaway ? `not processed: ${who} sent GOAWAY (${errorName(code)})` : `reset by ${who}: ${errorName(code)}`
}
