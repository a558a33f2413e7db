import { isText } from '../http/bytes.ts'
import { MAX_NAME_BYTES, MAX_PORTALS, MAX_STATEMENTS, MAX_STATEMENT_BYTES } from './limits.ts'
import { nameIn } from './names.ts'
import type { Statement } from './result.ts'

/** Of statements that were found last, by length and last character of their names. A power of two. */
const LATEST = 16

/** A statement with the parameters that it was given. */
export interface Portal { readonly statement: Statement | undefined, readonly statementName: string, readonly bind: string, description: string | undefined }

/** Prepared statements and portals by name. Bounded: what was not used longest is forgotten first. */
export class Statements {
  readonly #statements = new Map<string, Statement>()
  readonly #latest = new Array<Statement | undefined>(LATEST).fill(undefined)
  /** Those with a name. */
  readonly #portals = new Map<string, Portal>()
  /** The unnamed one, which nearly every execution opens anew. */
  #unnamed: Portal | undefined
  #bytes = 0

  get heldBytes(): number {
    return this.#bytes
  }

  add(statement: Statement): void {
    const { name } = statement
    if (name.length > MAX_NAME_BYTES) return
    this.removeStatement(name)
    this.#statements.set(name, statement)
    this.#bytes += statement.heldBytes
    for (const oldest of this.#statements.keys()) {
      if (this.#statements.size <= MAX_STATEMENTS && (this.#bytes <= MAX_STATEMENT_BYTES || this.#statements.size === 1)) break
      this.removeStatement(oldest)
    }
  }

  /** What was learnt about a statement after it was added. */
  describe(statement: Statement, parameters: string | undefined, description: string | undefined): void {
    const isKept = this.#statements.get(statement.name) === statement
    const before = statement.heldBytes
    if (parameters !== undefined) statement.parameterDescription = parameters
    if (description !== undefined) statement.description = description
    if (isKept) this.#bytes += statement.heldBytes - before
  }

  find(name: string): Statement | undefined {
    const statement = this.#statements.get(name)
    // Used last, so forgotten last.
    if (statement !== undefined && this.#statements.size > MAX_STATEMENTS / 2) {
      this.#statements.delete(name)
      this.#statements.set(name, statement)
    }
    return statement
  }

  /** The same by its name, bytes[from, to): mostly without making it a string. */
  findIn(bytes: Uint8Array, from: number, to: number): Statement | undefined {
    const place = placeOf(to - from, from < to ? bytes[to - 1]! : 0)
    const latest = this.#latest[place]
    if (latest !== undefined && latest.name.length === to - from && isText(bytes, from, to, latest.name) && this.#statements.size <= MAX_STATEMENTS / 2) return latest
    return this.#latest[place] = this.find(nameIn(bytes, from, to))
  }

  removeStatement(name: string): void {
    const statement = this.#statements.get(name)
    if (statement === undefined) return
    this.#latest[placeOf(name.length, name === '' ? 0 : name.charCodeAt(name.length - 1))] = undefined
    this.#statements.delete(name)
    this.#bytes -= statement.heldBytes
  }

  open(name: string, portal: Portal): void {
    if (name.length > MAX_NAME_BYTES) return
    this.closePortal(name)
    this.#bytes += portal.bind.length
    if (name === '') {
      this.#unnamed = portal
      return
    }
    this.#portals.set(name, portal)
    if (this.#portals.size > MAX_PORTALS) for (const oldest of this.#portals.keys()) {
      this.closePortal(oldest)
      break
    }
  }

  portal(name: string): Portal | undefined {
    return name === '' ? this.#unnamed : this.#portals.get(name)
  }

  closePortal(name: string): void {
    const portal = this.portal(name)
    if (portal === undefined) return
    if (name === '') this.#unnamed = undefined
    else this.#portals.delete(name)
    this.#bytes -= portal.bind.length
  }
}

function placeOf(length: number, last: number): number {
  return length + last & LATEST - 1
}
