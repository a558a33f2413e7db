// Connections that carry several requests at once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WEB_CART, joined, kinds, opened, webToCart } from './hop-join.fixture.ts'
import type { TlsHop } from './joined-request.ts'
import { clear, handshake, turn } from './shop.fixture.ts'

const TUNNEL = { alpn: ['mtlscope/1', 'mtlscope'] }

test('requests that cross one tunnel at once: each is joined, and it is said that the records may be of others', () => {
  const paths = ['/a', '/b', '/c', '/d']
  const requests = joined([
    ...opened(WEB_CART, TUNNEL),
    turn('web', WEB_CART, { atMicros: 5110, elapsedMicros: 700 }), turn('web', WEB_CART, { atMicros: 5900, elapsedMicros: 500 }),
    ...paths.flatMap((path, n) => [
      clear('web', 9001 + n, { what: `GET ${path}`, atMicros: 5000 + 10 * n, elapsedMicros: 1600 }),
      clear('cart', 8080, { what: `GET ${path}`, atMicros: 5300 + 10 * n, elapsedMicros: 1000 }),
    ]),
  ])
  assert.deepEqual(requests.map((request) => request.message.what), paths.map((path) => `GET ${path}`))
  for (const request of requests) {
    assert.deepEqual([request.verdict, kinds(request)], ['mtls-inferred', 'clear web | tls web+cart | clear cart'])
    const tls = request.hops[1] as TlsHop
    assert.deepEqual([tls.evidence, tls.version], ['turn', 'TLS 1.3'])
    assert.match(request.notes[0]!, /several requests at once: of its records some may be of others/)
  }
})

test('of two tunnels between the same two only what they share is said', () => {
  const other = { ...WEB_CART, port: 50_010 }
  const [request] = joined([...opened(WEB_CART, TUNNEL), ...opened(other, { ...TUNNEL, clientFlight: { records: 1, bytes: 74, end: 'finished' } }, { group: 'X25519' }), ...webToCart(5000)])
  const tls = request!.hops[1] as TlsHop
  assert.deepEqual([request!.verdict, tls.group, tls.evidence, tls.records], ['tls', undefined, 'connection', undefined])
})

test('where one end of a tunnel is watched its requests keep the lock', () => {
  const requests = joined([
    handshake('cart', WEB_CART, 10, TUNNEL), turn('cart', WEB_CART, { atMicros: 5120, elapsedMicros: 1310 }),
    clear('cart', 8080, { what: 'GET /a', atMicros: 5300, elapsedMicros: 1000 }), clear('cart', 8081, { what: 'GET /b', atMicros: 5310, elapsedMicros: 1000 }),
  ], { roleOf: () => 'server' })
  assert.deepEqual(requests.map((r) => [r.from, r.to, r.verdict, kinds(r)]), [
    ['web', 'cart', 'mtls-inferred', 'tls cart | clear cart'], ['web', 'cart', 'mtls-inferred', 'tls cart | clear cart']])
})
