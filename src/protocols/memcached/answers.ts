import type { Micros } from '../../model/time.ts'
import { META_ARITHMETIC, META_DELETE, META_GET, META_SET, flagToken, flagsOf } from './commands.ts'
import { INCOMPLETE } from './notes.ts'
import type { Line } from './line.ts'
import { sizeAt, wordsOf } from './words.ts'

const ITEM = /^(?:VALUE|STAT|ITEM|PREFIX) |^(?:key=|mg )/
/** Answers that no other protocol has. */
const OWN = /^(?:VALUE \S{1,250} \d{1,10} \d{1,10}(?: \d{1,20})?|STORED|NOT_STORED|DELETED|TOUCHED|VERSION \d\S*|STAT \S+ .*|VA \d{1,10}(?: \S+)*|(?:CLIENT|SERVER)_ERROR .*)$/
const OTHERS = /^(?:END|OK|ERROR|EXISTS|NOT_FOUND|RESET|BLOCKED|BUSY .*|(?:HD|NS|EX|NF|EN|MN)(?: \S+)*|\d{1,20} *)$/

/** What the server said to one command: items, if any, and the line that ends it. */
export class Answer {
  readonly atMicros: Micros
  items: Line[] | undefined = undefined
  itemCount = 0
  itemBytes = 0
  /** Undefined where it was never captured. */
  last: Line | undefined = undefined
  /** Bits of notes.ts. */
  bits = 0

  constructor(atMicros: Micros) {
    this.atMicros = atMicros
  }

  get complete(): boolean {
    return (this.bits & INCOMPLETE) === 0 && this.last !== undefined
  }
}

/** First letters of items: VALUE, STAT, ITEM, PREFIX, key=, mg. */
const LETTERS_OF_ITEMS: ReadonlySet<number> = new Set([0x56, 0x53, 0x49, 0x50, 0x6b, 0x6d])

/** More of the same answer follows. */
export function isItem(text: string): boolean {
  return LETTERS_OF_ITEMS.has(text.charCodeAt(0)) && ITEM.test(text)
}

/** Something that only this protocol's servers say. */
export function isOwnAnswer(text: string): boolean {
  return OWN.test(text)
}

/** Something that servers say. */
export function isAnswer(text: string): boolean {
  return OWN.test(text) || OTHERS.test(text) || ITEM.test(text)
}

/** Bytes of the value that follows a line of the server, -1 where none does. */
export function answerValueBytes(text: string): number {
  if (text.charCodeAt(0) !== 0x56) return -1
  return text.startsWith('VALUE ') ? sizeAt(text, 3) : text.startsWith('VA ') ? sizeAt(text, 1) : -1
}

/** The codes that answer a command in spite of flag `q`; which of them depends on what it asks. */
const DESPITE_QUIET: Readonly<Record<number, RegExp>> = {
  [META_GET]: /^(?:HD|VA)\b/, [META_SET]: /^(?:NS|EX|NF)\b/, [META_DELETE]: /^(?:EX|NF)\b/, [META_ARITHMETIC]: /^(?:NS|EX|NF)\b/,
}

/** Whether this may answer a command with flag `q`; where the command has an opaque token or wants its key, that must match. */
export function answersQuiet(kind: number, command: string, answer: string): boolean {
  if (/ERROR/.test(answer)) return true
  if (DESPITE_QUIET[kind]?.test(answer) !== true) return false
  const asked = flagsOf(kind, command)
  if (kind === META_SET && !mayRefuse(asked, answer)) return false
  const said = wordsOf(answer).slice(answer.startsWith('VA ') ? 2 : 1)
  if (flagToken(asked, 'O') !== flagToken(said, 'O')) return false
  return !asked.includes('k') || flagToken(said, 'k') === wordsOf(command)[1]
}

/** Only add, replace, append and prepend are not stored (NS), only where a CAS value is compared there is one that exists or is not found (EX, NF). */
function mayRefuse(asked: readonly string[], answer: string): boolean {
  if (!answer.startsWith('NS')) return flagToken(asked, 'C') !== undefined
  return !/^s?$/i.test(flagToken(asked, 'M') ?? '')
}
