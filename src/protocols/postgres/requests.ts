import { BIND, CLOSE, DESCRIBE_PORTAL, DESCRIBE_STATEMENT, ENCRYPTION, EXECUTE, FUNCTION, PARSE, QUERY, STARTUP, SYNC } from './awaited-queue.ts'
import { KeptReader } from './kept-reader.ts'
import { MAX_AUTHENTICATION } from './limits.ts'
import { S, u32 } from './message-shape.ts'
import { lastNameIn, nameIn, textEnd } from './names.ts'
import { AFTER_LOSS, END_IN_REQUEST, NO_REPLY_KIND, UNKNOWN_STATEMENT } from './notes.ts'
import type { Kind } from './operation.ts'
import { Operation } from './operation.ts'
import { CANCEL_REQUEST, GSS_REQUEST, SSL_REQUEST } from './probe.ts'
import { Statement } from './result.ts'
import type { Session } from './session.ts'

/** Steps that are listed of one operation. */
const MAX_STEPS = 32

/** What the client sends: each message goes to its operation, and what answers it is awaited. */
export class Requests {
  readonly #session: Session
  #starting: Operation | undefined
  #startCode = 0

  constructor(session: Session) {
    this.#session = session
  }

  refuse(what: string): void {
    this.#session.refuse(true, what)
  }

  /** A start-up whose end never came. */
  endStart(): void {
    const op = this.#starting
    if (op === undefined || op.isSealed) return
    op.bits |= END_IN_REQUEST
    this.#sealed(op)
    this.#session.pending.await(STARTUP, op)
    if (this.#session.pending.answersEnded) this.#session.pending.endAnswers()
  }

  #operation(kind: Kind): Operation {
    this.#session.hasBegun = true
    const op = new Operation(kind, this.#session.frontend.stream.frameMicros, this.#session.redactor, this.#session.limitBytes)
    if (this.#session.requestsLost) {
      this.#session.requestsLost = false
      op.bits |= AFTER_LOSS
    }
    return op
  }

  /** Nothing will be added to its request. */
  #sealed(op: Operation): void {
    op.bits |= this.#session.requestCutBits
    this.#session.pending.sealed(op)
  }

  /** `message`: what follows has a type. */
  startup(code: number): 'message' | 'startup' {
    const kind = code === SSL_REQUEST ? 'sslRequest' : code === GSS_REQUEST ? 'gssEncRequest' : code === CANCEL_REQUEST ? 'cancelRequest' : 'startup'
    const op = this.#starting = this.#operation(kind)
    this.#startCode = code
    if (kind === 'sslRequest' || kind === 'gssEncRequest') {
      this.#sealed(op)
      this.#session.pending.await(ENCRYPTION, op)
      this.#session.backend.headBytes = 1
      this.#session.frontend.stream.pause()
    }
    return kind === 'startup' ? 'message' : 'startup'
  }

  startupBody(kept: string): void {
    const op = this.#starting!
    if (op.kind === 'startup') {
      op.body = String.fromCharCode(0, this.#startCode >>> 16, this.#startCode >>> 8 & 255, this.#startCode & 255) + kept
      this.#sealed(op)
      this.#session.pending.await(STARTUP, op)
    } else if (op.kind === 'cancelRequest') {
      op.body = kept
      op.bits |= NO_REPLY_KIND
      this.#sealed(op)
      this.#session.pending.settle(op)
    }
  }

  password(kept: string): void {
    const op = this.#starting
    if (op === undefined || op.isTold || (op.authentication?.length ?? 0) >= MAX_AUTHENTICATION) return
    op.bits |= this.#session.requestCutBits
    op.authentication ??= []
    op.authentication.push(`p${kept}`)
  }

  query(kept: string, sizeBytes: number): void {
    this.#session.pending.seal()
    const op = this.#operation('query')
    op.body = kept.endsWith('\0') && kept.length === sizeBytes ? kept.slice(0, -1) : kept
    op.bodyBytes = sizeBytes - 1
    this.#sealed(op)
    this.#session.pending.await(QUERY, op)
  }

  functionCall(kept: string, sizeBytes: number): void {
    this.#session.pending.seal()
    const op = this.#operation('functionCall')
    op.body = kept
    op.bodyBytes = sizeBytes
    this.#sealed(op)
    this.#session.pending.await(FUNCTION, op)
  }

  /** The operation that a message of the extended protocol belongs to. */
  #step(step: string): Operation {
    let op = this.#session.pending.batch
    if (op !== undefined && beginsAnew(op, step)) {
      this.#session.pending.seal()
      op = undefined
    }
    if (op === undefined) this.#session.pending.batch = op = this.#operation('extended')
    if (op.steps.length < MAX_STEPS) op.steps += step
    op.bits |= this.#session.requestCutBits
    return op
  }

