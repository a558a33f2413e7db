import type { Micros } from '../model/time.ts'

/** A request or an answer on its way to become a pair. */
export interface Timed { readonly atMicros: Micros }

const COMPACT_ABOVE = 64

export interface FifoSink<Q extends Timed, A extends Timed> {
  /** Its answer was lost or will not come. */
  unanswered(request: Q): void
  /** The request that it answers was lost or never captured. */
  unasked(answer: A): void
}

/**
 * Answers that come in the order of the requests (pipelining), fed in the order of capture.
 *
 * From the first byte on and without loss the n-th answer belongs to the n-th request, also where the answer was captured first.
 * Once anything was missed (`loosen`) counting no longer works, and time decides: an answer belongs to the latest request before it,
 * which is right wherever a client waits for each answer. Connections that were seen pipelining stay first in, first out.
 */
export class FifoPairing<Q extends Timed, A extends Timed> {
  readonly #sink: FifoSink<Q, A>
  readonly #maxAnswers: number
  /** A queue from `#head` to `#tail`; it starts over at 0 whenever it runs empty, so that a ping-pong never allocates. */
  #requests: (Q | undefined)[] = [undefined]
  #head = 0
  #tail = 0
  /** Answers still to come whose requests were given up. */
  #skip = 0
  /** Answers whose request has not been captured yet. */
  readonly #answers: A[] = []
  #loose = false
  #pipelined = false
  /** Since the newest request. */
  #requestsLost = false
  #answersLost = false

  /** `maxAnswers`: how many answers wait for a request before they are given up as unasked. */
  constructor(sink: FifoSink<Q, A>, maxAnswers: number) {
    this.#sink = sink
    this.#maxAnswers = maxAnswers
  }

  /** Requests without an answer so far. */
  get waiting(): number {
    return this.#tail - this.#head
  }

  /** The oldest request without an answer. */
  get oldest(): Q | undefined {
    return this.#head < this.#tail ? this.#requests[this.#head] : undefined
  }

  get loose(): boolean {
    return this.#loose
  }

  /** Something was missed: from here on requests and answers cannot be counted off against each other. */
  loosen(): void {
    this.#loose = true
    this.#skip = 0
  }

  /** Requests may have been lost. */
  lostRequests(): void {
    this.loosen()
    this.#requestsLost = true
    this.#giveUpDoubtful()
  }

  /** Answers may have been lost. */
  lostAnswers(): void {
    this.loosen()
    this.#answersLost = true
    this.#giveUpDoubtful()
  }

  /** Where both were lost, the next answer may be that of a lost request, and those that wait may have had theirs. */
  #giveUpDoubtful(): void {
    if (!this.#requestsLost || !this.#answersLost) return
    this.#requestsLost = this.#answersLost = false
    this.endAnswers()
  }

  /** A request began. Returns its answer where that was captured before it; else the request waits. */
  asked(request: Q): A | undefined {
    while (this.#answers.length > 0) {
      const answer = this.#answers.shift()!
      if (!this.#loose || answer.atMicros >= request.atMicros) return answer
      this.#sink.unasked(answer)
    }
    this.#requests[this.#tail++] = request
    this.#requestsLost = this.#answersLost = false
    return undefined
  }

  /** An answer began. Returns the request that it belongs to; else the answer waits. */
  answered(answer: A): Q | undefined {
    if (this.#skip > 0) {
      this.#skip--
      this.#sink.unasked(answer)
      return undefined
    }
    const request = this.#loose && !this.#pipelined ? this.#latestBefore(answer.atMicros) : this.#next(answer.atMicros)
    if (request === undefined) this.#hold(answer)
    return request
  }

  /** The oldest request is given up; its answer, should it come, counts as unasked. */
  dropOldest(): void {
    const request = this.#take()
    if (request === undefined) return
    if (!this.#loose) this.#skip++
    this.#sink.unanswered(request)
  }

  /** The oldest request, of which it is known that nothing answers it; it no longer waits. */
  takeOldest(): Q | undefined {
    return this.#take()
  }

  /** No more requests will come: answers that wait for one wait in vain. */
  endRequests(): void {
    for (const answer of this.#answers.splice(0)) this.#sink.unasked(answer)
  }

  /** No more answers will come. */
  endAnswers(): void {
    while (this.waiting > 0) this.#sink.unanswered(this.#take()!)
  }

  #next(atMicros: Micros): Q | undefined {
    const request = this.#take()
    const following = this.oldest
    if (!this.#loose && following !== undefined && following.atMicros < atMicros) this.#pipelined = true
    return request
  }

  #latestBefore(atMicros: Micros): Q | undefined {
    let request: Q | undefined
    for (let next = this.oldest; next !== undefined && next.atMicros <= atMicros; next = this.oldest) {
      if (request !== undefined) this.#sink.unanswered(request)
      request = this.#take()
    }
    return request
  }

  #take(): Q | undefined {
    const request = this.oldest
    if (request === undefined) return undefined
    this.#requests[this.#head++] = undefined
    if (this.#head === this.#tail) this.#head = this.#tail = 0
    else if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#tail) this.#compact()
    return request
  }

  #compact(): void {
    this.#requests = this.#requests.slice(this.#head, this.#tail)
    this.#tail -= this.#head
    this.#head = 0
  }

  #hold(answer: A): void {
    this.#answers.push(answer)
    if (this.#answers.length <= this.#maxAnswers) return
    this.loosen()
    this.#sink.unasked(this.#answers.shift()!)
  }
}
