import { CLIENT } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Message, Outcome } from '../../model/message.ts'
import type { Micros } from '../../model/time.ts'

/** One turn of application data that nobody here can read: what the client sent, and what the server sent before the client went on. */
export class TurnMessage implements Message {
  readonly protocol = 'tls'
  readonly what = 'ciphertext'
  readonly status = undefined
  readonly atMicros: Micros
  readonly elapsedMicros: Micros | undefined
  readonly outcome: Outcome
  readonly request: object | undefined
  readonly response: object | undefined
  readonly complete: boolean
  readonly notes: readonly string[]

  constructor(turn: Turns) {
    const asked = turn.clientRecords > 0
    const answered = turn.serverRecords > 0
    this.atMicros = asked ? turn.clientMicros : turn.serverMicros
    this.elapsedMicros = asked && answered ? Math.max(0, turn.serverMicros - turn.clientMicros) : undefined
    this.outcome = asked && answered ? 'ok' : 'none'
    this.request = asked ? { kind: 'ciphertext', records: turn.clientRecords, bytes: turn.clientBytes, ...(turn.clientOffset >= 0 && { offset: turn.clientOffset }), ...(turn.asAnswered && { durationMicros: turn.clientLastMicros - turn.clientMicros }) } : undefined
    this.response = answered ? { kind: 'ciphertext', records: turn.serverRecords, bytes: turn.serverBytes } : undefined
    this.complete = !turn.broken
    this.notes = turn.notes
  }
}

/** Counts application data by turns: one ends when the client goes on after the server has spoken. */
export class Turns {
  clientRecords = 0
  clientBytes = 0
  clientMicros: Micros = 0
  clientLastMicros: Micros = 0
  /** The client's application data before this turn; -1 once some was lost. */
  clientOffset = 0
  serverRecords = 0
  serverBytes = 0
  serverMicros: Micros = 0
  broken = false
  /** Size of a record that may be an alert; -1 where alerts can be told from data. */
  alertRecordBytes = -1
  readonly #emit: (message: Message) => void
  readonly asAnswered: boolean

  constructor(emit: (message: Message) => void, asAnswered: boolean) {
    this.#emit = emit
    this.asAnswered = asAnswered
  }

  record(side: Side, sizeBytes: number, at: Micros): void {
    if (side === CLIENT) {
      if (this.serverRecords > 0) this.flush()
      if (this.clientRecords++ === 0) this.clientMicros = at
      this.clientBytes += sizeBytes
      this.clientLastMicros = at
    } else {
      if (this.serverRecords++ === 0) this.serverMicros = at
      this.serverBytes += sizeBytes
      if (this.asAnswered && this.serverRecords === 1 && this.clientRecords > 0) this.#emit(new TurnMessage(this))
    }
  }

  /** A loss counts for the turn that is under way. */
  lost(): void {
    this.broken = true
    this.clientOffset = -1
  }

  get notes(): string[] {
    const notes: string[] = []
    if (this.broken) notes.push('bytes of this turn were lost')
    if (this.#mayBeClosing) notes.push('nothing but records of the size of an alert: probably the end of the connection and no data')
    return notes
  }

  /** What there is, of either side or of both, is one record that may be an alert. */
  get #mayBeClosing(): boolean {
    const size = this.alertRecordBytes
    return (this.clientRecords === 0 || (this.clientRecords === 1 && this.clientBytes === size))
      && (this.serverRecords === 0 || (this.serverRecords === 1 && this.serverBytes === size))
  }

  flush(): void {
    if (!this.asAnswered && this.clientRecords + this.serverRecords > 0) this.#emit(new TurnMessage(this))
    if (this.clientOffset >= 0) this.clientOffset += this.clientBytes
    this.clientRecords = this.clientBytes = this.serverRecords = this.serverBytes = 0
    this.broken = false
  }
}
