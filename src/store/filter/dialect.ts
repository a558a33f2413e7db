/** Words of Mizu's language in the place of CEL's signs. As long as what they replace, so that places in the text stay what they are. */
const WORDS: Readonly<Record<string, string>> = { and: '&& ', or: '||', not: '!  ' }
/** A string literal as a whole (with its prefix, so that `r"…"` is no word), or a word. */
const TOKENS = /[rRbB]{0,2}"""[^]*?(?:"""|$)|[rRbB]{0,2}'''[^]*?(?:'''|$)|[rR]"[^"\n]*"?|[rR]'[^'\n]*'?|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|(\.\s*)?[A-Za-z_]\w*/g

/** CEL for a filter that may be written in Mizu's dialect. Of the same length. */
export function toCel(text: string): string {
  return text.replace(TOKENS, (token: string, member: string | undefined) => member === undefined && Object.hasOwn(WORDS, token) ? WORDS[token]! : token)
}

/** The same as people would write it. */
export function toPrettyCel(text: string): string {
  return text.replace(TOKENS, (token: string, member: string | undefined) => member === undefined && Object.hasOwn(WORDS, token) ? WORDS[token]!.trim() : token).replace(/!\s+/g, '!').trim()
}
