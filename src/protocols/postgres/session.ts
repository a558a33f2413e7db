import { CLIENT, SERVER } from '../../model/side.ts'
import type { Settings, Sink } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import type { Backend } from './backend.ts'
import type { Frontend } from './frontend.ts'
import { ANSWER_CUT, END_IN_REQUEST, LOST_IN_ANSWER, LOST_IN_REQUEST, NOT_FITTING } from './notes.ts'
import type { Operation } from './operation.ts'
import { Pending } from './pending.ts'
import { Statements } from './statements.ts'

/** What a kept row or piece of a copy takes besides its bytes. */
export const PIECE_BYTES = 32

/** What both sides of a connection work on. */
export class Session {
  readonly sink: Sink
  readonly redactor: Redactor
  readonly limitBytes: number
  readonly keepsDetails: boolean
  readonly pending: Pending
  readonly statements = new Statements()
  /** Set once, before any bytes. */
  frontend!: Frontend
  backend!: Backend
  /** The operation whose data is being copied. */
  copying: Operation | undefined
  requestsLost = false
  isEnding = false
  hasBegun = false
  isOver = false

  constructor(sink: Sink, settings: Settings) {
    this.sink = sink
    this.redactor = redactorOf(settings.redaction)
    this.limitBytes = settings.bodyLimitBytes
    this.keepsDetails = settings.details !== false
    this.pending = new Pending(sink)
  }

  get heldBytes(): number {
    return this.pending.waitingBytes + this.statements.heldBytes + this.frontend.stream.heldBytes + this.backend.stream.heldBytes
      + this.limitBytes - (this.pending.queue.operation?.budgetBytes ?? this.limitBytes)
  }

  /** Why the message that is being read is not whole; 0 where it is. */
  get requestCutBits(): number {
    return !this.frontend.stream.isCut ? 0 : this.isEnding ? END_IN_REQUEST : LOST_IN_REQUEST
  }

  get answerCutBits(): number {
    return !this.backend.stream.isCut ? 0 : this.isEnding ? ANSWER_CUT : LOST_IN_ANSWER
  }

  /** Bytes that break the protocol. Before anything was understood it was a wrong guess. */
  refuse(isClient: boolean, what: string): void {
    const { stream } = isClient ? this.frontend : this.backend
    if (!this.hasBegun) {
      this.isOver = true
      stream.stop()
      this.sink.disown()
      return
    }
    this.sink.malformed(isClient ? CLIENT : SERVER, what, stream.offset)
    stream.seek()
    if (isClient) this.lostRequests()
    else {
      const op = this.pending.queue.operation
      if (op !== undefined) op.bits |= NOT_FITTING
      this.pending.isDoubtful = true
    }
  }

  lostRequests(): void {
    if (this.pending.batch !== undefined) {
      this.pending.batch.bits |= LOST_IN_REQUEST
      this.pending.seal()
    }
    this.requestsLost = true
  }

  copyBudget(): number {
    const op = this.copying
    return op === undefined || op.streamed !== undefined || op.budgetBytes <= 0 ? -1 : op.budgetBytes
  }

  keepCopied(kept: string): void {
    const op = this.copying
    if (op?.result === undefined) return
    op.budgetBytes -= kept.length + PIECE_BYTES
    op.result.copied += kept
    if (this.frontend.stream.isCut) op.bits |= LOST_IN_REQUEST
    if (this.backend.stream.isCut) op.bits |= LOST_IN_ANSWER
  }
}
