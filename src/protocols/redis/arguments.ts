import type { Frame } from './frame.ts'
import { splitInline } from './inline.ts'

/** One word of a command, one character a byte; `sizeBytes` is more than the text has where it is cut. */
export interface Argument { readonly text: string, readonly sizeBytes: number }

/** Words of a command: its name is the first. */
export interface Words {
  readonly list: readonly Argument[]
  /** As the command said it, or as far as they are here. */
  readonly count: number
}

const ASTERISK = '*'
const DIGIT_0 = 0x30
const MOST_DIGITS = 8

export function isInline(text: string): boolean {
  return !text.startsWith(ASTERISK)
}

/** The words of a command, as far as they are here; at most `max`. */
export function wordsOf(frame: Frame, max = Infinity): Words {
  const { text } = frame
  if (isInline(text)) return inlineWords(frame, max)
  const line = text.indexOf('\r\n')
  const count = line < 0 ? 0 : numberIn(text, 1, line)
  const list: Argument[] = []
  for (let at = line + 2; line > 0 && at < text.length && list.length < Math.min(count, max);) {
    const end = text.indexOf('\r\n', at)
    if (end < 0) break
    const sizeBytes = Math.max(0, numberIn(text, at + 1, end) || 0)
    const from = end + 2
    if (from > text.length || (from === text.length && sizeBytes > 0)) break
    list.push({ text: text.slice(from, from + sizeBytes), sizeBytes })
    at = from + sizeBytes + 2
  }
  return { list, count: Math.max(count || 0, list.length) }
}

/** Number() of a part of the text, which is nearly always a digit or a few. */
function numberIn(text: string, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0
    if (digit < 0 || digit > 9 || i > from + MOST_DIGITS) return Number(text.slice(from, to))
    value = value * 10 + digit
  }
  return value
}

function inlineWords({ text }: Frame, max: number): Words {
  const words = splitInline(text)
  return { list: words.slice(0, max).map((word) => ({ text: word, sizeBytes: word.length })), count: words.length }
}

/** Where the name of a command stands in its text: start and end, both 0 where it is not there. */
export function nameEnds(text: string): readonly [from: number, to: number] {
  if (isInline(text)) return inlineName(text)
  const line = text.indexOf('\r\n')
  const end = line < 0 ? -1 : text.indexOf('\r\n', line + 2)
  if (end < 0) return NOWHERE
  const size = numberIn(text, line + 3, end)
  return end + 2 + size <= text.length ? [end + 2, end + 2 + size] : NOWHERE
}

const NOWHERE = [0, 0] as const

function inlineName(text: string): readonly [from: number, to: number] {
  let from = 0
  while (isBlank(text, from)) from++
  let to = from
  while (to < text.length && !isBlank(text, to)) to++
  return [from, to]
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 32 || (code >= 9 && code <= 13)
}
