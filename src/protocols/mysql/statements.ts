import { MAX_LONG_PARAMETERS, MAX_STATEMENTS, MAX_STATEMENT_BYTES } from './limits.ts'
import type { Statement } from './result.ts'

/** Prepared statements by number. Bounded: what was not used longest is forgotten first. */
export class Statements {
  readonly #byId = new Map<number, Statement>()
  readonly #longData = new Map<number, Map<number, number>>()
  #bytes = 0
  /** What MariaDB's clients mean by statement -1. */
  last: Statement | undefined

  get heldBytes(): number {
    return this.#bytes
  }

  add(statement: Statement): void {
    this.remove(statement.id)
    this.#byId.set(statement.id, statement)
    this.#bytes += statement.heldBytes
    this.last = statement
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MAX_STATEMENTS && (this.#bytes <= MAX_STATEMENT_BYTES || this.#byId.size === 1)) break
      this.remove(oldest)
    }
  }

  find(id: number): Statement | undefined {
    const statement = this.#byId.get(id)
    // Used last, so forgotten last.
    if (statement !== undefined && this.#byId.size > MAX_STATEMENTS / 2) {
      this.#byId.delete(id)
      this.#byId.set(id, statement)
    }
    return statement
  }

  remove(id: number): void {
    this.#longData.delete(id)
    const statement = this.#byId.get(id)
    if (statement === undefined) return
    this.#byId.delete(id)
    this.#bytes -= statement.heldBytes
  }

  clear(): void {
    this.#byId.clear()
    this.#longData.clear()
    this.#bytes = 0
    this.last = undefined
  }

  /** A piece of a parameter. */
  addLongData(id: number, parameter: number, sizeBytes: number): void {
    let parameters = this.#longData.get(id)
    if (parameters === undefined) {
      if (this.#longData.size >= MAX_STATEMENTS) return
      this.#longData.set(id, parameters = new Map())
    }
    if (parameters.size < MAX_LONG_PARAMETERS || parameters.has(parameter)) parameters.set(parameter, (parameters.get(parameter) ?? 0) + sizeBytes)
  }

  /** Sizes of the parameters that were sent in pieces, which an execution uses up. */
  takeLongData(id: number): ReadonlyMap<number, number> | undefined {
    const parameters = this.#longData.get(id)
    if (parameters !== undefined) this.#longData.delete(id)
    return parameters
  }
}
