import { REDACTED } from '../redaction.ts'
import { withoutUserInformation } from '../user-information.ts'
import { MAX_QUOTING_DEPTH } from './limits.ts'
import { isIdentified, mayHaveSlips, namesSecret } from './secret-words.ts'

/** How literals and comments are written: MySQL escapes with backslashes and has `#` comments. */
export type Dialect = 'mysql' | 'postgres'

/** A statement without any of these has nothing to hide. */
const SUSPECT = /passw|identified|secret|\bpwd|:\/\/[^\s/]*@/i
/** What leads from the name to its value: `= PASSWORD(N'x')`, `= U&'x'`, `= _utf8'x'`. */
const BETWEEN = /^(?:[=:(&]|by|as|to|using|e|u|n|b|x|_\w+)$/i
/** What IDENTIFIED says of an account besides its literals, any of which may be a password. */
const OF_ACCOUNT = /^(?:by|as|using|with|via|or|and|password|replace|initial|authentication|[()]|n|b|x|_\w+)$/i
/** What goes on behind the account. Another word there may be BY or the like with a slip. */
const BEHIND_ACCOUNT = /^(?:require|comment|attribute|account|default|failed_login_attempts|on|where|from|then|is|in|like|select|values|set)$/i
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
/** As a last resort, where a statement is broken and so was taken apart wrongly: a word, what may stand between, and a literal. */
const ANYWHERE = /\b([ip][a-z]{5,11})((?:\s*[=(]\s*|\s+(?:with\s+\S{1,64}\s+)?(?:[a-z]{1,8}\s+)?))('(?:[^'\\]|''|\\[^])*(?:'|\\?$)|"(?:[^"\\]|""|\\[^])*(?:"|\\?$))/gi

/** A statement with the passwords that it sets replaced, those in connection strings, and the user information of URLs. */
export function withoutSecrets(statement: string, dialect: Dialect, depth = 0): string {
  if (!SUSPECT.test(statement) && !mayHaveSlips(statement)) return statement
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
  return shown.replace(ANYWHERE, hiddenBehind)
}

function hiddenBehind(whole: string, word: string, between: string): string {
  const last = /[a-z]*$/i.exec(between.trimEnd())![0]
  // Behind a name another word means something else: PASSWORD EXPIRE.
  const hides = isIdentified(word) ? !BEFORE_PLUGIN.test(last) && !BEHIND_ACCOUNT.test(last) : last === '' && namesSecret(word)
  return hides ? `${word}${between}'${REDACTED}'` : whole
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
  if (tag === undefined) return withoutUserInformation(token.replace(CONNECTION_PASSWORD, `$1${REDACTED}`), REDACTED)
  if (depth >= MAX_QUOTING_DEPTH) return SUSPECT.test(token) ? `'${REDACTED}'` : token
  return tag + withoutSecrets(token.slice(tag.length), dialect, depth + 1)
}

/** Whether the tokens are where a password is set. */
class SecretClause {
  #place: 'elsewhere' | 'value' | 'account' | 'whose' = 'elsewhere'
  #last = ''
  /** A word behind IDENTIFIED that is none of those which stand there. */
  #isStrange = false

  get hidesLiterals(): boolean {
    return this.#place === 'value' || (this.#place === 'account' && !BEFORE_PLUGIN.test(this.#last))
  }

  next(token: string): void {
    this.#place = this.#after(token)
    this.#last = token
  }

  #after(token: string): 'elsewhere' | 'value' | 'account' | 'whose' {
    if (isIdentified(token)) {
      this.#isStrange = false
      return 'account'
    }
    const place = this.#place
    if (place === 'account' && this.#isOfAccount(token)) return 'account'
    // SET PASSWORD FOR 'who'@'where' = 'x'
    if (place === 'whose') return token === '=' ? 'value' : token === ';' ? 'elsewhere' : 'whose'
    if (place === 'value' && /^for$/i.test(token)) return 'whose'
    if (namesSecret(token)) return 'value'
    // Literals that follow each other are one.
    return place === 'value' && (BETWEEN.test(token) || LITERAL.test(token)) ? 'value' : 'elsewhere'
  }

  #isOfAccount(token: string): boolean {
    if (OF_ACCOUNT.test(token) || LITERAL.test(token) || BEFORE_PLUGIN.test(this.#last)) return true
    if (this.#isStrange || !/^[a-z]+$/i.test(token) || BEHIND_ACCOUNT.test(token)) return false
    return this.#isStrange = true
  }
}

/** Of MySQL `near '…' at line 1`, of PostgreSQL `at or near "…"`. */
const BEFORE_QUOTED = /\bnear ['"]/
const BEHIND_QUOTED = /['"](?: at line \d{1,9})?$/
const LITERALS = /'(?:[^'\\]|''|\\[^])*(?:'|\\?$)|"(?:[^"\\]|""|\\[^])*(?:"|\\?$)|\$(\w*)\$[^]*/g

/** What a server quotes of a statement that it could not read may begin anywhere: literals in it are hidden, whatever stands before them. */
export function withoutQuotedLiterals(message: string): string {
  const before = BEFORE_QUOTED.exec(message)
  if (before === null) return message
  const from = before.index + before[0].length
  const to = Math.max(from, BEHIND_QUOTED.exec(message)?.index ?? message.length)
  return message.slice(0, from) + message.slice(from, to).replace(LITERALS, `'${REDACTED}'`) + message.slice(to)
}
