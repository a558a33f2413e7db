import type { Likeness, Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Redactor } from '../redaction.ts'
import { opcodeName, rcodeName } from './codes.ts'
import { HEADER_BYTES, OPCODE_QUERY, OPCODE_UPDATE, word } from './header.ts'
import { MAX_TRANSFER_BYTES, UNANSWERED_MICROS } from './limits.ts'
import type { DnsMessage } from './message.ts'
import { BAD_RECORD } from './scan.ts'
import type { Transfer } from './transfer.ts'
import { messageView, questionText, recordText } from './view.ts'

/** How it was asked: of one server, or of a group, where answers come apart (RFC 6762, RFC 4795). */
export type Manner = '' | 'mDNS' | 'LLMNR'

/** Server's failures; every other rcode but NOERROR is about what was asked. */
const SERVER_ERRORS: ReadonlySet<number> = new Set([2, 4, 5])

/** A query with its answer, or what was seen of the two. The texts are made when they are asked for. */
export class DnsExchange implements Message {
  query: DnsMessage | undefined
  answer: DnsMessage | undefined
  readonly #manner: Manner
  readonly #redactor: Redactor
  /** How often the query was sent, copies from other interfaces not counted, and when it came last. */
  sent = 1
  sentMicros: Micros
  isShed = false
  isTimedOut = false
  /** Another answer to this query came before. */
  isSecondAnswer = false
  isOtherQuestion = false
  transfer: Transfer | undefined = undefined
  /** Messages of a transfer after the first, as far as they are kept. */
  further: DnsMessage[] | undefined = undefined
  #request: object | undefined
  #response: object | undefined

  constructor(query: DnsMessage | undefined, answer: DnsMessage | undefined, manner: Manner, redactor: Redactor) {
    this.query = query
    this.answer = answer
    this.#manner = manner
    this.#redactor = redactor
    this.sentMicros = query?.atMicros ?? 0
  }

  /** Waits to become another. */
  clear(): void {
    this.query = this.answer = this.transfer = this.further = this.#request = this.#response = undefined
  }

  /** Becomes that of another query, after clear(). */
  begin(query: DnsMessage): this {
    this.query = query
    this.sent = 1
    this.sentMicros = query.atMicros
    this.isShed = this.isTimedOut = this.isSecondAnswer = this.isOtherQuestion = false
    return this
  }

  get heldBytes(): number {
    let bytes = HELD_BYTES + (this.query?.bytes.length ?? 0) + (this.answer?.bytes.length ?? 0)
    if (this.further !== undefined) for (const m of this.further) bytes += m.bytes.length
    return bytes
  }

  get protocol(): string {
    return 'dns'
  }

  get atMicros(): Micros {
    return (this.query ?? this.answer!).atMicros
  }

  get elapsedMicros(): Micros | undefined {
    const { query, answer } = this
    if (query === undefined || answer === undefined) return undefined
    // Captured in the wrong order, they may be a few microseconds apart in the wrong direction.
    return Math.max(0, answer.atMicros - query.atMicros)
  }

