import { isText } from '../http/bytes.ts'
import { BIND, CLOSE, DESCRIBE_PORTAL, DESCRIBE_STATEMENT, EXECUTE, NOTHING, PARSE, QUERY, SYNC } from './awaited-queue.ts'
import { errorField } from './error-fields.ts'
import { MAX_AUTHENTICATION } from './limits.ts'
import { C, G, H, I, LOWER_C, LOWER_N, LOWER_S, ONE, THREE, TWO } from './message-shape.ts'
import { nameIn } from './names.ts'
import { LOST_IN_ANSWER, NOT_FITTING, NO_REQUEST } from './notes.ts'
import type { Kind } from './operation.ts'
import { Operation } from './operation.ts'
import type { Result } from './result.ts'
import { PIECE_BYTES } from './session.ts'
import type { Session } from './session.ts'

/** A portal with a longer description of its rows is remembered without it. */
const MAX_PORTAL_DESCRIPTION_BYTES = 4096

/** What the server sends: each message goes to the operation that is first in the queue. */
export class Answers {
  readonly #session: Session
  /** Where the row goes that is being read. */
  #rowResult: Result | undefined
  #ownMessage: Operation | undefined
  #successor = 'tls'

  constructor(session: Session) {
    this.#session = session
  }

  /** Somebody may read what an answer was made of. */
  get keepsDetails(): boolean {
    return this.#session.keepsDetails
  }

  refuse(what: string): void {
    this.#session.refuse(false, what)
  }

  /** The operation that the next answer belongs to; undefined where it was given up. */
  #answering(): Operation | undefined {
    if (this.#session.pending.queue.code === NOTHING) this.#unasked()
    const op = this.#session.pending.queue.operation
    if (op === undefined) return undefined
    if (op.answerMicros < 0) op.answerMicros = this.#session.backend.stream.frameMicros
    op.bits |= this.#session.answerCutBits
    return op
  }

  /** An answer to a request that was not captured. */
  #unasked(): void {
    this.#session.hasBegun = true
    const op = new Operation('unknown', this.#session.backend.stream.frameMicros, this.#session.redactor, this.#session.limitBytes)
    op.bits |= NO_REQUEST
    op.isSealed = true
    op.awaited = 1
    this.#session.pending.queue.push(QUERY, op)
  }

  /** S or G: the connection goes on encrypted. */
  encryptionAnswer(byte: number): boolean {
    const op = this.#answering()
    const letter = String.fromCharCode(byte)
    if (letter !== 'S' && letter !== 'N' && letter !== 'G') {
      this.#session.refuse(false, 'an answer to a request for encryption that is none')
      return false
    }
    if (op !== undefined) op.answerByte = letter
    this.#session.pending.shift()
    if (letter === 'N') this.#session.frontend.stream.resume()
    else {
      this.#successor = letter === 'S' ? 'tls' : 'gss'
      this.#session.backend.stream.leave()
    }
    return true
  }

  handOver(rest: Uint8Array): void {
    this.#session.isOver = true
    this.#session.sink.switchTo(this.#successor, this.#session.frontend.stream.takePaused(), rest)
  }

  /** ParseComplete, BindComplete, CloseComplete, NoData, CopyDone. */
  answered(type: number): void {
    if (type === LOWER_C) return
    const { code } = this.#session.pending.queue
    const op = this.#answering()
    const fits = type === ONE ? code === PARSE : type === TWO ? code === BIND : type === THREE ? code === CLOSE
      : type === LOWER_N && (code === DESCRIBE_STATEMENT || code === DESCRIBE_PORTAL)
    if (fits) this.#session.pending.shift()
    else if (op !== undefined && (op.bits & NO_REQUEST) === 0) op.bits |= NOT_FITTING
  }

  described(kept: string): void {
    const { code } = this.#session.pending.queue
    const op = this.#answering()
    if (code === DESCRIBE_STATEMENT || code === DESCRIBE_PORTAL) {
      if (op !== undefined) {
        op.description = kept
        if (code === DESCRIBE_PORTAL) this.#describePortal(op, kept)
        else if (op.statement !== undefined) this.#session.statements.describe(op.statement, undefined, kept)
      }
      this.#session.pending.shift()
    } else if (op !== undefined) {
      op.result = undefined
      op.openResult().description = kept
    }
  }

