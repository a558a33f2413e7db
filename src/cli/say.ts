import type { MtlscopeError } from '../base/errors.ts'
import { printable } from '../tap/printable.ts'

/** Everything that is not data goes to standard error, one line each, in lower case without a full stop. */
export function say(text: string): void {
  process.stderr.write(`mtlscope: ${printable(text)}\n`)
}

export function sayWarning(text: string): void {
  say(`warning: ${text}`)
}

export function sayError(error: MtlscopeError): void {
  say(`error: ${error.message}`)
  if (error.hint !== undefined) say(`hint: ${error.hint}`)
}
