const TAB = 0x09
const LINE_FEED = 0x0a
const RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * A text with the values of JSON members replaced whose names are hidden, whatever else the text says: the JSON may be cut off, broken or a part
 * of it. A value is a string, an object, a list, or what stands before the next `,`, `}` or `]`.
 */
export function withoutMembers(text: string, hides: (name: string) => boolean, replacement: string): string {
  let shown = ''
  let from = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    const end = endOfString(text, at)
    const value = valueBehind(text, end)
    if (value < 0 || !hides(nameOf(text.slice(at + 1, end - 1)))) {
      at = end
      continue
    }
    shown += `${text.slice(from, value)}"${replacement}"`
    from = at = endOfValue(text, value)
  }
  return from === 0 ? text : shown + text.slice(from)
}

/** As it is written where it is no valid string. */
function nameOf(written: string): string {
  if (!written.includes('\\')) return written
  try {
    return JSON.parse(`"${written}"`) as string
  } catch {
    return written
  }
}

/** Offset of what follows the colon behind a name that ends at `at`; -1 where there is no colon. */
function valueBehind(text: string, at: number): number {
  const colon = afterBlank(text, at)
  return text.charCodeAt(colon) === COLON ? afterBlank(text, colon + 1) : -1
}

function afterBlank(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code !== SPACE && code !== LINE_FEED && code !== RETURN && code !== TAB) break
  }
  return at
}

/** Offset behind the closing quote of the string that begins at `from`, or the end. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** Offset behind the value that begins at `from`, or the end of the text. */
export function endOfValue(text: string, from: number): number {
  const code = text.charCodeAt(from)
  if (code === QUOTE) return endOfString(text, from)
  if (code === OPEN_OBJECT || code === OPEN_LIST) return endOfNested(text, from)
  let at = from
  for (; at < text.length; at++) {
    const next = text.charCodeAt(at)
    if (next === COMMA || next === CLOSE_OBJECT || next === CLOSE_LIST) break
  }
  return at
}

function endOfNested(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at) - 1
    else if (code === OPEN_OBJECT || code === OPEN_LIST) depth++
    else if ((code === CLOSE_OBJECT || code === CLOSE_LIST) && --depth === 0) return at + 1
  }
  return text.length
}
