const PREFIX_BYTES = 5

/** Where the messages of gRPC end in a body: each has a flag byte and its length in four bytes before it. */
export class GrpcBoundary {
  /** Of the message that is passing: what is still to come; -1 within its prefix. */
  #left = -1
  #prefixBytes = 0
  #length = 0
  #bodyBytes = 0
  /** Body bytes up to the end of the last whole message. */
  wholeBytes = 0

  feed(buf: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to) {
      if (this.#left < 0) this.#prefix(buf[at++]!)
      else {
        const step = Math.min(this.#left, to - at)
        this.#left -= step
        at += step
      }
      if (this.#left === 0) {
        this.#left = -1
        this.#prefixBytes = this.#length = 0
        this.wholeBytes = this.#bodyBytes + at - from
      }
    }
    this.#bodyBytes += to - from
  }

  #prefix(byte: number): void {
    if (this.#prefixBytes > 0) this.#length = this.#length * 256 + byte
    if (++this.#prefixBytes === PREFIX_BYTES) this.#left = this.#length
  }

  /** Counts from the last whole message on. */
  restart(): void {
    this.#bodyBytes -= this.wholeBytes
    this.wholeBytes = 0
  }
}
