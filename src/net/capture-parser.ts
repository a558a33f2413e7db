import type { CaptureFailure, CaptureHandlers, CaptureParser } from './capture-handlers.ts'
import { fileLook } from './file-signature.ts'
import { PcapParser, pcapByteOrder } from './pcap.ts'
import { PcapngParser, SECTION_HEADER } from './pcapng.ts'

const MAGIC_BYTES = 4

/** What `parseCapture` found. */
export interface ParsedCapture { format: 'pcap' | 'pcapng' | undefined, frames: number, failure: CaptureFailure | undefined }

/** The parser for a file that begins with `head`; the failure when it is no capture, undefined when there are too few bytes to say. */
export function captureParserFor(head: Uint8Array, handlers: CaptureHandlers): CaptureParser | CaptureFailure | undefined {
  if (head.length < MAGIC_BYTES) return undefined
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (view.getUint32(0) === SECTION_HEADER) return new PcapngParser(handlers)
  return pcapByteOrder(view, 0) === undefined ? notACapture(head) : new PcapParser(handlers)
}

/** The failure for bytes that begin like no capture, or that end before it can be told. */
export function notACapture(head: Uint8Array): CaptureFailure {
  const { what, hint } = fileLook(head)
  return { code: 'not-a-capture', what: `is not a capture: ${what}`, atByte: 0, ...(hint !== undefined && { hint }) }
}

/** Delivers everything that a whole capture file in memory holds. Never throws for what the bytes are. */
export function parseCapture(bytes: Uint8Array, handlers: CaptureHandlers): ParsedCapture {
  const parser = captureParserFor(bytes, handlers) ?? notACapture(bytes)
  if (!('parse' in parser)) return { format: undefined, frames: 0, failure: parser }
  const consumed = parser.parse(bytes, 0, bytes.length)
  const failure = parser.finish(bytes.length - consumed)
  return { format: parser.format, frames: parser.frames, failure }
}
