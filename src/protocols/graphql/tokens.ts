/** What a token of a document is (GraphQL October 2021 §2.1): a punctuator is its own character. */
export type Token = 'name' | 'value' | 'end' | 'bad' | '{' | '}' | '(' | ')' | '[' | ']' | ':' | '@' | '$' | '!' | '=' | '|' | '&' | '...'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const DOT = 0x2e
const LF = 10
const CR = 13
const PUNCTUATORS = new Set<string>('{}()[]:@$!=|&')

/** Reads the tokens of a document one after the other, in linear time whatever it holds. */
export class Tokens {
  readonly #text: string
  #at = 0
  /** Of the last token. */
  from = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The last token as it stands. */
  get word(): string {
    return this.#text.slice(this.from, this.#at)
  }

  next(): Token {
    this.#skipIgnored()
    const text = this.#text
    this.from = this.#at
    if (this.#at >= text.length) return 'end'
    const code = text.charCodeAt(this.#at)
    if (isNameStart(code)) return this.#name()
    if (code === QUOTE) return this.#string()
    if (code === 0x2d || isDigit(code)) return this.#number()
    // At the very end there may be less of it.
    if (code === DOT && '...'.startsWith(text.slice(this.#at, this.#at + 3))) {
      this.#at += 3
      return '...'
    }
    const character = text[this.#at++]!
    return PUNCTUATORS.has(character) ? character as Token : 'bad'
  }

  /** White space, commas, comments, the byte order mark (§2.1.7). */
  #skipIgnored(): void {
    const text = this.#text
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at)
      if (code === 0x23) while (this.#at + 1 < text.length && !isLineEnd(text.charCodeAt(this.#at + 1))) this.#at++
      else if (code !== 0x20 && code !== 0x2c && code !== 9 && code !== 0xfeff && !isLineEnd(code)) return
    }
  }

  #name(): Token {
    const text = this.#text
    while (this.#at < text.length && isNamePart(text.charCodeAt(this.#at))) this.#at++
    return 'name'
  }

  #number(): Token {
    const text = this.#text
    this.#at++
    while (this.#at < text.length && isNumberPart(text.charCodeAt(this.#at))) this.#at++
    return 'value'
  }

  #string(): Token {
    const text = this.#text
    if (text.startsWith('"""', this.#at)) return this.#block()
    for (let at = this.#at + 1; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) {
        this.#at = at + 1
        return 'value'
      }
      if (isLineEnd(code)) return this.#endWith('bad')
      if (code === BACKSLASH) at++
    }
    return this.#endWith('end')
  }

  /** Nothing behind it is looked at: a string without its end, which is an error or was cut off. */
  #endWith(token: Token): Token {
    this.#at = this.#text.length
    return token
  }

  #block(): Token {
    let end = this.#text.indexOf('"""', this.#at + 3)
    // An escaped \""" goes on.
    while (end > 0 && this.#text.charCodeAt(end - 1) === BACKSLASH) end = this.#text.indexOf('"""', end + 3)
    if (end < 0) return this.#endWith('end')
    this.#at = end + 3
    return 'value'
  }
}

function isLineEnd(code: number): boolean {
  return code === LF || code === CR
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f
}

function isNamePart(code: number): boolean {
  return isNameStart(code) || isDigit(code)
}

function isNumberPart(code: number): boolean {
  return isDigit(code) || code === 0x2e || code === 0x2b || code === 0x2d || (code | 0x20) === 0x65
}
