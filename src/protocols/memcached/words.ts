const SPACE = 0x20
const MAX_SIZE_DIGITS = 10

/** Where word `index` begins; the end where there are not so many. Any number of spaces parts two words. */
function wordStart(text: string, index: number): number {
  let at = 0
  for (let left = index; ; left--) {
    while (text.charCodeAt(at) === SPACE) at++
    if (left === 0 || at >= text.length) return at
    const space = text.indexOf(' ', at)
    at = space < 0 ? text.length : space
  }
}

/** Word `index`, empty where there is none. */
export function wordAt(text: string, index: number): string {
  const from = wordStart(text, index)
  const to = text.indexOf(' ', from)
  return text.slice(from, to < 0 ? text.length : to)
}

export function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '')
}

/** Word `index` as a size; -1 where it is none. */
export function sizeAt(text: string, index: number): number {
  const word = wordAt(text, index)
  return word.length > 0 && word.length <= MAX_SIZE_DIGITS && /^\d+$/.test(word) ? Number(word) : -1
}