  get what(): string {
    const m = this.query ?? this.answer!
    if (this.#manner === '' && m.opcode === OPCODE_QUERY && m.questionEnd > HEADER_BYTES) return this.#asked(m)
    const parts: string[] = this.#manner === '' ? [] : [this.#manner]
    if (m.opcode !== OPCODE_QUERY) parts.push(opcodeName(m.opcode))
    if (this.query === undefined && this.#manner !== '') parts.push('answer')
    const asked = questionText(m)
    const about = asked === '' ? recordText(m) : asked
    if (about !== '') parts.push(about)
    if (m.opcode === OPCODE_UPDATE && !m.isResponse) parts.push(changesText(word(m.bytes, 8)))
    if (parts.length === 0) parts.push(this.query === undefined ? 'answer without question' : 'query without question')
    return this.#redactor.text(parts.join(' '))
  }

  #asked(m: DnsMessage): string {
    const { question } = m
    if (question === undefined) return this.#redactor.text(questionText(m))
    return question.text ??= this.#redactor.text(questionText(m))
  }

  get likeness(): Likeness | undefined {
    const { query, answer } = this
    if (query === undefined || answer === undefined || query.question === undefined) return undefined
    if (this.#manner !== '' || query.opcode !== OPCODE_QUERY || this.sent > 1 || this.transfer !== undefined) return undefined
    return query.isAsUsual && answer.isAsUsual && !answer.isTruncated ? query.question.likenessWith(answer.rcode) : undefined
  }

  get status(): string | undefined {
    return this.answer === undefined ? undefined : rcodeName(this.answer.rcode)
  }

  get outcome(): Outcome {
    if (this.answer === undefined) return 'none'
    const { rcode } = this.answer
    if (rcode === 0) return 'ok'
    return SERVER_ERRORS.has(rcode) ? 'server-error' : 'client-error'
  }

  get request(): object | undefined {
    if (this.query === undefined) return undefined
    return this.#request ??= messageView(this.query, this.#manner !== '', this.#redactor)
  }

  get response(): object | undefined {
    if (this.answer === undefined) return undefined
    return this.#response ??= this.#respond(this.answer)
  }

  #respond(answer: DnsMessage): object {
    const view = messageView(answer, this.#manner !== '', this.#redactor, this.further)
    const { transfer } = this
    return transfer === undefined ? view : { ...view, transfer: { messages: transfer.messages, records: transfer.records, sizeBytes: transfer.sizeBytes } }
  }

  get complete(): boolean {
    const { query, answer, transfer } = this
    if (query?.isWhole === false || answer?.isWhole === false || transfer?.isOver === false) return false
    return this.#manner !== '' || (query !== undefined && answer !== undefined)
  }

  get notes(): readonly string[] {
    const notes: string[] = []
    const { query, answer } = this
    if (this.#manner === '') {
      if (query === undefined) notes.push(this.isSecondAnswer ? 'another answer to this query came before' : 'the query was not captured')
      if (answer === undefined) notes.push(this.#unansweredText())
    }
    if (this.isOtherQuestion) notes.push('answers another question than was asked under this number')
    if (query !== undefined) addNotes(notes, 'query', query)
    if (answer !== undefined) addNotes(notes, 'answer', answer)
    if (this.sent > 1) notes.push(`the query was sent ${this.sent} times`)
    if (answer?.isTruncated === true) notes.push('truncated: the rest must be asked for over TCP')
    this.#addTransferNotes(notes)
    return notes
  }

  #addTransferNotes(notes: string[]): void {
    const { transfer } = this
    if (transfer === undefined) return
    if (!transfer.isOver) notes.push('the end of the transfer was not captured')
    if (transfer.sizeBytes > MAX_TRANSFER_BYTES) notes.push(`of the transfer the first ${MAX_TRANSFER_BYTES} bytes were kept`)
  }

  #unansweredText(): string {
    if (this.isShed) return 'given up: too many queries wait for an answer'
    return this.isTimedOut ? `no answer within ${UNANSWERED_MICROS / 1e6} s` : 'no answer was captured'
  }
}

/** What an object takes besides its bytes. */
const HELD_BYTES = 400

function changesText(changes: number): string {
  return changes === 1 ? '(1 change)' : `(${changes} changes)`
}

function addNotes(notes: string[], whose: string, m: DnsMessage): void {
  if (m.isCut) notes.push(`${whose}: only ${m.capturedBytes} of ${m.sentBytes} bytes were captured`)
  else if (m.verdict === BAD_RECORD) notes.push(`${whose}: a record is malformed, the rest is not shown`)
  else if (m.end < m.sentBytes) notes.push(`${whose}: ${m.sentBytes - m.end} bytes behind the last record`)
  // Where nothing beyond the question was asked for, nobody misses it.
  if (m.bytes.length < m.end && m.bytes.length > m.questionEnd) notes.push(`${whose}: the first ${m.bytes.length} bytes were kept`)
}
