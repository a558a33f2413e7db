const SPACE = 0x20
const DIGIT_0 = 0x30
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

/** How many words there are. */
export function wordCount(text: string): number {
  let count = 0
  let isBehindSpace = true
  for (let i = 0; i < text.length; i++) {
    const isSpace = text.charCodeAt(i) === SPACE
    if (isBehindSpace && !isSpace) count++
    isBehindSpace = isSpace
  }
  return count
}

/** Word `index` as a size; -1 where it is none. */
export function sizeAt(text: string, index: number): number {
  let value = 0
  const from = wordStart(text, index)
  let at = from
  for (; at < text.length; at++) {
    const digit = text.charCodeAt(at) - DIGIT_0
    if (digit < 0 || digit > 9) break
    value = value * 10 + digit
  }
  const isWord = at > from && at - from <= MAX_SIZE_DIGITS && (at === text.length || text.charCodeAt(at) === SPACE)
  return isWord ? value : -1
}