  /** For those who fetch more from it later. */
  #describePortal(op: Operation, kept: string): void {
    const portal = op.portal === '' ? undefined : this.#session.statements.portal(op.portal)
    if (portal !== undefined && kept.length <= MAX_PORTAL_DESCRIPTION_BYTES) portal.description = kept
  }

  parametersDescribed(kept: string): void {
    const op = this.#answering()
    if (op?.statement !== undefined && this.#session.pending.queue.code === DESCRIBE_STATEMENT) this.#session.statements.describe(op.statement, kept, undefined)
  }

  /** The hot path. How many bytes of the row are wanted. */
  row(sizeBytes: number): number {
    const op = this.#answering()
    if (op === undefined) return -1
    const result = op.result ?? op.openResult()
    result.rowCount++
    if (op.budgetBytes < sizeBytes + PIECE_BYTES) {
      op.budgetBytes = 0
      return -1
    }
    op.budgetBytes -= sizeBytes + PIECE_BYTES
    this.#rowResult = result
    return sizeBytes
  }

  keepRow(kept: string): void {
    if (this.#session.backend.stream.isCut) this.#answering()
    else this.#rowResult?.rows.push(kept)
    this.#rowResult = undefined
  }

  /** CommandComplete. A statement mostly ends as it did before. */
  completed(bytes: Uint8Array, from: number, to: number): void {
    const end = to > from && bytes[to - 1] === 0 ? to - 1 : to
    const last = this.#session.pending.queue.operation?.statement?.tag
    this.executed(C, last !== undefined && last.length === end - from && isText(bytes, from, end, last) ? last : nameIn(bytes, from, end))
  }

  /** PortalSuspended, EmptyQueryResponse, and what has a tag. */
  executed(type: number, tag: string): void {
    const { code } = this.#session.pending.queue
    const op = this.#answering()
    if (op !== undefined) {
      const result = op.openResult()
      if (type === I) result.isEmptyQuery = true
      else if (type === LOWER_S) result.isSuspended = true
      else result.tag = tag
      op.result = undefined
      if (this.#session.copying === op) this.#session.copying = undefined
    }
    if (code === EXECUTE) this.#session.pending.shift()
    else if (code !== QUERY && code !== NOTHING && op !== undefined) op.bits |= NOT_FITTING
  }

  failed(kept: string): void {
    const severity = errorField(kept, 'V') ?? errorField(kept, 'S')
    const isFatal = severity === 'FATAL' || severity === 'PANIC'
    if (this.#session.pending.queue.code === NOTHING && isFatal) {
      this.#own('notice', kept).error = kept
      this.#tellOwn()
      return
    }
    const { code } = this.#session.pending.queue
    const op = this.#answering()
    if (op !== undefined) op.error = kept
    if (this.#session.copying === op) this.#session.copying = undefined
    if (isFatal) this.#session.pending.shiftAll(op)
    else if (code < SYNC && code !== NOTHING) this.#session.pending.skip(op)
  }

  #own(kind: Kind, body: string): Operation {
    const op = new Operation(kind, this.#session.backend.stream.frameMicros, this.#session.redactor, 0)
    op.answerMicros = op.atMicros
    op.isSealed = true
    if (kind === 'notice') op.notice(body)
    else op.body = body
    op.bits |= this.#session.answerCutBits
    this.#ownMessage = op
    return op
  }

  #tellOwn(): void {
    const op = this.#ownMessage
    this.#ownMessage = undefined
    if (op !== undefined) this.#session.pending.settle(op)
  }

  noticed(kept: string): void {
    if (this.#session.pending.queue.code !== NOTHING) this.#answering()?.notice(kept)
    else {
      this.#own('notice', kept)
      this.#tellOwn()
    }
  }

  notified(kept: string): void {
    this.#own('notification', kept)
    this.#tellOwn()
  }

  reported(kept: string): void {
    if (this.#session.pending.queue.code !== NOTHING) this.#answering()?.report(kept)
  }

  authentication(kept: string): void {
    const op = this.#answering()
    if (op === undefined || (op.authentication?.length ?? 0) >= MAX_AUTHENTICATION) return
    op.authentication ??= []
    op.authentication.push(`R${kept}`)
  }

  keyData(kept: string): void {
    const op = this.#answering()
    if (op !== undefined) op.keyData = kept
  }

  negotiated(kept: string): void {
    const op = this.#answering()
    if (op !== undefined) op.negotiated = kept
  }

  functionResult(kept: string): void {
    const op = this.#answering()
    if (op !== undefined) op.functionResult = kept.slice(4)
  }

  copyBegan(type: number): void {
    const op = this.#answering()
    if (op === undefined) return
    if (op.result?.copy !== undefined) op.result = undefined
    const result = op.openResult()
    result.copy = type === G ? 'in' : type === H ? 'out' : 'both'
    this.#session.copying = op
    if (result.copy === 'both') this.#stream(op)
  }

  /** From here on both sides send as they like: the request is told, and a message at the end says how much there was. */
  #stream(op: Operation): void {
    const stream = new Operation('replication', this.#session.backend.stream.frameMicros, this.#session.redactor, 0)
    stream.streamed = [0, 0, 0, 0]
    stream.isSealed = true
    stream.awaited = op.awaited
    this.#session.pending.queue.replace(op, stream)
    op.awaited = 0
    this.#session.copying = stream
    this.#session.pending.settle(op)
  }

  copiedOut(sizeBytes: number): number {
    const op = this.#session.copying
    if (op?.streamed !== undefined) {
      op.streamed[2]++
      op.streamed[3] += sizeBytes
    } else if (op?.result !== undefined) {
      op.result.copyMessages++
      op.result.copyBytes += sizeBytes
    }
    return this.#session.copyBudget()
  }

  ready(state: number): void {
    if (this.#session.pending.queue.code === NOTHING) return
    let op = this.#answering()
    while (this.#session.pending.queue.code !== NOTHING && this.#session.pending.queue.code < SYNC) {
      if (op !== undefined) op.bits |= NOT_FITTING
      this.#session.pending.shift()
      op = this.#session.pending.queue.operation
    }
    if (op !== undefined) op.transaction = String.fromCharCode(state)
    if (op === this.#session.copying) this.#session.copying = undefined
    this.#session.pending.shift()
    if (this.#session.pending.queue.code === NOTHING) this.#session.pending.isDoubtful = false
  }

  lostAnswers(): void {
    this.#session.pending.answersLost = true
    this.#session.pending.isDoubtful = true
    const op = this.#session.pending.queue.operation
    if (this.#session.pending.queue.groups > 1) this.#session.pending.giveUpAll()
    else if (op !== undefined) op.bits |= LOST_IN_ANSWER
  }

  keepCopied(kept: string): void {
    this.#session.keepCopied(kept)
  }
}
