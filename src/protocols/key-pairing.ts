import type { FifoSink, Timed } from './pairing.ts'

/**
 * Answers that name their request by a number (correlation id, message id, stream), in any order.
 * Bounded: the oldest request is given up as unanswered, the oldest answer that came first as unasked.
 */
export class KeyPairing<Q extends Timed, A extends Timed> {
  readonly #sink: FifoSink<Q, A>
  readonly #maxRequests: number
  readonly #maxAnswers: number
  /** The only request that waits: few connections ever have a second one, and a map costs more than all the rest. */
  #single: Q | undefined
  #singleKey = 0
  /** Where there were more. Empty while there is a single one. */
  #requests: Map<number, Q> | undefined
  /** Captured before their requests, which happens where the two directions were captured apart. */
  #answers: Map<number, A> | undefined
  #requestsEnded = false
  #answersEnded = false

  constructor(sink: FifoSink<Q, A>, maxRequests: number, maxAnswers: number) {
    this.#sink = sink
    this.#maxRequests = maxRequests
    this.#maxAnswers = maxAnswers
  }

  /** Requests without an answer so far. */
  get waiting(): number {
    return this.#single === undefined ? this.#requests?.size ?? 0 : 1
  }

  /** Neither requests nor answers wait. */
  get isEmpty(): boolean {
    return this.waiting === 0 && (this.#answers?.size ?? 0) === 0
  }

  /** The request that waits longest. */
  get oldest(): Q | undefined {
    if (this.#single !== undefined) return this.#single
    return this.#requests === undefined || this.#requests.size === 0 ? undefined : this.#requests.values().next().value
  }

  /** The answer, where that was captured first. A number that is used again gives up the request that had it. */
  asked(key: number, request: Q): A | undefined {
    const answer = this.#answers?.get(key)
    if (answer !== undefined) {
      this.#answers!.delete(key)
      return answer
    }
    const before = this.#take(key)
    if (before !== undefined) this.#sink.unanswered(before)
    if (this.#answersEnded) {
      this.#sink.unanswered(request)
      return undefined
    }
    this.#add(key, request)
    if (this.waiting > this.#maxRequests) this.dropOldest()
    return undefined
  }

  #add(key: number, request: Q): void {
    const single = this.#single
    if (single === undefined && (this.#requests === undefined || this.#requests.size === 0)) {
      this.#single = request
      this.#singleKey = key
      return
    }
    const requests = this.#requests ??= new Map()
    if (single !== undefined) requests.set(this.#singleKey, single)
    this.#single = undefined
    requests.set(key, request)
  }

  #take(key: number): Q | undefined {
    const request = this.peek(key)
    if (request === undefined) return undefined
    if (this.#single === undefined) this.#requests!.delete(key)
    else this.#single = undefined
    return request
  }

  /** The request that it answers; undefined while that is not known. */
  answered(key: number, answer: A): Q | undefined {
    const request = this.#take(key)
    if (request !== undefined) return request
    const before = this.#answers?.get(key)
    if (before !== undefined) {
      this.#answers!.delete(key)
      this.#sink.unasked(before)
    }
    if (this.#requestsEnded) {
      this.#sink.unasked(answer)
      return undefined
    }
    const answers = this.#answers ??= new Map()
    answers.set(key, answer)
    if (answers.size > this.#maxAnswers) this.#dropOldestAnswer(answers)
    return undefined
  }

  /** The request that waits under this number, which goes on waiting. */
  peek(key: number): Q | undefined {
    if (this.#single !== undefined) return this.#singleKey === key ? this.#single : undefined
    return this.#requests?.get(key)
  }

  /** Gives up the request that waits longest. */
  dropOldest(): void {
    const { oldest } = this
    if (oldest === undefined) return
    if (this.#single === undefined) this.#requests!.delete(this.#requests!.keys().next().value!)
    else this.#single = undefined
    this.#sink.unanswered(oldest)
  }

  #dropOldestAnswer(answers: Map<number, A>): void {
    const first = answers.entries().next()
    if (first.done === true) return
    answers.delete(first.value[0])
    this.#sink.unasked(first.value[1])
  }

  /** No further request will come. */
  endRequests(): void {
    this.#requestsEnded = true
    const answers = this.#answers
    while (answers !== undefined && answers.size > 0) this.#dropOldestAnswer(answers)
  }

  /** No further answer will come. */
  endAnswers(): void {
    this.#answersEnded = true
    while (this.waiting > 0) this.dropOldest()
  }
}
