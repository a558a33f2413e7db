import type { Likeness, Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Redactor } from '../redaction.ts'
import { textOf } from '../sql/byte-text.ts'
import { errorField, outcomeOf } from './error-fields.ts'
import { GIVEN_UP, INCOMPLETE, NOTICES_CUT, NO_ANSWER, NO_REQUEST, RESULTS_CUT, SENTENCES, SKIPPED } from './notes.ts'
import { sentencesOf } from '../sentences.ts'
import { MAX_NOTICES, MAX_REPORTED, MAX_RESULTS } from './limits.ts'
import { requestView, responseView, whatOf } from './operation-view.ts'
import type { Statement } from './result.ts'
import { Result } from './result.ts'

export type Kind = 'startup' | 'sslRequest' | 'gssEncRequest' | 'cancelRequest' | 'query' | 'extended' | 'functionCall' | 'replication'
  | 'notification' | 'notice' | 'unknown'

const OPERATION_BYTES = 400

/** One request with its answers: a query string, an execution with what led to it, a start-up. The texts are made when they are asked for. */
export class Operation implements Message {
  readonly kind: Kind
  readonly atMicros: Micros
  readonly redactor: Redactor
  /** Of rows, parameters and copied data: what may still be kept. */
  budgetBytes: number
  bits = 0
  answerMicros: Micros = -1
  /** Types of the messages of the extended protocol: `PBDES`. */
  steps = ''
  /** Start-up parameters, the query string, or what the kind has, a character a byte. */
  body = ''
  bodyBytes = 0
  statement: Statement | undefined
  bind: string | undefined
  portal = ''
  statementName = ''
  maxRows = 0
  readonly results: Result[] = []
  /** The result that is under way. */
  result: Result | undefined
  /** Row description that came before any row, in the extended protocol. */
  description: string | undefined
  error: string | undefined
  notices: string[] | undefined
  /** Bodies of ParameterStatus. */
  reported: string[] | undefined
  /** Bodies of the server's authentication messages and of the client's answers: `R…`, `p…`. */
  authentication: string[] | undefined
  /** Body of BackendKeyData. */
  keyData: string | undefined
  /** Body of NegotiateProtocolVersion. */
  negotiated: string | undefined
  /** Result of a FunctionCall. */
  functionResult: string | undefined
  /** I, T or E of the ReadyForQuery. */
  transaction = ''
  /** The server's one-byte answer to a request for encryption. */
  answerByte = ''
  /** Of a replication stream: messages and bytes of client and server. */
  streamed: [number, number, number, number] | undefined
  /** Answers that are still to come. */
  awaited = 0
  /** Its places in the queue of what is awaited. */
  firstAwaited = -1
  lastAwaited = -1
  /** Nothing will be added to the request. */
  isSealed = false
  hasExecute = false
  isTold = false
  waitingBytes = 0
  #request: object | undefined
  #response: object | undefined

  constructor(kind: Kind, atMicros: Micros, redactor: Redactor, budgetBytes: number) {
    this.kind = kind
    this.atMicros = atMicros
    this.redactor = redactor
    this.budgetBytes = budgetBytes
  }

  get heldBytes(): number {
    return OPERATION_BYTES + this.body.length + (this.bind?.length ?? 0) + (this.statement?.query.length ?? 0)
  }

  /** The result that the next row belongs to. */
  openResult(): Result {
    let result = this.result
    if (result !== undefined) return result
    this.result = result = new Result()
    if (this.results.length < MAX_RESULTS) this.results.push(result)
    else this.bits |= RESULTS_CUT
    return result
  }

  notice(body: string): void {
    this.notices ??= []
    if (this.notices.length < MAX_NOTICES) this.notices.push(body)
    else this.bits |= NOTICES_CUT
  }

  report(body: string): void {
    this.reported ??= []
    if (this.reported.length < MAX_REPORTED) this.reported.push(body)
  }

  get protocol(): string {
    return 'postgres'
  }

  get elapsedMicros(): Micros | undefined {
    if (this.answerMicros < 0 || (this.bits & NO_REQUEST) !== 0) return undefined
    return Math.max(0, this.answerMicros - this.atMicros)
  }

  get what(): string {
    return whatOf(this)
  }

  get status(): string | undefined {
    if (this.error !== undefined) return errorField(this.error, 'C') ?? 'ERROR'
    if (this.answerByte !== '') return this.answerByte
    if ((this.bits & SKIPPED) !== 0) return undefined
    if (this.keyData !== undefined || (this.kind === 'startup' && this.transaction !== '')) return 'OK'
    if (this.notices !== undefined && this.kind === 'notice') return errorField(this.notices[0]!, 'C')
    return this.#resultStatus()
  }

  #resultStatus(): string | undefined {
    const last = this.results.at(-1)
    if (last === undefined) return this.transaction !== '' || this.isPrepared ? 'OK' : undefined
    if (last.tag !== undefined) return textOf(last.tag)
    if (last.isSuspended) return 'SUSPENDED'
    if (last.isEmptyQuery) return 'EMPTY'
    return last.copy === undefined ? undefined : `COPY ${last.copy.toUpperCase()}`
  }

  /** Answered whole, without an Execute in it. */
  get isPrepared(): boolean {
    return this.kind === 'extended' && this.awaited === 0 && this.answerMicros >= 0
  }

  get outcome(): Outcome {
    if (this.error !== undefined) return outcomeOf(errorField(this.error, 'C') ?? 'XX000')
    if (this.kind === 'notification' || this.kind === 'notice' || this.kind === 'replication') return 'info'
    return this.status === undefined ? 'none' : 'ok'
  }

  /** Of executions of a prepared statement that went well. */
  get likeness(): Likeness | undefined {
    const { statement, results } = this
    if (statement === undefined || !this.hasExecute || this.bits !== 0 || results.length !== 1 || this.error !== undefined || this.keyData !== undefined) return undefined
    const { tag } = results[0]!
    return tag === undefined || this.answerByte !== '' ? undefined : statement.likenessWith(tag)
  }

  get request(): object | undefined {
    if ((this.bits & NO_REQUEST) !== 0 || this.isFromServer) return undefined
    return this.#request ??= requestView(this)
  }

  get response(): object | undefined {
    if (this.answerMicros < 0 && this.streamed === undefined) return undefined
    return this.#response ??= responseView(this)
  }

  get isFromServer(): boolean {
    return this.kind === 'notification' || this.kind === 'notice'
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }

  get notes(): readonly string[] {
    const bits = (this.bits & GIVEN_UP) !== 0 ? this.bits & ~NO_ANSWER : this.bits
    return sentencesOf(SENTENCES, bits)
  }
}
