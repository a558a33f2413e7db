import type { Half } from './half.ts'
import { CONNECT, HEAD } from './half.ts'
import { CODING_UNKNOWN_END, LENGTH_INVALID } from './notes.ts'

/** How the body ends (RFC 9112 §6.3). */
export const NO_BODY = 0
export const BY_LENGTH = 1
export const CHUNKED = 2
export const BY_CLOSE = 3
/** It cannot be known: what follows is searched for the next start line. */
export const UNKNOWN = 4
/** The connection goes on as another protocol. */
export const TUNNEL = 5
export type Framing = typeof NO_BODY | typeof BY_LENGTH | typeof CHUNKED | typeof BY_CLOSE | typeof UNKNOWN | typeof TUNNEL

export function requestFraming(request: Half): Framing {
  if (request.isChunked) return CHUNKED
  if (request.hasTransferEncoding) {
    request.bits |= CODING_UNKNOWN_END
    return UNKNOWN
  }
  return byLength(request, NO_BODY)
}

/** `request`: what it answers, where that was captured. */
export function responseFraming(response: Half, request: Half | undefined): Framing {
  const { status } = response
  if (status === 101 || (request?.method === CONNECT && status >= 200 && status < 300)) return TUNNEL
  if (request?.method === HEAD || status < 200 || status === 204 || status === 304) {
    // Of no consequence here, so no reason to call the response incomplete.
    response.bits &= ~LENGTH_INVALID
    return NO_BODY
  }
  if (response.isChunked) return CHUNKED
  if (response.hasTransferEncoding) return BY_CLOSE
  return byLength(response, BY_CLOSE)
}

function byLength(half: Half, without: Framing): Framing {
  if ((half.bits & LENGTH_INVALID) !== 0) return UNKNOWN
  if (half.contentLength > 0) return BY_LENGTH
  return half.contentLength === 0 ? NO_BODY : without
}
