import { Buffer } from 'node:buffer'

/** What JSON.stringify leaves as it is and a terminal may obey: DEL, the C1 controls (CSI among them), and what turns the direction of text. */
const UNSAFE = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g
const QUOTE = 0x22
const BACKSLASH = 0x5c
const DEL = '\x7f'

/** JSON that is also safe for a terminal; parsed it is the same value (RFC 8259 §7). */
export function jsonText(value: object | string): string {
  // Outside strings there are only characters of ASCII.
  const text = JSON.stringify(value)
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
