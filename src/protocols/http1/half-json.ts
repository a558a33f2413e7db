import { Buffer } from 'node:buffer'
import { jsonText } from '../../base/json-text.ts'
import type { TextSink } from '../../model/message.ts'
import { bodyView } from '../http/body-view.ts'
import { parseHeaders } from '../http/headers.ts'
import type { Reading } from '../http/reading.ts'
import { redactedHeaders } from '../http/redacted-headers.ts'
import type { Half } from './half.ts'
import type { BlockFacts } from './head-memo.ts'
import { requestLineView, statusLineView } from './view.ts'

/**
 * Adds what requestView and responseView show, as JSON. Of a head that was seen before the text is there, which saves two thirds of the time.
 * False where it is not, or where there is something out of the ordinary: then nothing was added.
 */
export function addHalfJson(out: TextSink, half: Half, reading: Reading): boolean {
  const { line, block, body } = half
  if (line === undefined || block === undefined || half.bits !== 0 || half.trailers !== '' || half.lostBytes > 0 || half.interim !== undefined) return false
  const { settings } = reading
  out.encoded(line.json ??= lineJson(half, reading))
  out.encoded(block.json ??= blockJson(block, reading))
  out.digits(half.bodyBytes)
  if (body !== undefined && settings.bodyLimitBytes > 0) {
    out.text(',"body":')
    out.text(jsonText(bodyView(body, half.bodyBytes, block.headers ??= parseHeaders(block.text, 0), settings)))
  }
  out.text(',"durationMicros":')
  out.digits(Math.max(0, half.endMicros - half.atMicros))
  out.text(',"complete":true}')
  return true
}

/** Up to the header lines. */
function lineJson(half: Half, { redactor }: Reading): Uint8Array {
  const view = half.isRequest ? requestLineView(half, redactor) : statusLineView(half, redactor)
  return Buffer.from(`${jsonText(view).slice(0, -1)},"headers":`)
}

/** From there to the number of bytes in the body. */
function blockJson(block: BlockFacts, { redactor }: Reading): Uint8Array {
  const headers = block.headers ??= parseHeaders(block.text, 0)
  return Buffer.from(`${jsonText(redactedHeaders(headers, redactor))},"bodyBytes":`)
}
