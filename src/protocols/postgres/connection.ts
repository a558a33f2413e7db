import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Micros } from '../../model/time.ts'
import type { Dissector, Settings, Sink } from '../protocol.ts'
import type { Redactor } from '../redaction.ts'
import { redactorOf } from '../redaction.ts'
import { BIND, CLOSE, DESCRIBE_PORTAL, DESCRIBE_STATEMENT, ENCRYPTION, EXECUTE, FUNCTION, NOTHING, PARSE, QUERY, STARTUP, SYNC } from './awaited-queue.ts'
import { Backend } from './backend.ts'
import { errorField } from './error-fields.ts'
import { Frontend } from './frontend.ts'
import { KeptReader } from './kept-reader.ts'
import { MAX_AUTHENTICATION } from './limits.ts'
import { G, H, HEAD_BYTES, I, LOWER_C, LOWER_N, LOWER_S, ONE, THREE, TWO } from './message-shape.ts'
import { AFTER_LOSS, ANSWER_CUT, END_IN_REQUEST, LOST_IN_ANSWER, LOST_IN_REQUEST, NOT_FITTING, NO_REPLY_KIND, NO_REQUEST, UNKNOWN_STATEMENT } from './notes.ts'
import type { Kind } from './operation.ts'
import { Operation } from './operation.ts'
import { Pending } from './pending.ts'
import { CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST } from './probe.ts'
import type { Result } from './result.ts'
import { Statement } from './result.ts'
import { Statements } from './statements.ts'

/** What a kept row or piece of a copy takes besides its bytes. */
const PIECE_BYTES = 32
/** A portal with a longer description of its rows is remembered without it. */
const MAX_PORTAL_DESCRIPTION_BYTES = 4096
/** Steps that are listed of one operation. */
const MAX_STEPS = 32

/** Both sides of a connection to PostgreSQL: what is asked is queued, what is answered is put to the first in the queue. */
export class PostgresConnection implements Dissector {
  readonly #sink: Sink
  readonly #redactor: Redactor
  readonly #limitBytes: number
  readonly #frontend: Frontend
  readonly #backend: Backend
  readonly #pending: Pending
  readonly #statements = new Statements()
  #starting: Operation | undefined
  #startCode = 0
  /** The operation whose data is being copied. */
  #copying: Operation | undefined
  /** Where the row goes that is being read. */
  #rowResult: Result | undefined
  #requestsLost = false
  #isEnding = false
  #requestsEnded = false
  #hasBegun = false
  #isOver = false
  #successor = 'tls'

  constructor(sink: Sink, settings: Settings) {
    this.#sink = sink
    this.#redactor = redactorOf(settings.redaction)
    this.#pending = new Pending(sink)
    this.#limitBytes = settings.bodyLimitBytes
    this.#frontend = new Frontend(this, settings.bodyLimitBytes)
    this.#backend = new Backend(this)
  }

  joinedLate(): void {
    this.#hasBegun = true
    this.#frontend.headBytes = HEAD_BYTES
    this.#frontend.stream.seek()
    this.#backend.stream.seek()
  }

  get heldBytes(): number {
    return this.#pending.waitingBytes + this.#statements.heldBytes + this.#frontend.stream.heldBytes + this.#backend.stream.heldBytes
      + this.#limitBytes - (this.#pending.queue.operation?.budgetBytes ?? this.#limitBytes)
  }

