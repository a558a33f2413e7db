/** A request that waits for its answer. */
export interface Waiting {
  /** What it costs to let it wait; 0 while it does not. */
  waitingBytes: number
}

/** What the requests of one connection that wait may hold. The oldest must make room where it is too much; the newest always may stay. */
export class WaitingBudget {
  bytes = 0
  readonly #maxBytes: number
  readonly #maxRequests: number

  constructor(maxBytes: number, maxRequests: number) {
    this.#maxBytes = maxBytes
    this.#maxRequests = maxRequests
  }

  hold(one: Waiting, bytes: number): void {
    one.waitingBytes = bytes
    this.bytes += bytes
  }

  /** Also of one that does not wait. */
  release(one: Waiting): void {
    this.bytes -= one.waitingBytes
    one.waitingBytes = 0
  }

  /** `requests`: how many wait. */
  isOver(requests: number): boolean {
    return requests > 1 && (this.bytes > this.#maxBytes || requests > this.#maxRequests)
  }
}
