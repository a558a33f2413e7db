import type { Probe } from '../protocol.ts'
import { SP } from '../http/bytes.ts'
import { Half } from './half.ts'
import { PROBE_LINE_BYTES } from './limits.ts'
import { NOT_HTTP, UNFINISHED, mayBeRequestLine, mayBeStatusLine, scanRequestLine, scanStatusLine } from './start-line.ts'

/**
 * A whole request line or status line of HTTP/1.x. Requests without a version (HTTP/0.9), other protocols of the same shape
 * (RTSP, SIP) and the preface of HTTP/2 (`PRI * HTTP/2.0`) are refused by the version.
 */
export function probe(client: Uint8Array, server: Uint8Array): Probe {
  if (client.length > 0) {
    const verdict = probeRequest(client)
    if (verdict !== 'more' || server.length === 0) return verdict
  }
  return server.length > 0 ? probeResponse(server) : 'more'
}

function probeRequest(bytes: Uint8Array): Probe {
  const from = skipEmptyLines(bytes)
  if (from === bytes.length) return 'more'
  const end = scanRequestLine(new Half(true, 0), bytes, from, bytes.length)
  if (end === NOT_HTTP) return 'no'
  if (end !== UNFINISHED) return 'yes'
  if (!mayBeRequestLine(bytes, from, bytes.length) || hasControl(bytes, from)) return 'no'
  return bytes.length - from >= PROBE_LINE_BYTES ? 'yes' : 'more'
}

function probeResponse(bytes: Uint8Array): Probe {
  const from = skipEmptyLines(bytes)
  if (from === bytes.length) return 'more'
  const end = scanStatusLine(new Half(false, 0), bytes, from, bytes.length)
  if (end === NOT_HTTP) return 'no'
  if (end !== UNFINISHED) return 'yes'
  if (!mayBeStatusLine(bytes, from, bytes.length)) return 'no'
  return bytes.length - from >= PROBE_LINE_BYTES ? 'yes' : 'more'
}

/** RFC 9112 §2.2: a server should ignore an empty line before the request line; so do we, for both. */
function skipEmptyLines(bytes: Uint8Array): number {
  let at = 0
  while (at < bytes.length && (bytes[at] === 0x0d || bytes[at] === 0x0a)) at++
  return at
}

function hasControl(bytes: Uint8Array, from: number): boolean {
  // The very last byte may be the CR of a line end that is still to come.
  for (let i = from; i < bytes.length - 1; i++) if (bytes[i]! < SP) return true
  return bytes.at(-1)! < SP && bytes.at(-1) !== 0x0d
}