  parse(kept: string, sizeBytes: number): void {
    const op = this.#step('P')
    const reader = new KeptReader(kept)
    op.statementName = reader.text()
    const query = reader.text()
    const queryBytes = reader.ok ? query.length : sizeBytes - op.statementName.length - 4
    op.statement = new Statement(op.statementName, query, queryBytes, kept.slice(reader.at))
    this.#session.statements.add(op.statement)
    this.#session.pending.await(PARSE, op)
  }

  /** The body is bytes[from, to), as of the two below. */
  bind(bytes: Uint8Array, from: number, to: number): void {
    const op = this.#step('B')
    const portalEnd = textEnd(bytes, from, to)
    const nameAt = Math.min(portalEnd + 1, to)
    const nameEnd = textEnd(bytes, nameAt, to)
    op.portal = nameIn(bytes, from, portalEnd)
    op.statement = this.#session.statements.findIn(bytes, nameAt, nameEnd)
    op.statementName = op.statement?.name ?? nameIn(bytes, nameAt, nameEnd)
    op.bind = nameIn(bytes, from, Math.min(to, from + this.#session.limitBytes))
    this.#session.statements.open(op.portal, { statement: op.statement, statementName: op.statementName, bind: op.bind, description: undefined })
    this.#session.pending.await(BIND, op)
  }

  describe(bytes: Uint8Array, from: number, to: number): void {
    const op = this.#step('D')
    const isStatement = from < to && bytes[from] === S
    const name = lastNameIn(bytes, from + 1, to)
    if (isStatement) this.#name(op, name)
    else if (op.bind === undefined) this.#bound(op, name)
    this.#session.pending.await(isStatement ? DESCRIBE_STATEMENT : DESCRIBE_PORTAL, op)
  }

  #name(op: Operation, name: string): void {
    op.statementName = name
    op.statement ??= this.#session.statements.find(name)
  }

  /** A portal that an earlier operation opened. */
  #bound(op: Operation, name: string): void {
    const portal = this.#session.statements.portal(name)
    op.portal = name
    if (portal === undefined) return
    op.statementName = portal.statementName
    op.statement = portal.statement
    op.bind = portal.bind
    op.description ??= portal.description
  }

  execute(bytes: Uint8Array, from: number, to: number): void {
    const op = this.#step('E')
    op.hasExecute = true
    const nameEnd = textEnd(bytes, from, to)
    const name = nameIn(bytes, from, nameEnd)
    if (op.bind === undefined || op.portal !== name) this.#bound(op, name)
    op.maxRows = nameEnd + 5 <= to ? u32(bytes, nameEnd + 1) : 0
    if (op.statement === undefined) op.bits |= UNKNOWN_STATEMENT
    this.#session.pending.await(EXECUTE, op)
  }

  close(kept: string): void {
    const op = this.#step('C')
    const name = kept.slice(1).replace(/\0$/, '')
    if (kept.startsWith('S')) {
      if (!op.hasExecute) this.#name(op, name)
      this.#session.statements.removeStatement(name)
    } else {
      if (!op.hasExecute) op.portal = name
      this.#session.statements.closePortal(name)
    }
    this.#session.pending.await(CLOSE, op)
  }

  sync(): void {
    this.#session.pending.isSkipping = false
    const op = this.#session.pending.batch
    if (op !== undefined && op.steps.length < MAX_STEPS) op.steps += 'S'
    this.#session.pending.await(SYNC, op)
    this.#session.pending.seal()
  }

  copiedIn(sizeBytes: number): void {
    const op = this.#session.copying
    if (op?.streamed !== undefined) {
      op.streamed[0]++
      op.streamed[1] += sizeBytes
    } else if (op?.result !== undefined) {
      op.result.copyMessages++
      op.result.copyBytes += sizeBytes
    }
  }

  copyFailed(kept: string): void {
    const result = this.#session.copying?.result
    if (result !== undefined) result.copyFailure = kept.replace(/\0$/, '')
  }

  keepCopied(kept: string): void {
    this.#session.keepCopied(kept)
  }

  copyBudget(): number {
    return this.#session.copyBudget()
  }

  lostRequests(): void {
    this.#session.lostRequests()
  }
}

/** One operation executes once: what prepares the next execution begins the next one. */
function beginsAnew(op: Operation, step: string): boolean {
  if (step === 'P') return op.hasExecute || op.steps.includes('P') || op.bind !== undefined
  if (step === 'B') return op.hasExecute || op.bind !== undefined
  if (step === 'E') return op.hasExecute
  return op.steps.length >= MAX_STEPS
}
