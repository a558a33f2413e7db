import { Buffer, isUtf8 } from 'node:buffer'
import type { Redactor } from '../redaction.ts'
import type { Answer } from './answers.ts'
import { META_NOOP, RETRIEVAL, STORAGE, flagsOf, isMeta, isSilent } from './commands.ts'
import { MAX_SHOWN_CHARACTERS, MAX_SHOWN_KEYS } from './limits.ts'
import type { Line } from './line.ts'
import { wordAt, wordsOf } from './words.ts'

/** What messages need to know to show themselves; one object for each connection. */
export interface Showing { readonly redactor: Redactor, readonly withValues: boolean }

const SPACE = 0x20
const LETTER_A = 0x61

/** 64-bit numbers as decimal digits where a number cannot hold them. */
function numberOf(word: string | undefined): number | string | undefined {
  if (word === undefined || !/^-?\d+$/.test(word)) return word
  return Number.isSafeInteger(Number(word)) ? Number(word) : word
}

/** Keys may be UTF-8; `text` has one character a byte. */
function utf8(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text
  const bytes = Buffer.from(text, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : text
}

function shownWord(word: string): string {
  return word.length > MAX_SHOWN_CHARACTERS ? `${word.slice(0, MAX_SHOWN_CHARACTERS - 1)}…` : word
}

/** `get cart:7 cart:8 cart:9 +4`, `set cart:7 (10 bytes)`, `mg cart:7 v t`. */
export function whatOf(text: string, kind: number, redactor: Redactor): string {
  if (kind === RETRIEVAL && isShort(text)) return redactor.text(utf8(text))
  const words = wordsOf(redactor.urls(text))
  let shown: string
  if (kind === RETRIEVAL) shown = keysText(words)
  else if (kind === STORAGE) shown = `${words[0]} ${shownWord(words[1] ?? '')}${words[4] === undefined ? '' : ` (${words[4]} ${words[4] === '1' ? 'byte' : 'bytes'})`}`
  else shown = words.map(shownWord).join(' ')
  return redactor.text(utf8(shown))
}

/** A retrieval that is shown as it is: few keys, none of them long, one space between two, no time before them. */
function isShort(text: string): boolean {
  const { length } = text
  if (length > MAX_SHOWN_CHARACTERS || text.charCodeAt(1) === LETTER_A || text.charCodeAt(length - 1) === SPACE) return false
  let spaces = 0
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) !== SPACE) continue
    if (++spaces > MAX_SHOWN_KEYS || i === 0 || text.charCodeAt(i - 1) === SPACE) return false
  }
  return spaces > 0
}

function keysText(words: readonly string[]): string {
  const [name, ...keys] = words
  if (name!.startsWith('ga')) keys.shift()
  const rest = keys.length > MAX_SHOWN_KEYS ? ` +${keys.length - MAX_SHOWN_KEYS}` : ''
  return `${name} ${keys.slice(0, MAX_SHOWN_KEYS).map(shownWord).join(' ')}${rest}`
}

export function commandView(line: Line, kind: number, showing: Showing, isLogin: boolean): object {
  const text = utf8(showing.redactor.text(line.text))
  const words = wordsOf(text)
  const value = isLogin && showing.redactor.credentials ? { value: showing.redactor.credential('') } : valueView(line, showing)
  return { command: words[0] ?? '', ...fieldsOf(words, text, kind), ...value, noreply: isSilent(kind, line.text) || undefined }
}

function fieldsOf(words: readonly string[], text: string, kind: number): object {
  const [name, first, second, third, , fifth] = words
  if (kind === RETRIEVAL) return name!.startsWith('ga') ? { exptime: numberOf(first), keys: words.slice(2) } : { keys: words.slice(1) }
  if (kind === STORAGE) return { key: first, flags: numberOf(second), exptime: numberOf(third), cas: name === 'cas' ? numberOf(fifth) : undefined }
  if (kind === META_NOOP) return {}
  if (isMeta(kind)) return { key: first, metaFlags: flagsOf(kind, text) }
  if (name === 'incr' || name === 'decr') return { key: first, delta: numberOf(second) }
  if (name === 'touch') return { key: first, exptime: numberOf(second) }
  if (name === 'delete') return { key: first }
  return { arguments: words.slice(1).filter((word) => word !== 'noreply') }
}

/** The size of a value, and as much of it as was kept. */
function valueView(line: Line, { redactor, withValues }: Showing): object {
  if (line.valueBytes < 0) return {}
  const sizes = { valueBytes: line.valueBytes, truncated: line.value.length < line.valueBytes || undefined }
  if (!withValues) return { valueBytes: line.valueBytes }
  const bytes = Buffer.from(line.value, 'latin1')
  if (isUtf8(bytes) && !line.value.includes('\0')) return { ...sizes, value: redactor.text(bytes.toString('utf8')) }
  return { ...sizes, base64: bytes.toString('base64') }
}

export function answerView(answer: Answer, showing: Showing): object {
  const { redactor } = showing
  const items = answer.items ?? []
  const values = items.filter(({ text }) => text.startsWith('VALUE ')).map((line) => itemView(line, showing))
  const stats = items.filter(({ text }) => text.startsWith('STAT ')).map(({ text }) => [wordAt(text, 1), redactor.text(utf8(text.slice(6 + wordAt(text, 1).length)))])
  const lines = items.filter(({ text }) => !/^(?:VALUE|STAT) /.test(text)).map(({ text }) => redactor.text(utf8(text)))
  return {
    ...answer.last === undefined ? {} : lastView(answer.last, showing),
    values: values.length > 0 ? values : undefined,
    stats: stats.length > 0 ? Object.fromEntries(stats) as object : undefined,
    lines: lines.length > 0 ? lines : undefined,
    itemCount: answer.itemCount > items.length ? answer.itemCount : undefined,
  }
}

function itemView(line: Line, showing: Showing): object {
  const [, key, flags, , cas] = wordsOf(line.text)
  return { key: showing.redactor.text(utf8(key ?? '')), flags: numberOf(flags), ...valueView(line, showing), cas: numberOf(cas) }
}

function lastView(line: Line, showing: Showing): object {
  const code = wordAt(line.text, 0)
  const rest = line.text.slice(code.length).trim()
  if (/^\d+$/.test(code)) return { number: numberOf(code) }
  if (code === 'VERSION') return { code, version: rest }
  if (/^(?:HD|VA|NS|EX|NF|EN|MN)$/.test(code)) {
    const words = wordsOf(utf8(showing.redactor.text(rest)))
    const metaFlags = code === 'VA' ? words.slice(1) : words
    return { code, metaFlags: metaFlags.length > 0 ? metaFlags : undefined, ...valueView(line, showing) }
  }
  return { code, message: rest === '' ? undefined : showing.redactor.text(utf8(rest)) }
}
