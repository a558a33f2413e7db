import type { Half } from './half.ts'
import { headerValue, parseHeaders } from './headers.ts'

const SUCCESSORS: ReadonlyMap<string, string> = new Map([['websocket', 'websocket'], ['h2c', 'http2'], ['tls', 'tls']])

/** The protocol that follows a 101, by the Upgrade header of the response or else the request (RFC 9110 §7.8); undefined after CONNECT. */
export function successorOf(response: Half, request: Half | undefined): string | undefined {
  if (response.status !== 101) return undefined
  const value = upgradeOf(response) || (request === undefined ? '' : upgradeOf(request))
  const name = value.split(/[,/]/, 1)[0]!.trim().toLowerCase()
  return SUCCESSORS.get(name)
}

function upgradeOf(half: Half): string {
  return headerValue(parseHeaders(half.head, half.headersAt), 'upgrade')
}
