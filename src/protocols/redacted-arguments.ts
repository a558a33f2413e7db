import { endOfValue } from './redacted-members.ts'

/**
 * A name, a colon, and what a value begins with that is no name: that would be an aliased field, a type or an enum of GraphQL. The quotes may have
 * backslashes before them, as in JSON that stands in a string of JSON.
 */
const ARGUMENT = /(?<![$\w-])([A-Za-z_][\w-]*)((?:\\*")?\s*:\s*)("""|\\+"|(?=["[{])|-?\d[\w.+-]*)/g
const BLOCK = '"""'

/** A text with the values of arguments replaced whose names are hidden, as documents of GraphQL have them: `login(password: "x", by: {pin: 1})`. */
export function withoutArguments(text: string, hides: (name: string) => boolean, replacement: string): string {
  let shown = ''
  let from = 0
  for (const { index, 0: whole, 1: name, 3: begins } of text.matchAll(ARGUMENT)) {
    if (index < from || !hides(name!)) continue
    const value = index + whole.length - begins!.length
    const quote = begins!.startsWith('\\') ? begins! : '"'
    shown += `${text.slice(from, value)}${quote}${replacement}${quote}`
    from = endOfArgument(text, begins!, value)
  }
  return from === 0 ? text : shown + text.slice(from)
}

function endOfArgument(text: string, begins: string, at: number): number {
  if (begins === '') return endOfValue(text, at)
  if (begins !== BLOCK && !begins.startsWith('\\')) return at + begins.length
  const end = text.indexOf(begins, at + begins.length)
  return end < 0 ? text.length : end + begins.length
}
