import fc from '#property'
import type { JsonRecord } from '../model/api.ts'

/** A record as a tap would print it. */
export function record(own: Partial<JsonRecord> = {}): JsonRecord {
  return {
    at: '2026-11-21T12:03:41.201456Z', protocol: 'http1', capture: 'netns', hop: 'clear', namespace: 'web', interface: 'lo', flow: 'a1',
    client: { ip: '127.0.0.1', port: 40000, name: 'web' }, server: { ip: '10.77.0.2', port: 8080, name: 'cart.shop' },
    elapsedMicros: 1900, what: 'GET /cart/7', status: 200, outcome: 'ok', complete: true,
    request: { method: 'GET', path: '/cart/7', version: '1.1', headers: [{ name: 'Host', value: 'cart' }], bodyBytes: 0, durationMicros: 0, complete: true },
    response: { status: 200, reason: 'OK', version: '1.1', headers: [{ name: 'Content-Type', value: 'application/json' }], bodyBytes: 12, body: { json: { sku: 'tea-4711' } }, durationMicros: 100, complete: true },
    ...own,
  }
}

export function linesOf(records: readonly object[]): Buffer {
  return Buffer.from(records.map((one) => `${JSON.stringify(one)}\n`).join(''))
}

const words = fc.constantFrom('', 'web', 'cart', 'cart.shop', 'GET', 'GET /cart/7', '/cart', 'OK', 'NOT_FOUND', 'ä€😀', 'a"b\\c', '10.0.0.7', 'clear')
const end = fc.record({ ip: fc.constantFrom('127.0.0.1', '10.0.0.7', '::1'), port: fc.constantFrom(80, 8080, 40000), name: fc.option(words, { nil: undefined }) })

/** Records of HTTP whose line agrees with their request, and of other protocols where anything goes. */
export const someRecord: fc.Arbitrary<JsonRecord> = fc.record({
  at: fc.constantFrom('2026-11-21T12:03:41.201456Z', '2026-11-21T12:03:42.000001Z', '2026-11-22T00:00:00.000000Z'),
  protocol: fc.constantFrom('http1', 'http2', 'grpc', 'redis', 'tls', 'dns', 'websocket'), capture: fc.constantFrom('pcap', 'netns'), hop: fc.constantFrom('clear', 'wire'),
  namespace: fc.option(words, { nil: undefined }), interface: fc.option(words, { nil: undefined }), client: end, server: end,
  elapsedMicros: fc.option(fc.integer({ min: 0, max: 3000 }), { nil: undefined }), method: fc.constantFrom('GET', 'POST'), path: fc.constantFrom('/', '/cart/7', '/cart?x=GET', '/ä'), word: words,
  status: fc.option(fc.oneof(fc.constantFrom(0, 200, 404, 500), words), { nil: undefined }), outcome: fc.constantFrom('none', 'info', 'ok', 'redirect', 'client-error', 'server-error'),
  complete: fc.boolean(), decrypted: fc.option(fc.constant(true), { nil: undefined }), bytes: fc.integer({ min: 0, max: 500 }),
}).map(({ method, path, word, bytes, ...own }) => {
  const isHttp = own.protocol === 'http1' || own.protocol === 'http2'
  const status = typeof own.status === 'number' ? own.status : 200
  return {
    ...own, flow: JSON.stringify([own.client, own.server, own.hop, own.capture, own.namespace, own.interface]), what: isHttp ? `${method} ${path}` : word,
    request: isHttp ? { method, path, bodyBytes: bytes, headers: [] } : { command: word, path: word, bytes },
    response: own.status === undefined ? undefined : { status, bodyBytes: bytes, headers: [], ...(bytes % 2 === 0 && { body: { json: { n: bytes, items: [{ sku: word }] } } }) },
  } as JsonRecord
})
