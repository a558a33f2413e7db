import { MAX_DOCUMENT_CHARS, MAX_KNOWN_CHARS, MAX_KNOWN_DOCUMENTS, MAX_OPERATIONS, MAX_ROOT_FIELDS } from './limits.ts'
import type { Token } from './tokens.ts'
import { Tokens } from './tokens.ts'

export type OperationType = 'query' | 'mutation' | 'subscription'

export interface Operation {
  readonly type: OperationType
  /** Undefined for an anonymous one. */
  readonly name: string | undefined
  /** Fields of its first level by their own names, without those of fragments; at most MAX_ROOT_FIELDS. */
  readonly fields: readonly string[]
}

/**
 * The operations of an executable document (§2.3), read only as far as their heads and first levels need it; a document that was cut
 * off gives those that begin in it. Undefined where it is none: nothing is validated, but what cannot be GraphQL is refused.
 */
export function parseOperations(document: string): readonly Operation[] | undefined {
  if (document.length > MAX_KNOWN_CHARS) return readOperations(document)
  const known = latest.get(document)
  if (known !== undefined) return known
  const operations = readOperations(document)
  if (operations === undefined) return undefined
  if (latest.size >= MAX_KNOWN_DOCUMENTS) latest.clear()
  latest.set(document, operations)
  return operations
}

/** Of the latest documents: programs send the same ones again and again, with other variables. */
const latest = new Map<string, readonly Operation[]>()

function readOperations(document: string): Operation[] | undefined {
  const reader = new DocumentReader(document.slice(0, MAX_DOCUMENT_CHARS))
  return reader.read() && reader.operations.length > 0 ? reader.operations : undefined
}

function isOperationType(word: string): word is OperationType {
  return word === 'query' || word === 'mutation' || word === 'subscription'
}

/** What a name is, by what stands before it: a field; a fragment or `on`; a type or a directive. */
const FIELD = 0
const SPREAD = 1
const OTHER = 2
type NameState = typeof FIELD | typeof SPREAD | typeof OTHER

function stateBehind(token: Token, state: NameState, word: string): NameState {
  if (token === '...') return SPREAD
  return token === '@' || (state === SPREAD && word === 'on') ? OTHER : FIELD
}

class DocumentReader {
  readonly operations: Operation[] = []
  readonly #tokens: Tokens
  #token: Token = 'end'

  constructor(document: string) {
    this.#tokens = new Tokens(document)
  }

  /** False where the document is none. */
  read(): boolean {
    this.#advance()
    while (this.#token !== 'end') {
      // A description, of the edition of September 2025.
      if (this.#token === 'value' && this.#tokens.word.startsWith('"')) this.#advance()
      else if (!this.#definition()) return this.#isCut
      if (this.operations.length === MAX_OPERATIONS) return true
    }
    return true
  }

  /** The text ends where something else had to come: it was cut off, by us or on the way. */
  get #isCut(): boolean {
    return this.#token === 'end'
  }

  #advance(): Token {
    return this.#token = this.#tokens.next()
  }

  #definition(): boolean {
    if (this.#token === '{') return this.#operation('query', undefined)
    if (this.#token !== 'name') return false
    const { word } = this.#tokens
    this.#advance()
    if (word === 'fragment') return this.#skipTo('{') && this.#selection(undefined)
    if (!isOperationType(word)) return false
    const name = this.#name()
    return this.#operation(word, name)
  }

  #name(): string | undefined {
    if (this.#token !== 'name') return undefined
    const { word } = this.#tokens
    this.#advance()
    return word
  }

  #operation(type: OperationType, name: string | undefined): boolean {
    const fields: string[] = []
    // As soon as it is known to be one: the rest may be cut off.
    const isHead = this.#token === '{' || this.#token === '(' || this.#token === '@' || (this.#token === 'end' && name !== undefined)
    if (!isHead) return false
    this.operations.push({ type, name, fields })
    return this.#skipTo('{') && this.#selection(fields)
  }

  /** Steps over variables and directives; groups are skipped as a whole. */
  #skipTo(wanted: Token): boolean {
    let depth = 0
    while (depth > 0 || this.#token !== wanted) {
      if (this.#token === 'end' || this.#token === 'bad') return false
      if (this.#token === '(' || this.#token === '[' || this.#token === '{') depth++
      else if (this.#token === ')' || this.#token === ']' || this.#token === '}') depth--
      if (depth < 0) return false
      this.#advance()
    }
    return true
  }

  /** From its opening brace to behind the closing one. */
  #selection(fields: string[] | undefined): boolean {
    let depth = 0
    let state: NameState = FIELD
    do {
      const token = this.#token
      if (token === 'end' || token === 'bad') return false
      if (token === '{' || token === '(' || token === '[') depth++
      else if (token === '}' || token === ')' || token === ']') depth--
      if (depth === 1 && token === 'name' && state === FIELD && fields !== undefined) this.#addField(fields)
      else {
        state = stateBehind(token, state, token === 'name' && state === SPREAD ? this.#tokens.word : '')
        this.#advance()
      }
    } while (depth > 0)
    return true
  }

  #addField(fields: string[]): void {
    let { word } = this.#tokens
    if (this.#advance() === ':') {
      if (this.#advance() !== 'name') return
      word = this.#tokens.word
      this.#advance()
    }
    if (fields.length < MAX_ROOT_FIELDS) fields.push(word)
  }
}
