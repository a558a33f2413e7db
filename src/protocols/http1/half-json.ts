import { jsonText } from '../../base/json-text.ts'
import { Piece } from '../../base/piece.ts'
import type { TextSink } from '../../model/message.ts'
import { bodyView, showsTextAlone } from '../http/body-view.ts'
import { parseHeaders } from '../http/headers.ts'
import type { KeptBytes } from '../http/kept-bytes.ts'
import type { Reading } from '../http/reading.ts'
import { redactedHeaders } from '../http/redacted-headers.ts'
import type { Half } from './half.ts'
import type { BlockFacts } from './head-memo.ts'
import { requestLineView, statusLineView } from './view.ts'

const BODY_TEXT = new Piece(',"body":{"text":')
const DURATION = new Piece(',"durationMicros":')
const COMPLETE = new Piece(',"complete":true}')

/**
 * Adds what requestView and responseView show, as JSON. Of a head that was seen before the text is there, which saves two thirds of the time.
 * False where it is not, or where there is something out of the ordinary: then nothing was added.
 */
export function addHalfJson(out: TextSink, half: Half, reading: Reading): boolean {
  const { line, block, body } = half
  if (line === undefined || block === undefined || half.bits !== 0 || half.trailers !== '' || half.lostBytes > 0 || half.interim !== undefined) return false
  out.piece(line.json ??= lineJson(half, reading))
  out.piece(block.json ??= blockJson(block, reading))
  out.digits(half.bodyBytes)
  if (body !== undefined && reading.settings.bodyLimitBytes > 0) addBody(out, body, half.bodyBytes, block, reading)
  out.piece(DURATION)
  out.digits(Math.max(0, half.endMicros - half.atMicros))
  out.piece(COMPLETE)
  return true
}

function addBody(out: TextSink, body: KeptBytes, bodyBytes: number, block: BlockFacts, { settings, redactor }: Reading): void {
  const headers = block.headers ??= parseHeaders(block.text, 0)
  const isWhole = body.length === bodyBytes && bodyBytes <= settings.bodyLimitBytes
  const isShownAsSent = isWhole && (block.showsText ??= showsTextAlone(headers, settings)) && !(redactor.credentials && body.mayHoldUserInformation)
  if (isShownAsSent && body.addJson(out, BODY_TEXT)) out.text('}')
  else {
    out.text(',"body":')
    out.text(jsonText(bodyView(body, bodyBytes, headers, settings)))
  }
}

/** Up to the header lines. */
function lineJson(half: Half, { redactor }: Reading): Piece {
  const view = half.isRequest ? requestLineView(half, redactor) : statusLineView(half, redactor)
  return new Piece(`${jsonText(view).slice(0, -1)},"headers":`)
}

/** From there to the number of bytes in the body. */
function blockJson(block: BlockFacts, { redactor }: Reading): Piece {
  const headers = block.headers ??= parseHeaders(block.text, 0)
  return new Piece(`${jsonText(redactedHeaders(headers, redactor))},"bodyBytes":`)
}
