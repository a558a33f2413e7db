import type { FifoSink, Timed } from './pairing.ts'

/**
 * Answers that name their request by a number (correlation id, message id, stream), in any order.
 * Bounded: the oldest request is given up as unanswered, the oldest answer that came first as unasked.
 */
export class KeyPairing<Q extends Timed, A extends Timed> {
  readonly #sink: FifoSink<Q, A>
  readonly #maxRequests: number
  readonly #maxAnswers: number
  readonly #requests = new Map<number, Q>()
  /** Captured before their requests, which happens where the two directions were captured apart. */
  readonly #answers = new Map<number, A>()
  #requestsEnded = false
  #answersEnded = false

  constructor(sink: FifoSink<Q, A>, maxRequests: number, maxAnswers: number) {
    this.#sink = sink
    this.#maxRequests = maxRequests
    this.#maxAnswers = maxAnswers
  }

  /** Requests without an answer so far. */
  get waiting(): number {
    return this.#requests.size
  }

  /** Neither requests nor answers wait. */
  get isEmpty(): boolean {
    return this.#requests.size === 0 && this.#answers.size === 0
  }

  /** The request that waits longest. */
  get oldest(): Q | undefined {
    return this.#requests.size === 0 ? undefined : this.#requests.values().next().value
  }

  /** The answer, where that was captured first. A number that is used again gives up the request that had it. */
  asked(key: number, request: Q): A | undefined {
    const answer = this.#answers.get(key)
    if (answer !== undefined) {
      this.#answers.delete(key)
      return answer
    }
    const before = this.#requests.get(key)
    if (before !== undefined) {
      this.#requests.delete(key)
      this.#sink.unanswered(before)
    }
    if (this.#answersEnded) {
      this.#sink.unanswered(request)
      return undefined
    }
    this.#requests.set(key, request)
    if (this.#requests.size > this.#maxRequests) this.dropOldest()
    return undefined
  }

  /** The request that it answers; undefined while that is not known. */
  answered(key: number, answer: A): Q | undefined {
    const request = this.#requests.get(key)
    if (request !== undefined) {
      this.#requests.delete(key)
      return request
    }
    const before = this.#answers.get(key)
    if (before !== undefined) {
      this.#answers.delete(key)
      this.#sink.unasked(before)
    }
    if (this.#requestsEnded) {
      this.#sink.unasked(answer)
      return undefined
    }
    this.#answers.set(key, answer)
    if (this.#answers.size > this.#maxAnswers) this.#dropOldestAnswer()
    return undefined
  }

  /** The request that waits under this number, which goes on waiting. */
  peek(key: number): Q | undefined {
    return this.#requests.get(key)
  }

  /** Gives up the request that waits longest. */
  dropOldest(): void {
    const first = this.#requests.entries().next()
    if (first.done === true) return
    this.#requests.delete(first.value[0])
    this.#sink.unanswered(first.value[1])
  }

  #dropOldestAnswer(): void {
    const first = this.#answers.entries().next()
    if (first.done === true) return
    this.#answers.delete(first.value[0])
    this.#sink.unasked(first.value[1])
  }

  /** No further request will come. */
  endRequests(): void {
    this.#requestsEnded = true
    while (this.#answers.size > 0) this.#dropOldestAnswer()
  }

  /** No further answer will come. */
  endAnswers(): void {
    this.#answersEnded = true
    while (this.#requests.size > 0) this.dropOldest()
  }
}
