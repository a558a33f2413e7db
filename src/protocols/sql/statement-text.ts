import type { Redactor } from '../redaction.ts'
import { REDACTED } from '../redaction.ts'
import { MAX_WHAT_CHARACTERS } from './limits.ts'

const SECRET_WORD = /passw|identified|secret/i
/**
 * A password in a statement that sets one: `PASSWORD 'x'`, `PASSWORD = 'x'`, `PASSWORD('x')`, `IDENTIFIED BY 'x'`,
 * `IDENTIFIED WITH plugin AS 'x'`; `SET PASSWORD FOR who = 'x'`. The literal may be cut off.
 */
const SECRETS = /(\bpassword(?:\s+for\s[^=]{1,200}=\s*|\s*[=(]\s*|\s+)(?:password\s*\(\s*)?|\bidentified\s+(?:with\s+\S{1,64}\s+)?(?:by|as|using)\s+(?:password\s*\(\s*|password\s+)?|\bsecret(?:\s*[=:]\s*|\s+))(E?'(?:[^'\\]|''|\\[^])*(?:'|\\?$)|"(?:[^"\\]|""|\\[^])*(?:"|\\?$)|\$\$[^]*?(?:\$\$|$))/gi

/** A statement as it may be shown. */
export function shownStatement(statement: string, redactor: Redactor): string {
  const shown = redactor.credentials && SECRET_WORD.test(statement) ? statement.replace(SECRETS, `$1'${REDACTED}'`) : statement
  return redactor.changesTexts ? redactor.text(shown) : shown
}

/** In one line, and not too long for one. `statement` must have been redacted. */
export function oneLine(statement: string): string {
  const line = statement.slice(0, MAX_WHAT_CHARACTERS * 2).replace(/\s+/g, ' ').trim()
  return line.length > MAX_WHAT_CHARACTERS ? `${line.slice(0, MAX_WHAT_CHARACTERS)}…` : line
}
