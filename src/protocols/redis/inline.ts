const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', a: '\x07' }
const QUOTED = /\\x([0-9a-f]{2})|\\([\s\S])/gi
const WORD = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|([^\s"']\S*)|(["'][\s\S]*))/y

/** The words of an inline command, quotes and escapes undone as the server does. An unbalanced quote takes the rest as one word. */
export function splitInline(line: string): string[] {
  const words: string[] = []
  const text = line.trimEnd()
  WORD.lastIndex = 0
  for (let match = next(text); match !== null; match = next(text)) {
    const [, double, single, plain, unbalanced] = match
    if (double !== undefined) words.push(double.replace(QUOTED, unescape))
    else if (single !== undefined) words.push(single.replaceAll('\\\'', '\''))
    else words.push(plain ?? unbalanced!)
  }
  return words
}

function next(text: string): RegExpExecArray | null {
  const at = WORD.lastIndex
  if (at >= text.length) return null
  const match = WORD.exec(text)
  if (match === null) WORD.lastIndex = 0
  return match
}

function unescape(_: string, hex: string | undefined, letter: string | undefined): string {
  return hex === undefined ? ESCAPES[letter!] ?? letter! : String.fromCharCode(Number.parseInt(hex, 16))
}
