import type { Redactor } from '../redaction.ts'
import { MAX_WHAT_CHARACTERS } from './limits.ts'
import type { Dialect } from './statement-secrets.ts'
import { withoutQuotedLiterals, withoutSecrets } from './statement-secrets.ts'

/** A statement as it may be shown. */
export function shownStatement(statement: string, redactor: Redactor, dialect: Dialect): string {
  const shown = redactor.credentials ? withoutSecrets(statement, dialect) : statement
  return redactor.text(shown)
}

/** The message of an error, which may quote a statement. */
export function shownError(message: string, redactor: Redactor, dialect: Dialect): string {
  return shownStatement(redactor.credentials ? withoutQuotedLiterals(message) : message, redactor, dialect)
}

/** In one line, and not too long for one. `statement` must have been redacted. */
export function oneLine(statement: string): string {
  const line = statement.slice(0, MAX_WHAT_CHARACTERS * 2).replace(/\s+/g, ' ').trim()
  return line.length > MAX_WHAT_CHARACTERS ? `${line.slice(0, MAX_WHAT_CHARACTERS)}…` : line
}
