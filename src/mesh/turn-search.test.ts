import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TUNNEL_PROTOCOL } from '../model/tunnel-protocol.ts'
import { joined } from './hop-join.fixture.ts'
import type { HopMessage, JoinedRequest, TlsHop } from './joined-request.ts'
import type { Line } from './shop.fixture.ts'
import { clear, closed, handshake, turn } from './shop.fixture.ts'

const OLD: Line = { from: 'web', to: 'cart', port: 50_001 }
const NEW: Line = { from: 'web', to: 'cart', port: 50_002 }
const AT = 5_000_000

/** The only hop that was read, and how the wire was crossed meanwhile; the request went over the new tunnel. */
function portOf(...meanwhile: HopMessage[]): number {
  const asked = clear('web', 9001, { atMicros: AT, elapsedMicros: 60_000 })
  const own = turn('web', NEW, { atMicros: AT + 50_000, elapsedMicros: 9000 })
  const [request, ...others] = joined([handshake('web', OLD, 10), handshake('web', NEW, AT - 20_000), ...meanwhile, own, asked])
  assert.equal(others.length, 0)
  const tls = request!.hops.find((hop): hop is TlsHop => hop.kind === 'tls')!
  return tls.client.port
}

test('the farewell of a tunnel that another has taken the place of is not taken for the request that goes over that one', () => {
  const farewell = turn('web', OLD, { atMicros: AT + 1000, elapsedMicros: 30_000, bytes: 108 })
  assert.equal(portOf(farewell, closed('web', OLD, AT + 31_000)), NEW.port)
})

test('nor is what is asked about another connection itself', () => {
  assert.equal(portOf(turn('web', OLD, { atMicros: AT + 1000, elapsedMicros: 700 })), NEW.port)
})

test('a connection that is closed with the answer carried it all the same', () => {
  assert.equal(portOf(closed('web', NEW, AT + 59_500)), NEW.port)
})

/** A turn as it was captured where it came to: its client said something `burstMicros` long. */
function came(atMicros: number, offset: number, burstMicros: number, elapsedMicros: number): HopMessage {
  const { flow, message } = turn('cart', NEW, { atMicros, elapsedMicros })
  return { flow, message: { ...message, request: { kind: 'ciphertext', records: 3, bytes: 182, offset, durationMicros: burstMicros } } }
}

function halfAtCart(...turns: HopMessage[]): JoinedRequest['half'] {
  const asked = clear('cart', 8080, { atMicros: AT, elapsedMicros: 8000 })
  const [request, ...others] = joined([handshake('cart', NEW, AT - 3_000_000, { random: 'ab'.repeat(32), alpn: [TUNNEL_PROTOCOL] }), ...turns, asked])
  assert.equal(others.length, 0)
  return request!.half
}

test('what a client still says of the request before, when the next one is under way already, is no beginning of another', () => {
  const own = came(AT - 900_000, 312, 903_000, 910_000)
  const key = `${'ab'.repeat(16)}.494`
  assert.deepEqual(halfAtCart(own), { side: 'server', key })
  assert.deepEqual(halfAtCart(came(AT - 950_000, 130, 0, 40_000), own), { side: 'server', key })
})

test('the farewell of another tunnel that comes between a request and its way to the app is not taken for it', () => {
  const { flow, message } = turn('cart', OLD, { atMicros: AT - 100, elapsedMicros: 3000, bytes: 154 })
  const farewell = { flow, message: { ...message, request: { kind: 'ciphertext', records: 2, bytes: 54, offset: 1215, durationMicros: 0 } } }
  const hello = handshake('cart', OLD, AT - 6_000_000, { random: 'cd'.repeat(32), alpn: [TUNNEL_PROTOCOL] })
  assert.deepEqual(halfAtCart(hello, came(AT - 200, 312, 0, 9000), farewell), { side: 'server', key: `${'ab'.repeat(16)}.494` })
})
