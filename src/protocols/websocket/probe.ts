import type { Probe } from '../protocol.ts'
import { BROKEN, FrameHeader, TEXT, UNFINISHED } from './frame-header.ts'
import { PROBE_TEXT_BYTES } from './limits.ts'
import { textBytes } from './plausible.ts'

const MIN_TEXT_BYTES = 4

/**
 * A text message in one frame, of either side. Connections come here by the HTTP exchange that opens them; this is for those that were
 * joined late. Binary and compressed messages look like anything and are not claimed.
 */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) {
    const verdict = probeSide(client, true)
    if (verdict !== 'more' || server.length === 0) return verdict
  }
  return server.length > 0 ? probeSide(server, false) : 'more'
}

function probeSide(bytes: Uint8Array, isMasked: boolean): Probe {
  const header = new FrameHeader()
  const size = header.read(bytes, 0, bytes.length)
  if (size === BROKEN || header.opcode !== TEXT || !header.isFinal || header.reserved !== 0) return 'no'
  if (bytes.length > 1 && header.isMasked !== isMasked) return 'no'
  if (size === UNFINISHED) return 'more'
  if (header.payloadBytes < MIN_TEXT_BYTES) return 'no'
  const text = textBytes(header, bytes, size, bytes.length)
  if (text < 0) return 'no'
  if (text === PROBE_TEXT_BYTES) return 'yes'
  if (text < header.payloadBytes) return 'more'
  return followsFrame(bytes, size + text, isMasked) ? 'yes' : 'no'
}

/** Nothing, or what may be the header of another frame. */
function followsFrame(bytes: Uint8Array, from: number, isMasked: boolean): boolean {
  if (from >= bytes.length) return true
  const header = new FrameHeader()
  const size = header.read(bytes, from, bytes.length)
  return size !== BROKEN && (from + 1 >= bytes.length || header.isMasked === isMasked)
}
