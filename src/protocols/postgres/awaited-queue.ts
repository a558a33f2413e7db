import type { Operation } from './operation.ts'

/** What a server has still to answer, in the order in which it was asked. */
export const NOTHING = 0
export const PARSE = 1
export const BIND = 2
export const DESCRIBE_STATEMENT = 3
export const DESCRIBE_PORTAL = 4
export const EXECUTE = 5
export const CLOSE = 6
/** From here on: answered up to a ReadyForQuery. */
export const SYNC = 7
export const QUERY = 8
export const FUNCTION = 9
export const STARTUP = 10
/** One byte. */
export const ENCRYPTION = 11

const COMPACT_ABOVE = 64

/** Longer arrays are let go when they are empty. */
const KEPT_PLACES = 256

/** First in, first out. An answer whose operation was given up keeps its place, without the operation. */
export class AwaitedQueue {
  readonly #codes: number[] = []
  readonly #operations: (Operation | undefined)[] = []
  /** From `#head` to `#tail`; the places beyond are of no account. It starts over at 0 whenever it runs empty, and keeps its arrays. */
  #head = 0
  #tail = 0
  /** Before this place no operation is left. */
  #oldest = 0
  /** How many places were removed from the front, so that a place has a number that stays. */
  #removed = 0

  get length(): number {
    return this.#tail - this.#head
  }

  /** What the next answer must be; NOTHING where none is awaited. */
  get code(): number {
    return this.#head < this.#tail ? this.#codes[this.#head]! : NOTHING
  }

  get operation(): Operation | undefined {
    return this.#head < this.#tail ? this.#operations[this.#head] : undefined
  }

  /** How many ReadyForQuery are awaited. */
  get groups(): number {
    let groups = 0
    for (let i = this.#head; i < this.#tail; i++) if (this.#codes[i]! >= SYNC) groups++
    return groups
  }

  push(code: number, operation: Operation | undefined): void {
    if (operation !== undefined) {
      operation.lastAwaited = this.#removed + this.#tail
      if (operation.firstAwaited < 0) operation.firstAwaited = operation.lastAwaited
    }
    this.#codes[this.#tail] = code
    this.#operations[this.#tail++] = operation
  }

  shift(): Operation | undefined {
    if (this.length === 0) return undefined
    const operation = this.#operations[this.#head]
    this.#operations[this.#head++] = undefined
    if (this.#head === this.#tail) this.clear()
    else if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#tail) this.#compact()
    return operation
  }

  /** The oldest operation that was not given up. */
  oldest(): Operation | undefined {
    this.#oldest = Math.max(this.#oldest, this.#head)
    while (this.#oldest < this.#tail && this.#operations[this.#oldest] === undefined) this.#oldest++
    return this.#oldest < this.#tail ? this.#operations[this.#oldest] : undefined
  }

  /** Puts another operation, or none, in all places of one. */
  replace(operation: Operation, by: Operation | undefined): void {
    if (operation.firstAwaited < 0) return
    const from = Math.max(this.#head, operation.firstAwaited - this.#removed)
    const to = Math.min(this.#tail - 1, operation.lastAwaited - this.#removed)
    for (let i = from; i <= to; i++) if (this.#operations[i] === operation) this.#operations[i] = by
    if (by === undefined) return
    by.firstAwaited = operation.firstAwaited
    by.lastAwaited = operation.lastAwaited
  }

  clear(): void {
    for (let i = this.#head; i < this.#tail; i++) this.#operations[i] = undefined
    this.#removed += this.#tail
    this.#head = this.#tail = this.#oldest = 0
    if (this.#codes.length > KEPT_PLACES) this.#codes.length = this.#operations.length = KEPT_PLACES
  }

  #compact(): void {
    this.#codes.splice(0, this.#head)
    this.#operations.splice(0, this.#head)
    this.#tail -= this.#head
    this.#removed += this.#head
    this.#oldest = Math.max(0, this.#oldest - this.#head)
    this.#head = 0
  }
}
