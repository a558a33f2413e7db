/**
 * The same text with comments and the insides of strings, templates and regular expressions blanked by spaces.
 * Length, line breaks and quotes stay, so that an offset in the result is an offset in the source.
 */
export function codeOnly(source: string): string {
  return new Blanker(source).run()
}

const STARTS_VALUE = /(?:^|[(,=:[!&|?{};+*%<>~^-]|\b(?:return|typeof|case|in|of|throw|await|yield|do|else))\s*$/

class Blanker {
  readonly #source: string
  #at = 0
  #out = ''
  /** Braces that are open inside each `${…}` that is open. */
  readonly #templates: number[] = []

  constructor(source: string) {
    this.#source = source
  }

  run(): string {
    while (this.#at < this.#source.length) this.#step()
    return this.#out
  }

  #step(): void {
    const two = this.#source.slice(this.#at, this.#at + 2)
    const one = two[0]!
    if (two === '//') this.#blankTo(this.#indexOf('\n'))
    else if (two === '/*') this.#blankTo(this.#indexOf('*/', 2) + 2)
    else if (one === '\'' || one === '"') this.#quoted(one)
    else if (one === '`') this.#template(1)
    else if (one === '/' && STARTS_VALUE.test(this.#out.slice(-20))) this.#regex()
    else if (one === '{' || one === '}') this.#brace(one)
    else this.#keep(1)
  }

  #quoted(quote: string): void {
    this.#keep(1)
    let end = this.#at
    while (end < this.#source.length && this.#source[end] !== quote && this.#source[end] !== '\n') end += this.#source[end] === '\\' ? 2 : 1
    this.#blankTo(end)
    if (this.#source[this.#at] === quote) this.#keep(1)
  }

  /** From the backtick, or from the brace that ends `${…}`, to the next `${` or the closing backtick. */
  #template(opener: number): void {
    this.#keep(opener)
    let end = this.#at
    while (end < this.#source.length && this.#source[end] !== '`' && !this.#source.startsWith('${', end)) end += this.#source[end] === '\\' ? 2 : 1
    this.#blankTo(end)
    if (this.#source[this.#at] === '`') this.#keep(1)
    else if (this.#at < this.#source.length) {
      this.#keep(2)
      this.#templates.push(0)
    }
  }

  #brace(brace: string): void {
    const last = this.#templates.length - 1
    if (brace === '}' && this.#templates[last] === 0) {
      this.#templates.pop()
      this.#template(1)
      return
    }
    if (last >= 0) this.#templates[last]! += brace === '{' ? 1 : -1
    this.#keep(1)
  }

  #regex(): void {
    const match = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//.exec(this.#source.slice(this.#at))
    if (match === null) this.#keep(1)
    else this.#blankTo(this.#at + match[0].length)
  }

  #indexOf(text: string, skip = 0): number {
    const found = this.#source.indexOf(text, this.#at + skip)
    return found < 0 ? this.#source.length : found
  }

  #keep(length: number): void {
    this.#out += this.#source.slice(this.#at, this.#at + length)
    this.#at += length
  }

  #blankTo(end: number): void {
    const stop = Math.min(end, this.#source.length)
    this.#out += this.#source.slice(this.#at, stop).replace(/[^\n]/g, ' ')
    this.#at = stop
  }
}
