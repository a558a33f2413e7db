import { REDACTED } from '../redaction.ts'
import { isKnownCommand } from './commands.ts'

/** Words of commands behind which passwords stand, as a string of Lua: whole, and maybe within another string. */
const SECRET_WORD = /(?:['"]|\[=*\[)(?:auth2?|requirepass|masterauth|primaryauth|setuser|(?:sentinel|auth|tls-(?:client-)?key-file)-pass)(?:\\?['"]|\]=*\])/i
/** Strings of Lua (§3.1 of its manual), which may be cut off, and numbers that may be meant as one. */
const LITERAL = /'(?:[^'\\\n]|\\[^])*(?:'|\\?$|(?=\n))|"(?:[^"\\\n]|\\[^])*(?:"|\\?$|(?=\n))|\[(=*)\[[^]*?(?:\]\1\]|$)|\b\d{4,}\b/g

/** Whether a script sets a password, or sends one. */
export function setsSecret(script: string): boolean {
  return SECRET_WORD.test(script)
}

/**
 * A script with all its strings replaced that are not names of commands, where it sets a password: that may stand in a variable, far from
 * where it is used. Any other script as it is.
 */
export function withoutScriptSecrets(script: string): string {
  return setsSecret(script) ? script.replace(LITERAL, shownLiteral) : script
}

function shownLiteral(literal: string): string {
  const word = literal.slice(1, -1)
  return isKnownCommand(word) || SECRET_WORD.exec(literal)?.[0].length === literal.length ? literal : `'${REDACTED}'`
}
