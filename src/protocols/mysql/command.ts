import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'
import type { Redactor } from '../redaction.ts'
import { commandWhat, requestView, responseView } from './command-view.ts'
import { LOGIN } from './commands.ts'
import { outcomeOf, parseError } from './error-packet.ts'
import { MAX_RESULTS } from './limits.ts'
import { GIVEN_UP, INCOMPLETE, NO_ANSWER, NO_REQUEST, RESULTS_CUT, SENTENCES, UNASKED } from './notes.ts'
import { sentencesOf } from '../sentences.ts'
import type { Statement } from './result.ts'
import { Result, affectedRows } from './result.ts'

const COMMAND_BYTES = 400

/** A command with its answers, or a login with the greeting before it. The texts are made when they are asked for. */
export class Command implements Message {
  readonly code: number
  readonly atMicros: Micros
  readonly redactor: Redactor
  readonly capabilities: number
  /** Of rows and data: what may still be kept. */
  budgetBytes: number
  bits = 0
  answerMicros: Micros = -1
  /** The packet, the command byte included, or what was kept of it. */
  body: string
  bodyBytes: number
  statement: Statement | undefined
  /** Types of the parameters, two bytes each. */
  types = ''
  /** Parameters that were sent in pieces before: number and size. */
  longData: ReadonlyMap<number, number> | undefined
  readonly results: Result[] = []
  result: Result | undefined
  error: string | undefined
  /** Of a prepare: statement id, columns, parameters. */
  prepared: string | undefined
  parameterColumns: string[] | undefined
  greeting: string | undefined
  /** Of an authentication: packets of the server, and of the client. */
  challenges: string[] | undefined
  pieces: string[] | undefined
  /** What STATISTICS gives. */
  text: string | undefined
  progress = 0
  /** Of a replication stream: packets and bytes. */
  streamed: [number, number] | undefined
  /** What follows the answer to a request for replication. */
  isStream = false
  /** The connection goes on encrypted. */
  isTls = false
  isOk = false
  isOver = false
  waitingBytes = 0
  #request: object | undefined
  #response: object | undefined

  constructor(code: number, atMicros: Micros, body: string, bodyBytes: number, capabilities: number, redactor: Redactor, budgetBytes: number) {
    this.code = code
    this.atMicros = atMicros
    this.body = body
    this.bodyBytes = bodyBytes
    this.capabilities = capabilities
    this.redactor = redactor
    this.budgetBytes = budgetBytes
  }

  get heldBytes(): number {
    return COMMAND_BYTES + this.body.length
  }

  newResult(): Result {
    const result = this.result = new Result()
    if (this.results.length < MAX_RESULTS) this.results.push(result)
    else this.bits |= RESULTS_CUT
    return result
  }

  get protocol(): string {
    return 'mysql'
  }

  get elapsedMicros(): Micros | undefined {
    if (this.answerMicros < 0 || (this.bits & (NO_REQUEST | UNASKED)) !== 0) return undefined
    return Math.max(0, this.answerMicros - this.atMicros)
  }

  get what(): string {
    return commandWhat(this)
  }

  /** `3 rows`, `OK 1` with rows affected, `OK`, or the number of the error: 1146. */
  get status(): string | number | undefined {
    if (this.error !== undefined) return parseError(this.error).code
    if (this.isTls) return 'TLS'
    if (this.streamed !== undefined) return 'streaming'
    const last = this.results.at(-1)
    if (last !== undefined && last.columnCount >= 0 && last.end !== undefined) return last.rowCount === 1 ? '1 row' : `${last.rowCount} rows`
    if (last?.end !== undefined) {
      const affected = affectedRows(last.end)
      return affected > 0 && last.end.length > 5 ? `OK ${affected}` : 'OK'
    }
    return this.isOk || this.prepared !== undefined ? 'OK' : undefined
  }

  get outcome(): Outcome {
    if (this.error !== undefined) return outcomeOf(parseError(this.error))
    if (this.streamed !== undefined) return 'info'
    return this.status === undefined ? 'none' : 'ok'
  }

  get request(): object | undefined {
    if ((this.bits & (NO_REQUEST | UNASKED)) !== 0 || this.isStream || (this.code === LOGIN && this.body === '')) return undefined
    return this.#request ??= requestView(this)
  }

  get response(): object | undefined {
    if (this.answerMicros < 0 && this.greeting === undefined) return undefined
    return this.#response ??= responseView(this)
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0
  }

  get notes(): readonly string[] {
    return sentencesOf(SENTENCES, (this.bits & GIVEN_UP) !== 0 ? this.bits & ~NO_ANSWER : this.bits)
  }
}
