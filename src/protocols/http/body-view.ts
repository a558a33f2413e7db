import type { Settings } from '../protocol.ts'
import { redactorOf } from '../redaction.ts'
import type { BodyContent, ContentContext } from './body-content.ts'
import { hasStructure, showBytes, showText, withhold } from './body-content.ts'
import { UTF_8, charsetOf } from './body-text.ts'
import { codingsOf, decodeBody } from './content-coding.ts'
import type { Header } from './headers.ts'
import { headerValue, isAscii } from './headers.ts'
import type { KeptBytes } from './kept-bytes.ts'

/** What JSON shows of a body, redacted: docs/protocols/bodies.md has every field. */
export interface BodyView extends BodyContent {
  /** Codings that were undone, outermost first. */
  encoding?: string
  /** A coding that could not be undone, and why; the bytes are shown with it. */
  undecoded?: string
  /** Only the first part is here. */
  truncated?: true
  /** Size with the codings undone, where the whole body is here. */
  decodedBytes?: number
}

/**
 * `sentBytes`: length of the body as it was sent, of which `kept` may hold only the first part. `headers` as sent, unredacted.
 * No more than `settings.bodyLimitBytes` are shown, even where a lens had more of it kept.
 */
export function bodyView(kept: KeptBytes, sentBytes: number, headers: readonly Header[], settings: Settings): BodyView {
  const codings = codingsOf(headers)
  const contentType = headerValue(headers, 'content-type')
  const limitBytes = Math.min(kept.limitBytes, settings.bodyLimitBytes)
  const isCut = Math.min(kept.length, limitBytes) < sentBytes
  const context: ContentContext = { redactor: redactorOf(settings.redaction), settings, depth: 0 }
  const view: BodyView = {}
  if (isCut) view.truncated = true
  if (codings.length === 0 && kept.piece !== undefined && kept.length <= limitBytes && isPlainText(kept.piece, contentType)) {
    showText(view, kept.piece, contentType, context)
    return view
  }
  const decoded = decodeBody(kept.bytes().subarray(0, limitBytes), codings, limitBytes, isCut)
  if (decoded.problem !== undefined) view.undecoded = decoded.problem
  if (decoded.encoding !== '') {
    view.encoding = decoded.encoding
    if (decoded.isWhole) view.decodedBytes = decoded.decodedBytes
  }
  if (!decoded.isWhole) view.truncated = true
  const { redactor } = context
  if (decoded.problem !== undefined && (redactor.changesTexts || redactor.hidesParameters)) withhold(view, 'not shown: redaction cannot look through the coding')
  else showBytes(view, decoded.bytes, contentType, !decoded.isWhole, context)
  return view
}

/** Whether `bodyView` shows a whole body as its text and nothing else, where that is ASCII without NUL and may not hold user information that is to be hidden. */
export function showsTextAlone(headers: readonly Header[], settings: Settings): boolean {
  const contentType = headerValue(headers, 'content-type')
  return isTextType(contentType) && !hasStructure(contentType) && codingsOf(headers).length === 0 && !redactorOf(settings.redaction).changesTexts
}

/** ASCII without NUL that is neither multipart nor protobuf: text in whatever charset that is taken for UTF-8, byte for character. */
function isPlainText(latin1: string, contentType: string): boolean {
  return isAscii(latin1) && !latin1.includes('\0') && isTextType(contentType)
}

function isTextType(contentType: string): boolean {
  if (/^\s*multipart\/|proto/i.test(contentType)) return false
  return !contentType.includes('charset') || charsetOf(contentType) === UTF_8
}
