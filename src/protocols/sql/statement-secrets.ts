import { REDACTED } from '../redaction.ts'
import { MAX_QUOTING_DEPTH } from './limits.ts'

/** How literals and comments are written: MySQL escapes with backslashes and has `#` comments. */
export type Dialect = 'mysql' | 'postgres'

/** A statement without any of these has nothing to hide. */
const SUSPECT = /passw|identified|secret|\bpwd|:\/\/[^\s/]*@/i
/** `password`, `MASTER_PASSWORD`, `OLD_PASSWORD`, `secret`, in quotes or not. */
const SECRET_NAME = /^[`"]?[\w$]*(?:passw(?:or)?d|secret)[`"]?$/i
/** What leads from the name to its value: `= PASSWORD(N'x')`, `= U&'x'`, `= _utf8'x'`. */
const BETWEEN = /^(?:[=:(&]|by|as|using|e|u|n|b|x|_\w+)$/i
/** What IDENTIFIED says of an account besides its literals, any of which may be a password. */
const OF_ACCOUNT = /^(?:by|as|using|with|via|or|and|password|replace|initial|authentication|[()]|n|b|x|_\w+)$/i
/** Words behind which the name of a plug-in stands, also as a literal. */
const BEFORE_PLUGIN = /^(?:with|via|or)$/i
const LITERAL = /^(?:['"$]|0x[\da-f])/i
const BLANK = /^(?:\s|--|#|\/\*|\*\/)/
/** White space, comments, literals, words, and single characters; a literal and a comment may be cut off. What is in `/*! *\/` is executed. */
const TOKENS: Readonly<Record<Dialect, RegExp>> = {
  mysql: /\s+|--(?=\s|$)[^\n]*|#[^\n]*|\/\*!\d*|\*\/|\/\*[^]*?(?:\*\/|$)|'(?:[^'\\]+|''|\\[^])*(?:'|\\?$)|"(?:[^"\\]+|""|\\[^])*(?:"|\\?$)|`[^`]*(?:`|$)|[\w$]+|[^]/g,
  postgres: /\s+|--[^\n]*|\/\*[^]*?(?:\*\/|$)|(?<=\be)'(?:[^'\\]+|''|\\[^])*(?:'|\\?$)|'(?:[^']+|'')*(?:'|$)|"(?:[^"]+|"")*(?:"|$)|\$(?:[a-z_]\w*)?\$|\w+|[^]/gi,
}
/** Connection strings within a literal: `password=x`, `pwd='x y'`, the inner quotes doubled or escaped. */
const CONNECTION_PASSWORD = /(\b(?:\w*passw(?:or)?d|pwd)\s*=\s*)((?:''|\\')(?:[^'\\]|''''|\\[^'])*(?:''|\\'|'?$)|[^\s'";&]+)/gi
const USER_INFORMATION = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"<>]*@/gi
/** As a last resort, where a statement is broken and so was taken apart wrongly. */
const ANYWHERE = /(\bpassw(?:or)?d(?:\s*[=(]\s*|\s+)|\bidentified\s+(?:with\s+\S{1,64}\s+)?(?:by|as|using)\s+)('(?:[^'\\]|''|\\[^])*(?:'|\\?$)|"(?:[^"\\]|""|\\[^])*(?:"|\\?$))/gi

/** A statement with the passwords that it sets replaced, those in connection strings, and the user information of URLs. */
export function withoutSecrets(statement: string, dialect: Dialect, depth = 0): string {
  if (!SUSPECT.test(statement)) return statement
  const clause = new SecretClause()
  let shown = ''
  for (let at = 0; at < statement.length;) {
    const token = tokenAt(statement, at, dialect)
    at += token.length
    if (BLANK.test(token)) shown += token
    else {
      if (!LITERAL.test(token)) shown += token
      else shown += clause.hidesLiterals ? `'${REDACTED}'` : shownLiteral(token, dialect, depth)
      clause.next(token)
    }
  }
  return shown.replace(ANYWHERE, `$1'${REDACTED}'`)
}

function tokenAt(statement: string, at: number, dialect: Dialect): string {
  const tokens = TOKENS[dialect]
  tokens.lastIndex = at
  const token = tokens.exec(statement)![0]
  if (dialect === 'mysql' || !token.startsWith('$') || token.length === 1) return token
  // `$tag$ … $tag$`
  const end = statement.indexOf(token, at + token.length)
  return statement.slice(at, end < 0 ? statement.length : end + token.length)
}

function shownLiteral(token: string, dialect: Dialect, depth: number): string {
  const tag = /^\$\w*\$/.exec(token)?.[0]
  if (tag === undefined) return token.replace(CONNECTION_PASSWORD, `$1${REDACTED}`).replace(USER_INFORMATION, `$1${REDACTED}@`)
  if (depth >= MAX_QUOTING_DEPTH) return SUSPECT.test(token) ? `'${REDACTED}'` : token
  return tag + withoutSecrets(token.slice(tag.length), dialect, depth + 1)
}

/** Whether the tokens are where a password is set. */
class SecretClause {
  #place: 'elsewhere' | 'value' | 'account' | 'whose' = 'elsewhere'
  #last = ''

  get hidesLiterals(): boolean {
    return this.#place === 'value' || (this.#place === 'account' && !BEFORE_PLUGIN.test(this.#last))
  }

  next(token: string): void {
    this.#place = this.#after(token)
    this.#last = token
  }

  #after(token: string): 'elsewhere' | 'value' | 'account' | 'whose' {
    if (/^identified$/i.test(token)) return 'account'
    const place = this.#place
    if (place === 'account' && (OF_ACCOUNT.test(token) || LITERAL.test(token) || BEFORE_PLUGIN.test(this.#last))) return 'account'
    // SET PASSWORD FOR 'who'@'where' = 'x'
    if (place === 'whose') return token === '=' ? 'value' : token === ';' ? 'elsewhere' : 'whose'
    if (place === 'value' && /^for$/i.test(token)) return 'whose'
    if (SECRET_NAME.test(token)) return 'value'
    // Literals that follow each other are one.
    return place === 'value' && (BETWEEN.test(token) || LITERAL.test(token)) ? 'value' : 'elsewhere'
  }
}
