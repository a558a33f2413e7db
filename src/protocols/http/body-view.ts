import type { Buffer } from 'node:buffer'
import { isUtf8 } from 'node:buffer'
import { TextDecoder } from 'node:util'
import { codingsOf, decodeBody } from './content-coding.ts'
import type { Header } from './headers.ts'
import { headerValue, isAscii } from './headers.ts'
import type { KeptBytes } from './kept-bytes.ts'

const UTF_8 = 'utf-8'

/** What JSON shows of a body: one of `text` and `base64`. */
export interface BodyView {
  text: string | undefined
  base64: string | undefined
  /** Charset of the text, where it is not UTF-8. */
  charset: string | undefined
  /** Codings that were undone, outermost first. */
  encoding: string | undefined
  /** A coding that could not be undone, and why; the bytes are shown with it. */
  undecoded: string | undefined
  /** Only the first part is here. */
  truncated: true | undefined
  /** Size with the codings undone, where the whole body is here. */
  decodedBytes: number | undefined
}

/** `sentBytes`: length of the body as it was sent, of which `kept` may hold only the first part. */
export function bodyView(kept: KeptBytes, sentBytes: number, headers: readonly Header[]): BodyView {
  const codings = codingsOf(headers)
  const charset = charsetOf(headers)
  const isCut = kept.length < sentBytes
  const view: BodyView = {
    text: undefined, base64: undefined, charset: undefined, encoding: undefined, undecoded: undefined, truncated: undefined, decodedBytes: undefined,
  }
  if (codings.length === 0 && kept.piece !== undefined && charset === UTF_8 && isPlain(kept.piece)) {
    view.text = kept.piece
    if (isCut) view.truncated = true
    return view
  }
  const decoded = decodeBody(kept.bytes(), codings, kept.limitBytes, isCut)
  show(view, decoded.bytes, charset, !decoded.isWhole)
  view.undecoded = decoded.problem
  if (decoded.encoding !== '') {
    view.encoding = decoded.encoding
    if (decoded.isWhole) view.decodedBytes = decoded.decodedBytes
  }
  if (!decoded.isWhole) view.truncated = true
  return view
}

/** ASCII without NUL: text in whatever charset that is taken for UTF-8, byte for character. */
function isPlain(latin1: string): boolean {
  return isAscii(latin1) && !latin1.includes('\0')
}

function show(view: BodyView, bytes: Buffer, charset: string, isCut: boolean): void {
  if (charset === UTF_8) {
    const whole = isCut ? withoutCutCharacter(bytes) : bytes
    if (isUtf8(whole) && !isBinary(whole)) view.text = whole.toString('utf8')
  } else {
    view.text = decodeCharset(bytes, charset)
    if (view.text !== undefined) view.charset = charset
  }
  if (view.text === undefined) view.base64 = bytes.toString('base64')
}

/** A text never holds NUL; many binary formats do in their first bytes. */
function isBinary(bytes: Buffer): boolean {
  return bytes.includes(0)
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

/** Lower case. UTF-8 is assumed where Content-Type names none, and then the bytes must prove it. */
function charsetOf(headers: readonly Header[]): string {
  const type = headerValue(headers, 'content-type')
  const match = type.includes('=') ? /;\s*charset\s*=\s*"?([^\s";,]+)/i.exec(type) : null
  const name = match?.[1]!.toLowerCase() ?? UTF_8
  return name === 'utf8' || name === 'us-ascii' ? UTF_8 : name
}

/** Undefined for a charset that is not known. */
function decodeCharset(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return undefined
  }
}
