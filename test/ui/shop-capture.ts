import type { Exchange } from './http-capture.ts'
import { httpCapture, httpText } from './http-capture.ts'

/** Requests of the shop: 120 of them, every tenth an error, two services, one picture. */
export const SHOP_MESSAGES = 120

/** One pixel. */
const PNG = Uint8Array.from(atob('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='), (char) => char.charCodeAt(0))

export function shopCapture(): Uint8Array {
  return httpCapture(Array.from({ length: SHOP_MESSAGES }, (_, at) => exchangeOf(at)))
}

function exchangeOf(at: number): Exchange {
  const server = at % 3 === 0 ? '10.1.0.3' : '10.1.0.2'
  const host = at % 3 === 0 ? 'Host: stock' : 'Host: cart'
  if (at === 5) {
    return { server, request: httpText('GET /logo.png HTTP/1.1', [host]), response: httpText('HTTP/1.1 200 OK', ['Content-Type: image/png'], PNG) }
  }
  if (at % 10 === 9) {
    return { server, request: httpText(`GET /cart/${at}?full=yes HTTP/1.1`, [host, 'Cookie: session=1']), response: httpText('HTTP/1.1 404 Not Found', ['Content-Type: text/plain'], 'no such cart') }
  }
  const body = JSON.stringify({ sku: `tea-${at}`, count: at, nested: { list: [1, 2, 3], flag: true } })
  return {
    server, waitSeconds: 0.001 * (1 + at % 7),
    request: httpText(`POST /cart/${at}/items HTTP/1.1`, [host, 'Content-Type: application/json', `X-Request: r${at}`], body),
    response: httpText('HTTP/1.1 201 Created', ['Content-Type: application/json'], body),
  }
}
