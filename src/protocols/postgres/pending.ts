import type { Sink } from '../protocol.ts'
import { AwaitedQueue, NOTHING, SYNC } from './awaited-queue.ts'
import { MAX_AWAITED, MAX_WAITING_BYTES, MAX_WAITING_OPERATIONS } from './limits.ts'
import { AFTER_LOSS, ANSWER_CUT, GIVEN_UP, LOST_IN_ANSWER, NO_ANSWER, SKIPPED } from './notes.ts'
import type { Operation } from './operation.ts'

/** Operations on their way to be told: what they wait for, in bounds. */
export class Pending {
  readonly queue = new AwaitedQueue()
  /** Of the extended protocol, as long as something may be added. */
  batch: Operation | undefined
  /** A batch failed: the server passes over everything up to the next Sync. */
  isSkipping = false
  /** No message has said yet that answers were lost. */
  answersLost = false
  /** Answers were lost, so those that wait may have had theirs. */
  isDoubtful = false
  answersEnded = false
  /** What the waiting operations hold. */
  waitingBytes = 0
  readonly #sink: Sink
  #operations = 0

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** One more answer is awaited. */
  await(code: number, op: Operation | undefined): void {
    if (this.isDoubtful && this.queue.groups > 0) this.giveUpAll()
    if (this.isSkipping && code !== SYNC) {
      if (op !== undefined && op.error === undefined) op.bits |= SKIPPED
      if (op?.isSealed) this.settle(op)
      return
    }
    if (op !== undefined) op.awaited++
    this.queue.push(code, op)
    if (this.answersEnded) this.endAnswers()
    else if (this.queue.length > MAX_AWAITED) this.giveUpAll()
  }

  /** Nothing will be added to its request. */
  sealed(op: Operation): void {
    op.isSealed = true
    op.waitingBytes = op.heldBytes
    this.waitingBytes += op.waitingBytes
    this.#operations++
    while ((this.#operations > MAX_WAITING_OPERATIONS || this.waitingBytes > MAX_WAITING_BYTES) && this.#operations > 1) {
      if (!this.#shed(op)) break
    }
  }

  seal(): void {
    const op = this.batch
    if (op === undefined) return
    this.batch = undefined
    this.sealed(op)
    this.settle(op)
  }

  #shed(newest: Operation): boolean {
    const oldest = this.queue.oldest()
    if (oldest === undefined || oldest === newest || oldest === this.batch) return false
    this.#giveUp(oldest, GIVEN_UP)
    return true
  }

  #giveUp(op: Operation, bits: number): void {
    op.bits |= bits
    op.awaited = 0
    this.queue.replace(op, undefined)
    if (!op.isSealed) this.seal()
    this.settle(op)
  }

  /** Nobody knows any more which answer belongs to what. */
  giveUpAll(): void {
    for (let op = this.queue.oldest(); op !== undefined; op = this.queue.oldest()) {
      this.#giveUp(op, op.answerMicros >= 0 ? LOST_IN_ANSWER : this.isDoubtful ? NO_ANSWER : GIVEN_UP)
    }
    this.queue.clear()
    this.isDoubtful = false
  }

  /** No further answer will come. */
  endAnswers(): void {
    for (let op = this.queue.oldest(); op !== undefined; op = this.queue.oldest()) {
      this.#giveUp(op, op.streamed !== undefined ? 0 : op.answerMicros >= 0 ? ANSWER_CUT : NO_ANSWER)
    }
    this.queue.clear()
  }

  /** The first of the queue is answered. */
  shift(): void {
    const op = this.queue.shift()
    if (op === undefined) return
    op.awaited--
    this.settle(op)
  }

  /** The connection ends with the error of this operation. */
  shiftAll(op: Operation | undefined): void {
    while (this.queue.code !== NOTHING && this.queue.operation === op) this.shift()
  }

  /** Up to the next Sync nothing of the batch is answered any more. */
  skip(failed: Operation | undefined): void {
    while (this.queue.code !== NOTHING && this.queue.code < SYNC) {
      const op = this.queue.operation
      if (op !== undefined && op !== failed && op.error === undefined) op.bits |= SKIPPED
      this.shift()
    }
    if (this.queue.code === NOTHING) this.isSkipping = true
  }

  /** Tells an operation once nothing can be added to it. */
  settle(op: Operation): void {
    if (!op.isSealed || op.awaited > 0 || op.isTold) return
    op.isTold = true
    if (op.waitingBytes > 0) {
      this.waitingBytes -= op.waitingBytes
      this.#operations--
    }
    if (this.answersLost) {
      this.answersLost = false
      op.bits |= AFTER_LOSS
    }
    op.result = undefined
    this.#sink.message(op)
  }
}
