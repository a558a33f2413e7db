import type { Handover } from '../protocol.ts'
import type { Half } from './half.ts'
import { headerValue, parseHeaders } from '../http/headers.ts'
import { methodOf, targetOf } from './view.ts'

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

/** What the successor may need to know of the exchange: headers decide about compression, the path about its name. */
export function handoverOf(response: Half, request: Half | undefined): Handover {
  return {
    atMicros: (request ?? response).atMicros,
    method: request === undefined ? '' : methodOf(request),
    target: request === undefined ? '' : targetOf(request),
    requestHeaders: request === undefined ? [] : parseHeaders(request.head, request.headersAt),
    responseHeaders: parseHeaders(response.head, response.headersAt),
  }
}
