import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import { METADATA } from './apis.ts'
import type { Body, Reading } from './body.ts'
import { answerBody, answerSummary, askedBody } from './body.ts'
import { NO_ERROR, outcomeOf } from './errors.ts'
import type { Half } from './half.ts'
import { SENTENCES } from './notes.ts'
import { addSentences } from '../sentences.ts'
import { FIELDS_UNKNOWN, STRUCTURE_CUT, TOO_SHORT, UNKNOWN_VERSION } from './notes.ts'
import { answerView, requestView } from './view.ts'
import { summaryOf } from './what.ts'

const FIRST_METADATA_WITH_IDS = 10
const CREATE_TOPICS = 19
const FIRST_CREATED_WITH_IDS = 7
const DESCRIBE_TOPIC_PARTITIONS = 75

/** Of what only a line was made of. */
const NOT_KEPT: Body = { values: {}, error: NO_ERROR, bits: 0 }

/** A request with its answer, or what was seen of the two. Everything is read out of the bytes when it is asked for. */
export class Exchange implements Message {
  readonly asked: Half | undefined
  answer: Half | undefined
  /** A Produce that wants no answer. */
  isUnacknowledged = false
  readonly #reading: Reading
  #askedBody: Body | undefined
  #answerBody: Body | undefined
  /** Its values are left out where nobody reads them. */
  #answerSummary: Body | undefined

  constructor(asked: Half | undefined, answer: Half | undefined, reading: Reading) {
    this.asked = asked
    this.answer = answer
    this.#reading = reading
  }

  get protocol(): string {
    return 'kafka'
  }

  get atMicros(): Micros {
    return (this.asked ?? this.answer!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { asked, answer } = this
    if (asked === undefined || answer === undefined) return undefined
    // Captured in the wrong order, they may be a few microseconds apart in the wrong direction.
    return Math.max(0, answer.atMicros - asked.atMicros)
  }

  get askedBody(): Body | undefined {
    if (this.asked === undefined) return undefined
    if (this.asked.line !== undefined) return NOT_KEPT
    return this.#askedBody ??= askedBody(this.asked, this.#reading)
  }

  get answerBody(): Body | undefined {
    if (this.answer === undefined) return undefined
    if (this.answer.line !== undefined) return NOT_KEPT
    return this.#answerBody ??= answerBody(this.answer, this.#reading)
  }

  /** How it went. */
  get #answered(): Body | undefined {
    if (this.answer === undefined || this.answer.line !== undefined || this.#answerBody !== undefined || this.#reading.settings.details !== false) return this.answerBody
    return this.#answerSummary ??= answerSummary(this.answer, this.#reading)
  }

  /** Answers that tell the names of topics are read at once. */
  learn(): void {
    const { key, version } = this.answer!
    const hasIds = key === METADATA ? version >= FIRST_METADATA_WITH_IDS
      : key === CREATE_TOPICS ? version >= FIRST_CREATED_WITH_IDS : key === DESCRIBE_TOPIC_PARTITIONS
    if (hasIds) this.#answerBody = answerBody(this.answer!, this.#reading)
  }

  get what(): string {
    return summaryOf(this)
  }

  /** The session's first Fetch, where this one goes on with it. */
  get sessionBody(): Body | undefined {
    const session = this.asked?.session
    return session === undefined || session.line !== undefined ? undefined : askedBody(session, this.#reading)
  }

  get status(): string | undefined {
    const line = this.answer?.line
    if (line !== undefined) return statusOf(line.error)
    const body = this.#answered
    return body?.values === undefined ? undefined : statusOf(body.error)
  }

  get outcome(): Outcome {
    const line = this.answer?.line
    if (line !== undefined) return outcomeOf(line.error)
    const body = this.#answered
    if (body === undefined) return 'none'
    return body.values === undefined ? 'info' : outcomeOf(body.error)
  }

  get request(): object | undefined {
    return this.asked === undefined ? undefined : requestView(this.asked, this.askedBody!, this.#reading.settings)
  }

  get response(): object | undefined {
    return this.answer === undefined ? undefined : answerView(this.answer, this.answerBody!, this.#reading.settings)
  }

  get complete(): boolean {
    const { asked, answer } = this
    if (asked === undefined || !asked.complete || ((this.askedBody!.bits & TOO_SHORT) !== 0)) return false
    return answer === undefined ? this.isUnacknowledged : answer.complete && (this.#answered!.bits & TOO_SHORT) === 0
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    const { asked, answer } = this
    if (asked === undefined) notes.push('the request was not captured')
    if (this.isUnacknowledged) notes.push('acks is 0, so there is no answer')
    else if (answer === undefined) notes.push('no answer was captured')
    if (asked !== undefined) addSentences(notes, SENTENCES, 'request', bitsOf(asked, this.askedBody!))
    if (answer !== undefined) addSentences(notes, SENTENCES, 'response', bitsOf(answer, this.#answered!))
    return notes
  }
}

function statusOf(error: string): string {
  return error === NO_ERROR ? 'OK' : error
}

/** What cannot be read for a reason that is known needs no second one. */
function bitsOf(half: Half, body: Body): number {
  const bits = half.bits | body.bits | (half.frame.isCut ? STRUCTURE_CUT : 0)
  const isExplained = (bits & (UNKNOWN_VERSION | FIELDS_UNKNOWN)) !== 0 || !half.complete
  return isExplained ? bits & ~TOO_SHORT | half.bits & TOO_SHORT : bits
}
