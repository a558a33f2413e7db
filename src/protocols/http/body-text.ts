import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { latin1 } from './bytes.ts'
import { CHARSET_SEARCH_BYTES } from './limits.ts'
import { essenceOf, parameterOf } from './media-type.ts'

export const UTF_8 = 'utf-8'

export interface DecodedText {
  readonly text: string
  /** Where it is not UTF-8. */
  readonly charset: string | undefined
}

const META = /<meta\s[^>]{0,300}?charset\s*=\s*["']?([\w.:-]{1,40})/i
const DECLARATION = /^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/

/**
 * The bytes as text. The charset is that of a byte order mark, else of Content-Type, else what HTML or XML declare in their first bytes,
 * else UTF-8, and then the bytes must prove it. Undefined where they are no text.
 */
export function decodeText(bytes: Buffer, contentType: string, isCut: boolean): DecodedText | undefined {
  return byMark(bytes, isCut) ?? byCharset(bytes, charsetOf(contentType) ?? declaredIn(bytes, contentType) ?? UTF_8, isCut)
}

const NUL = 0
const LAST_ASCII = 0x7f

/** Whether bytes, given with one character each, are the text that decodeText would make of them: as it is with nearly all JSON. */
export function isPlainText(latin1Text: string, contentType: string): boolean {
  if ((charsetOf(contentType) ?? UTF_8) !== UTF_8 || /html|xml/i.test(contentType)) return false
  for (let i = 0; i < latin1Text.length; i++) {
    const code = latin1Text.charCodeAt(i)
    if (code > LAST_ASCII || code === NUL) return false
  }
  return true
}

/** What Content-Type names, lower case; undefined where it names none. */
export function charsetOf(contentType: string): string | undefined {
  if (contentType.endsWith(';charset=utf-8') || contentType.endsWith('; charset=utf-8')) return UTF_8
  const name = parameterOf(contentType, 'charset')?.toLowerCase()
  return name === 'utf8' || name === 'us-ascii' ? UTF_8 : name
}

/** Encoding Standard §6: a byte order mark wins over everything else, and is no part of the text. */
function byMark(bytes: Buffer, isCut: boolean): DecodedText | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return byCharset(bytes.subarray(3), UTF_8, isCut)
  const charset = bytes.length < 4 ? '' : bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : ''
  if (charset === '' || (bytes.length % 2 !== 0 && !isCut)) return undefined
  try {
    const text = new TextDecoder(charset, { fatal: true }).decode(bytes.subarray(0, bytes.length & ~1))
    return text.includes('\0') ? undefined : { text, charset }
  } catch {
    return undefined
  }
}

function byCharset(bytes: Buffer, charset: string, isCut: boolean): DecodedText | undefined {
  if (charset === UTF_8) {
    const whole = isCut ? withoutCutCharacter(bytes) : bytes
    // A text never holds NUL; many binary formats do in their first bytes.
    return isUtf8(whole) && !whole.includes(0) ? { text: whole.toString('utf8'), charset: undefined } : undefined
  }
  try {
    return { text: new TextDecoder(charset).decode(bytes), charset }
  } catch {
    // A charset that is not known.
    return undefined
  }
}

function declaredIn(bytes: Buffer, contentType: string): string | undefined {
  const type = essenceOf(contentType)
  const isHtml = type === 'text/html'
  if (!isHtml && !/[/+]xml$/.test(type)) return undefined
  const head = latin1(bytes, 0, Math.min(bytes.length, CHARSET_SEARCH_BYTES))
  const name = (DECLARATION.exec(head) ?? (isHtml ? META.exec(head) : null))?.[1]!.toLowerCase()
  // Whoever could read the declaration byte by byte did not read UTF-16.
  return name === undefined || name === 'utf8' || name.startsWith('utf-16') ? undefined : name
}

/** Without the first bytes of a UTF-8 character whose rest was cut off. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return bytes
    if (byte < 0xc0) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}
