import { jsonText } from '../../base/json-text.ts'
import type { Likeness, Message, Outcome, TextSink } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Lensed } from '../http/lensed.ts'
import { lookThrough, withLens } from '../http/lensed.ts'
import type { Reading } from '../http/reading.ts'
import type { Half } from './half.ts'
import { addHalfJson } from './half-json.ts'
import { callOf, lensOf } from './heads.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import { requestView, responseView, summaryOf } from './view.ts'

const OUTCOMES: readonly Outcome[] = ['none', 'info', 'ok', 'redirect', 'client-error', 'server-error']

/** A request with its response, or what was seen of the two. The texts are made when they are asked for. */
export class Exchange implements Message {
  requestHalf: Half | undefined
  responseHalf: Half | undefined
  /** Given up so that memory stays bounded. */
  isShed = false
  /** No response will come any more. */
  isUnanswered = false
  #reading: Reading
  #hasLooked = false
  #lensed: Lensed | undefined
  #request: object | undefined
  #response: object | undefined

  constructor(reading: Reading, requestHalf: Half | undefined, responseHalf: Half | undefined) {
    this.#reading = reading
    this.requestHalf = requestHalf
    this.responseHalf = responseHalf
  }

  /** After `clear()`. */
  begin(reading: Reading, request: Half): void {
    this.#reading = reading
    this.requestHalf = request
  }

  /** Nothing is left of what it was. */
  clear(): void {
    this.requestHalf = this.responseHalf = undefined
    this.isShed = this.isUnanswered = this.#hasLooked = false
    this.#lensed = undefined
    this.#request = this.#response = undefined
  }

  /** Nothing will be added to either half. */
  get isOver(): boolean {
    if (this.requestHalf !== undefined && !this.requestHalf.over) return false
    return this.responseHalf === undefined ? this.isUnanswered : this.responseHalf.over
  }

  get protocol(): string {
    return this.#look()?.name ?? 'http1'
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

  /** What a lens says of it, when it is over. */
  #look(): Lensed | undefined {
    if (this.#hasLooked) return this.#lensed
    const { requestHalf, responseHalf } = this
    this.#hasLooked = true
    const lens = lensOf(requestHalf, responseHalf)
    if (lens !== undefined) this.#lensed = lookThrough(lens, callOf(requestHalf, responseHalf), this.#reading.settings)
    return this.#lensed
  }

  get what(): string {
    const lens = this.#look()
    if (lens !== undefined) return lens.view.what
    const { requestHalf } = this
    if (requestHalf === undefined) return 'response without request'
    return summaryOf(requestHalf, this.#reading.redactor)
  }

  get status(): number | string | undefined {
    const lens = this.#look()
    if (lens !== undefined) return lens.view.status
    const status = this.responseHalf?.status
    return status === 0 ? undefined : status
  }

  get outcome(): Outcome {
    return this.#look()?.view.outcome ?? OUTCOMES[Math.floor((this.responseHalf?.status ?? 0) / 100)] ?? 'none'
  }

  get likeness(): Likeness | undefined {
    const { requestHalf, responseHalf } = this
    if (requestHalf === undefined || responseHalf === undefined || (requestHalf.bits | responseHalf.bits) !== 0) return undefined
    const { line } = requestHalf
    if (line === undefined || responseHalf.line === undefined || this.#look() !== undefined) return undefined
    return line.likenessWith(responseHalf.line)
  }

  get request(): object | undefined {
    if (this.requestHalf === undefined) return undefined
    const lens = this.#look()
    const view = this.#request ??= requestView(this.requestHalf, this.#reading, lens?.view.showsBody !== true)
    return lens === undefined ? view : withLens(view, lens.name, lens.view.request)
  }

  get response(): object | undefined {
    if (this.responseHalf === undefined) return undefined
    const lens = this.#look()
    const view = this.#response ??= responseView(this.responseHalf, this.#reading, lens?.view.showsBody !== true)
    return lens === undefined ? view : withLens(view, lens.name, lens.view.response)
  }

  addDetails(out: TextSink): void {
    this.#addDetail(out, ',"request":', this.requestHalf)
    this.#addDetail(out, ',"response":', this.responseHalf)
  }

  #addDetail(out: TextSink, key: string, half: Half | undefined): void {
    if (half === undefined) return
    out.text(key)
    if (this.#look() === undefined && addHalfJson(out, half, this.#reading)) return
    out.text(jsonText(half.isRequest ? this.request! : this.response!))
  }

  get complete(): boolean {
    return this.requestHalf !== undefined && this.responseHalf !== undefined && this.requestHalf.complete && this.responseHalf.complete
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    if (this.requestHalf === undefined) notes.push('the request was not captured')
    if (this.responseHalf === undefined) notes.push(this.isShed ? 'given up: too many requests wait for an answer' : 'no response was captured')
    if (this.requestHalf !== undefined) addSentences(notes, SENTENCES, 'request', this.requestHalf.bits)
    if (this.responseHalf !== undefined) addSentences(notes, SENTENCES, 'response', this.responseHalf.bits)
    const lens = this.#look()
    if (lens !== undefined) notes.push(...lens.view.notes)
    return notes
  }
}
