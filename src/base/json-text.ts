import { Buffer } from 'node:buffer'

/** What JSON.stringify leaves as it is and a terminal may obey: DEL, the C1 controls (CSI among them), and what turns the direction of text. */
const UNSAFE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g
const QUOTE = 0x22
const BACKSLASH = 0x5c
const DEL = '\x7f'

/** Stands for a text that was sent, in JSON. Whoever says the same by chance, or to disturb, only has all of the line written anew. */
const MARK = '\x01sent json\x01'
const MARK_TEXT = JSON.stringify(MARK)

/** Texts of the values that are being written, in their order. */
let sent: string[] = []
let isWriting = false

/**
 * From now on jsonText writes this object or array as `text`, JSON of the same value without white space between tokens, strings as JSON.stringify has them, but numbers
 * and the order of members as they were sent. A hidden `toJSON` says so; to all others it is the value that it was.
 */
export function keepSentText(value: object, text: string): void {
  if (Object.hasOwn(value, 'toJSON')) return
  Object.defineProperty(value, 'toJSON', { value: () => {
    if (!isWriting) return value
    sent.push(text)
    return MARK
  } })
}

function withSentTexts(value: object | string): string {
  isWriting = true
  let text: string
  try {
    text = JSON.stringify(value)
  } finally {
    isWriting = false
  }
  if (sent.length === 0) return text
  const texts = sent
  sent = []
  const parts = text.split(MARK_TEXT)
  if (parts.length !== texts.length + 1) return JSON.stringify(value)
  return parts.map((part, i) => i === 0 ? part : texts[i - 1]! + part).join('')
}

/** JSON that is also safe for a terminal; parsed it is the same value (RFC 8259 §7). */
export function jsonText(value: object | string): string {
  // Outside strings there are only characters of ASCII.
  const text = withSentTexts(value)
  // Most texts are plain, and counting their bytes takes a fifth of the time of a search by regular expression.
  const isPlain = Buffer.byteLength(text) === text.length && !text.includes(DEL)
  return isPlain ? text : text.replace(UNSAFE, escape)
}

/** The same of a string. */
export function stringText(value: string): string {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return jsonText(value)
  }
  return `"${value}"`
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
