import type { Command } from './command.ts'
import { STMT_CLOSE, STMT_EXECUTE } from './commands.ts'
import { MAX_LONG_PARAMETERS, MAX_STATEMENTS, MAX_STATEMENT_BYTES } from './limits.ts'
import { UNKNOWN_STATEMENT } from './notes.ts'
import { PacketReader } from './packet-reader.ts'
import { boundTypes } from './parameters.ts'
import { Statement } from './result.ts'

/** MariaDB's clients execute what they prepared last by this number, before they know the real one. */
const LAST_STATEMENT = 0xffff_ffff

/** Prepared statements by number. Bounded: what was not used longest is forgotten first. */
export class Statements {
  readonly #byId = new Map<number, Statement>()
  readonly #longData = new Map<number, Map<number, number>>()
  #bytes = 0
  #last: Statement | undefined

  get heldBytes(): number {
    return this.#bytes
  }

  /** A prepare was answered, `command.prepared` is what with. */
  prepared(command: Command, parameterCount: number): void {
    const id = new PacketReader(command.prepared!, 1).u32()
    command.statement = new Statement(id, command.body.slice(1), command.bodyBytes - 1, parameterCount)
    this.#add(command.statement)
  }

  #add(statement: Statement): void {
    this.#remove(statement.id)
    this.#byId.set(statement.id, statement)
    this.#bytes += statement.heldBytes
    this.#last = statement
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= MAX_STATEMENTS && (this.#bytes <= MAX_STATEMENT_BYTES || this.#byId.size === 1)) break
      this.#remove(oldest)
    }
  }

  /** A command about a statement gets it, an execution also what it binds. */
  bind(command: Command): void {
    const id = new PacketReader(command.body, 1).u32()
    const statement = id === LAST_STATEMENT ? this.#last : this.#find(id)
    command.statement = statement
    if (statement === undefined) {
      command.bits |= UNKNOWN_STATEMENT
      return
    }
    if (command.code !== STMT_EXECUTE) return
    command.longData = this.#takeLongData(id)
    statement.types = boundTypes(command.body, command.capabilities, statement.parameterCount) ?? statement.types
    command.types = statement.types
  }

  /** A command that nobody answers: a statement is closed, or gets a piece of a parameter. */
  unanswered(code: number, body: string, sizeBytes: number): void {
    const reader = new PacketReader(body, 1)
    const id = reader.u32()
    if (code === STMT_CLOSE) this.#remove(id)
    else this.#addLongData(id, reader.u16(), sizeBytes - 7)
  }

  #find(id: number): Statement | undefined {
    const statement = this.#byId.get(id)
    // Used last, so forgotten last.
    if (statement !== undefined && this.#byId.size > MAX_STATEMENTS / 2) {
      this.#byId.delete(id)
      this.#byId.set(id, statement)
    }
    return statement
  }

  #remove(id: number): void {
    this.#longData.delete(id)
    const statement = this.#byId.get(id)
    if (statement === undefined) return
    this.#byId.delete(id)
    this.#bytes -= statement.heldBytes
  }

  #addLongData(id: number, parameter: number, sizeBytes: number): void {
    let parameters = this.#longData.get(id)
    if (parameters === undefined) {
      if (this.#longData.size >= MAX_STATEMENTS) return
      this.#longData.set(id, parameters = new Map())
    }
    if (parameters.size < MAX_LONG_PARAMETERS || parameters.has(parameter)) parameters.set(parameter, (parameters.get(parameter) ?? 0) + sizeBytes)
  }

  /** Sizes of the parameters that were sent in pieces, which an execution uses up. */
  #takeLongData(id: number): ReadonlyMap<number, number> | undefined {
    const parameters = this.#longData.get(id)
    if (parameters !== undefined) this.#longData.delete(id)
    return parameters
  }
}