  data(side: Side, chunk: Uint8Array, at: Micros): void {
    if (this.#isOver) return
    if (side === CLIENT) this.#frontend.stream.data(chunk, at)
    else this.#backend.stream.data(chunk, at)
  }

  gap(side: Side, bytes: number): void {
    if (side === CLIENT) this.#frontend.stream.gap(bytes)
    else this.#backend.stream.gap(bytes)
  }

  end(side: Side): void {
    if (this.#isOver) return
    this.#isEnding = true
    if (side === CLIENT) {
      this.#frontend.stream.end()
      this.#requestsEnded = true
      this.#pending.seal()
      this.#endStart()
    } else {
      this.#backend.stream.end()
      this.#pending.answersEnded = true
      this.#pending.endAnswers()
    }
    this.#isEnding = false
    if (this.#requestsEnded && this.#pending.answersEnded) this.#close()
  }

  /** A start-up whose end never came. */
  #endStart(): void {
    const op = this.#starting
    if (op === undefined || op.isSealed) return
    op.bits |= END_IN_REQUEST
    this.#sealed(op)
    this.#pending.await(STARTUP, op)
    if (this.#pending.answersEnded) this.#pending.endAnswers()
  }

  #close(): void {
    this.#isOver = true
    if (this.#requestsLost) this.#sink.malformed(CLIENT, 'bytes were lost, and nothing was recognised behind them', this.#frontend.stream.offset)
    if (this.#pending.answersLost) this.#sink.malformed(SERVER, 'bytes were lost, and nothing was recognised behind them', this.#backend.stream.offset)
  }

  /** Bytes that break the protocol. Before anything was understood it was a wrong guess. */
  refuse(isClient: boolean, what: string): void {
    const { stream } = isClient ? this.#frontend : this.#backend
    if (!this.#hasBegun) {
      this.#isOver = true
      stream.stop()
      this.#sink.disown()
      return
    }
    this.#sink.malformed(isClient ? CLIENT : SERVER, what, stream.offset)
    stream.seek()
    if (isClient) this.lostRequests()
    else {
      const op = this.#pending.queue.operation
      if (op !== undefined) op.bits |= NOT_FITTING
      this.#pending.isDoubtful = true
    }
  }

  // What the client sends.

  #operation(kind: Kind): Operation {
    this.#hasBegun = true
    const op = new Operation(kind, this.#frontend.stream.frameMicros, this.#redactor, this.#limitBytes)
    if (this.#requestsLost) {
      this.#requestsLost = false
      op.bits |= AFTER_LOSS
    }
    return op
  }

  /** Nothing will be added to its request. */
  #sealed(op: Operation): void {
    if (this.#frontend.stream.isCut) op.bits |= this.#isEnding ? END_IN_REQUEST : LOST_IN_REQUEST
    this.#pending.sealed(op)
  }

  /** `message`: what follows has a type. */
  startup(code: number): 'message' | 'startup' {
    const kind = code === SSL_REQUEST ? 'sslRequest' : code === GSS_REQUEST ? 'gssEncRequest' : code === CANCEL_REQUEST ? 'cancelRequest' : 'startup'
    const op = this.#starting = this.#operation(kind)
    this.#startCode = code
    if (kind === 'sslRequest' || kind === 'gssEncRequest') {
      this.#sealed(op)
      this.#pending.await(ENCRYPTION, op)
      this.#backend.headBytes = 1
      this.#frontend.stream.pause()
    }
    return kind === 'startup' ? 'message' : 'startup'
  }

  startupBody(kept: string): void {
    const op = this.#starting!
    if (op.kind === 'startup') {
      op.body = String.fromCharCode(0, this.#startCode >>> 16, this.#startCode >>> 8 & 255, this.#startCode & 255) + kept
      this.#sealed(op)
      this.#pending.await(STARTUP, op)
    } else if (op.kind === 'cancelRequest') {
      op.body = kept
      op.bits |= NO_REPLY_KIND
      this.#sealed(op)
      this.#pending.settle(op)
    }
  }

  password(kept: string): void {
    const op = this.#starting
    if (op === undefined || op.isTold || (op.authentication?.length ?? 0) >= MAX_AUTHENTICATION) return
    if (this.#frontend.stream.isCut) op.bits |= this.#isEnding ? END_IN_REQUEST : LOST_IN_REQUEST
    op.authentication ??= []
    op.authentication.push(`p${kept}`)
  }

  query(kept: string, sizeBytes: number): void {
    this.#pending.seal()
    const op = this.#operation('query')
    op.body = kept.endsWith('\0') && kept.length === sizeBytes ? kept.slice(0, -1) : kept
    op.bodyBytes = sizeBytes - 1
    this.#sealed(op)
    this.#pending.await(QUERY, op)
  }

  functionCall(kept: string, sizeBytes: number): void {
    this.#pending.seal()
    const op = this.#operation('functionCall')
    op.body = kept
    op.bodyBytes = sizeBytes
    this.#sealed(op)
    this.#pending.await(FUNCTION, op)
  }

  /** The operation that a message of the extended protocol belongs to. */
  #step(step: string): Operation {
    let op = this.#pending.batch
    if (op !== undefined && beginsAnew(op, step)) {
      this.#pending.seal()
      op = undefined
    }
    if (op === undefined) this.#pending.batch = op = this.#operation('extended')
    if (op.steps.length < MAX_STEPS) op.steps += step
    if (this.#frontend.stream.isCut) op.bits |= this.#isEnding ? END_IN_REQUEST : LOST_IN_REQUEST
    return op
  }

  parse(kept: string, sizeBytes: number): void {
    const op = this.#step('P')
    const reader = new KeptReader(kept)
    op.statementName = reader.text()
    const query = reader.text()
    const queryBytes = reader.ok ? query.length : sizeBytes - op.statementName.length - 4
    op.statement = new Statement(op.statementName, query, queryBytes, kept.slice(reader.at))
    this.#statements.add(op.statement)
    this.#pending.await(PARSE, op)
  }

  bind(kept: string): void {
    const op = this.#step('B')
    const reader = new KeptReader(kept)
    op.portal = reader.text()
    op.statementName = reader.text()
    op.statement = this.#statements.find(op.statementName)
    op.bind = kept.length <= this.#limitBytes ? kept : kept.slice(0, this.#limitBytes)
    this.#statements.open(op.portal, { statement: op.statement, statementName: op.statementName, bind: op.bind, description: undefined })
    this.#pending.await(BIND, op)
  }

  describe(kept: string): void {
    const op = this.#step('D')
    const isStatement = kept.startsWith('S')
    const name = kept.slice(1).replace(/\0$/, '')
    if (isStatement) this.#name(op, name)
    else if (op.bind === undefined) this.#bound(op, name)
    this.#pending.await(isStatement ? DESCRIBE_STATEMENT : DESCRIBE_PORTAL, op)
  }

  #name(op: Operation, name: string): void {
    op.statementName = name
    op.statement ??= this.#statements.find(name)
  }

  /** A portal that an earlier operation opened. */
  #bound(op: Operation, name: string): void {
    const portal = this.#statements.portal(name)
    op.portal = name
    if (portal === undefined) return
    op.statementName = portal.statementName
    op.statement = portal.statement
    op.bind = portal.bind
    op.description ??= portal.description
  }

  execute(kept: string): void {
    const op = this.#step('E')
    op.hasExecute = true
    const reader = new KeptReader(kept)
    const name = reader.text()
    if (op.bind === undefined || op.portal !== name) this.#bound(op, name)
    op.maxRows = reader.u32()
    if (op.statement === undefined) op.bits |= UNKNOWN_STATEMENT
    this.#pending.await(EXECUTE, op)
  }

  close(kept: string): void {
    const op = this.#step('C')
    const name = kept.slice(1).replace(/\0$/, '')
    if (kept.startsWith('S')) {
      if (!op.hasExecute) this.#name(op, name)
      this.#statements.removeStatement(name)
    } else {
      if (!op.hasExecute) op.portal = name
      this.#statements.closePortal(name)
    }
    this.#pending.await(CLOSE, op)
  }

  sync(): void {
    this.#pending.isSkipping = false
    const op = this.#pending.batch
    if (op !== undefined && op.steps.length < MAX_STEPS) op.steps += 'S'
    this.#pending.await(SYNC, op)
    this.#pending.seal()
  }

  copiedIn(sizeBytes: number): void {
    const op = this.#copying
    if (op?.streamed !== undefined) {
      op.streamed[0]++
      op.streamed[1] += sizeBytes
    } else if (op?.result !== undefined) {
      op.result.copyMessages++
      op.result.copyBytes += sizeBytes
    }
  }

  copyBudget(): number {
    const op = this.#copying
    return op === undefined || op.streamed !== undefined || op.budgetBytes <= 0 ? -1 : op.budgetBytes
  }

  keepCopied(kept: string): void {
    const op = this.#copying
    if (op?.result === undefined) return
    op.budgetBytes -= kept.length + PIECE_BYTES
    op.result.copied += kept
    if (this.#frontend.stream.isCut) op.bits |= LOST_IN_REQUEST
    if (this.#backend.stream.isCut) op.bits |= LOST_IN_ANSWER
  }

  copyFailed(kept: string): void {
    const result = this.#copying?.result
    if (result !== undefined) result.copyFailure = kept.replace(/\0$/, '')
  }

  lostRequests(): void {
    if (this.#pending.batch !== undefined) {
      this.#pending.batch.bits |= LOST_IN_REQUEST
      this.#pending.seal()
    }
    this.#requestsLost = true
  }

  // What the server sends.

  /** The operation that the next answer belongs to; undefined where it was given up. */
  #answering(): Operation | undefined {
    if (this.#pending.queue.code === NOTHING) this.#unasked()
    const op = this.#pending.queue.operation
    if (op === undefined) return undefined
    if (op.answerMicros < 0) op.answerMicros = this.#backend.stream.frameMicros
    if (this.#backend.stream.isCut) op.bits |= this.#isEnding ? ANSWER_CUT : LOST_IN_ANSWER
    return op
  }

  /** An answer to a request that was not captured. */
  #unasked(): void {
    this.#hasBegun = true
    const op = new Operation('unknown', this.#backend.stream.frameMicros, this.#redactor, this.#limitBytes)
    op.bits |= NO_REQUEST
    op.isSealed = true
    op.awaited = 1
    this.#pending.queue.push(QUERY, op)
  }

  /** S or G: the connection goes on encrypted. */
  encryptionAnswer(byte: number): boolean {
    const op = this.#answering()
    const letter = String.fromCharCode(byte)
    if (letter !== 'S' && letter !== 'N' && letter !== 'G') {
      this.refuse(false, 'an answer to a request for encryption that is none')
      return false
    }
    if (op !== undefined) op.answerByte = letter
    this.#pending.shift()
    if (letter === 'N') this.#frontend.stream.resume()
    else {
      this.#successor = letter === 'S' ? 'tls' : 'gss'
      this.#backend.stream.leave()
    }
    return true
  }

  handOver(rest: Uint8Array): void {
    this.#isOver = true
    this.#sink.switchTo(this.#successor, this.#frontend.stream.takePaused(), rest)
  }

  /** ParseComplete, BindComplete, CloseComplete, NoData, CopyDone. */
  answered(type: number): void {
    if (type === LOWER_C) return
    const { code } = this.#pending.queue
    const op = this.#answering()
    const fits = type === ONE ? code === PARSE : type === TWO ? code === BIND : type === THREE ? code === CLOSE
      : type === LOWER_N && (code === DESCRIBE_STATEMENT || code === DESCRIBE_PORTAL)
    if (fits) this.#pending.shift()
    else if (op !== undefined && (op.bits & NO_REQUEST) === 0) op.bits |= NOT_FITTING
  }

  described(kept: string): void {
    const { code } = this.#pending.queue
    const op = this.#answering()
    if (code === DESCRIBE_STATEMENT || code === DESCRIBE_PORTAL) {
      if (op !== undefined) {
        op.description = kept
        if (code === DESCRIBE_PORTAL) this.#describePortal(op, kept)
        else if (op.statement !== undefined) this.#statements.describe(op.statement, undefined, kept)
      }
      this.#pending.shift()
    } else if (op !== undefined) {
      op.result = undefined
      op.openResult().description = kept
    }
  }

  /** For those who fetch more from it later. */
  #describePortal(op: Operation, kept: string): void {
    const portal = op.portal === '' ? undefined : this.#statements.portal(op.portal)
    if (portal !== undefined && kept.length <= MAX_PORTAL_DESCRIPTION_BYTES) portal.description = kept
  }

  parametersDescribed(kept: string): void {
    const op = this.#answering()
    if (op?.statement !== undefined && this.#pending.queue.code === DESCRIBE_STATEMENT) this.#statements.describe(op.statement, kept, undefined)
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
    if (this.#backend.stream.isCut) this.#answering()
    else this.#rowResult?.rows.push(kept)
    this.#rowResult = undefined
  }

  /** CommandComplete, PortalSuspended, EmptyQueryResponse. */
  executed(type: number, tag: string): void {
    const { code } = this.#pending.queue
    const op = this.#answering()
    if (op !== undefined) {
      const result = op.openResult()
      if (type === I) result.isEmptyQuery = true
      else if (type === LOWER_S) result.isSuspended = true
      else result.tag = tag
      op.result = undefined
      if (this.#copying === op) this.#copying = undefined
    }
    if (code === EXECUTE) this.#pending.shift()
    else if (code !== QUERY && code !== NOTHING && op !== undefined) op.bits |= NOT_FITTING
  }

  failed(kept: string): void {
    const severity = errorField(kept, 'V') ?? errorField(kept, 'S')
    const isFatal = severity === 'FATAL' || severity === 'PANIC'
    if (this.#pending.queue.code === NOTHING && isFatal) {
      this.#own('notice', kept).error = kept
      this.#tellOwn()
      return
    }
    const { code } = this.#pending.queue
    const op = this.#answering()
    if (op !== undefined) op.error = kept
    if (this.#copying === op) this.#copying = undefined
    if (isFatal) this.#pending.shiftAll(op)
    else if (code < SYNC && code !== NOTHING) this.#pending.skip(op)
  }

  #ownMessage: Operation | undefined

  #own(kind: Kind, body: string): Operation {
    const op = new Operation(kind, this.#backend.stream.frameMicros, this.#redactor, 0)
    op.answerMicros = op.atMicros
    op.isSealed = true
    if (kind === 'notice') op.notice(body)
    else op.body = body
    if (this.#backend.stream.isCut) op.bits |= this.#isEnding ? ANSWER_CUT : LOST_IN_ANSWER
    this.#ownMessage = op
    return op
  }

  #tellOwn(): void {
    const op = this.#ownMessage
    this.#ownMessage = undefined
    if (op !== undefined) this.#pending.settle(op)
  }

  noticed(kept: string): void {
    if (this.#pending.queue.code !== NOTHING) this.#answering()?.notice(kept)
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
    if (this.#pending.queue.code !== NOTHING) this.#answering()?.report(kept)
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
    this.#copying = op
    if (result.copy === 'both') this.#stream(op)
  }

  /** From here on both sides send as they like: the request is told, and a message at the end says how much there was. */
  #stream(op: Operation): void {
    const stream = new Operation('replication', this.#backend.stream.frameMicros, this.#redactor, 0)
    stream.streamed = [0, 0, 0, 0]
    stream.isSealed = true
    stream.awaited = op.awaited
    this.#pending.queue.replace(op, stream)
    op.awaited = 0
    this.#copying = stream
    this.#pending.settle(op)
  }

  copiedOut(sizeBytes: number): number {
    const op = this.#copying
    if (op?.streamed !== undefined) {
      op.streamed[2]++
      op.streamed[3] += sizeBytes
    } else if (op?.result !== undefined) {
      op.result.copyMessages++
      op.result.copyBytes += sizeBytes
    }
    return this.copyBudget()
  }

  ready(state: number): void {
    if (this.#pending.queue.code === NOTHING) return
    let op = this.#answering()
    while (this.#pending.queue.code !== NOTHING && this.#pending.queue.code < SYNC) {
      if (op !== undefined) op.bits |= NOT_FITTING
      this.#pending.shift()
      op = this.#pending.queue.operation
    }
    if (op !== undefined) op.transaction = String.fromCharCode(state)
    if (op === this.#copying) this.#copying = undefined
    this.#pending.shift()
    if (this.#pending.queue.code === NOTHING) this.#pending.isDoubtful = false
  }

  lostAnswers(): void {
    this.#pending.answersLost = true
    this.#pending.isDoubtful = true
    const op = this.#pending.queue.operation
    if (this.#pending.queue.groups > 1) this.#pending.giveUpAll()
    else if (op !== undefined) op.bits |= LOST_IN_ANSWER
  }

}

/** One operation executes once: what prepares the next execution begins the next one. */
function beginsAnew(op: Operation, step: string): boolean {
  if (step === 'P') return op.hasExecute || op.steps.includes('P') || op.bind !== undefined
  if (step === 'B') return op.hasExecute || op.bind !== undefined
  if (step === 'E') return op.hasExecute
  return op.steps.length >= MAX_STEPS
}
