/** The words of one line, with `"a \"b\""` as one word. `at` is the one that is next. */
export class Tokens {
  readonly line: string
  readonly #words: readonly string[]
  at = 0

  constructor(line: string) {
    this.line = line
    this.#words = line.includes('"') || line.includes('  ') || line.includes('\t') ? splitQuoted(line) : line.split(' ')
  }

  peek(): string | undefined {
    return this.#words[this.at]
  }

  next(): string | undefined {
    return this.#words[this.at++]
  }

  get length(): number {
    return this.#words.length
  }

  word(index: number): string | undefined {
    return this.#words[index]
  }

  /** Column of a word, from 1. The words before it are looked for in turn, so that a repeated one is not taken for it. */
  columnOf(index: number): number {
    let column = 0
    for (let i = 0; i <= index && i < this.#words.length; i++) {
      const word = this.#words[i]!
      const found = this.line.indexOf(word, column)
      if (found < 0) continue
      if (i === index) return found + 1
      column = found + word.length
    }
    return Math.min(column, this.line.length) + 1
  }
}

const WORD = /"((?:[^"\\]|\\.)*)"?|([^\s"]+)/g

function splitQuoted(line: string): string[] {
  const words: string[] = []
  for (const [, quoted, plain] of line.matchAll(WORD)) words.push(plain ?? quoted!.replace(/\\(.)/g, '$1'))
  return words
}
