import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { WEB_CART, joined, kinds, opened, webToCart } from './hop-join.fixture.ts'
import { HopJoin } from './hop-join.ts'
import type { HopMessage, JoinedRequest, TlsHop } from './joined-request.ts'
import type { Line } from './shop.fixture.ts'
import { clear, closed, handshake, IPS, plain, turn } from './shop.fixture.ts'

const CART_STOCK: Line = { from: 'cart', to: 'stock', port: 50_002 }
const WEB_ADS: Line = { from: 'web', to: 'ads', port: 50_003 }
const SECOND = 1_000_000

test('clear at the client, ciphertext between, clear at the server are one request', () => {
  const [request, ...others] = joined([...opened(WEB_CART), ...webToCart(5000)])
  assert.deepEqual(others, [])
  assert.deepEqual([request!.from, request!.to, request!.verdict, kinds(request!)], ['web', 'cart', 'mtls-inferred', 'clear web | tls web+cart | clear cart'])
  assert.deepEqual([request!.message.what, request!.atMicros, request!.elapsedMicros], ['GET /cart/7', 5000, 1600])
  const tls = request!.hops[1] as TlsHop
  assert.deepEqual([tls.version, tls.group, tls.suite, tls.records, tls.bytes, tls.evidence, tls.clientProof, tls.sni],
    ['TLS 1.3', 'X25519MLKEM768', 'TLS_AES_256_GCM_SHA384', 2, 500, 'turn', 'inferred', 'cart'])
  assert.deepEqual(request!.notes, [])
})

test('it is shown as soon as its answer was seen on the wire, and not later', () => {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request))
  for (const seen of [...opened(WEB_CART), ...webToCart(5000)]) join.add(seen)
  assert.equal(requests.length, 0)
  join.advance(5000 + 1600 + 260_000)
  assert.equal(requests.length, 1)
  join.end()
  assert.equal(requests.length, 1)
})

test('what the wire says about the client decides the verdict', () => {
  const cases: [object, object, string][] = [
    [{}, {}, 'mtls-inferred'],
    [{ clientFlight: { records: 1, bytes: 74, end: 'finished' } }, {}, 'tls-one-way'],
    [{ clientFlight: { records: 2, bytes: 104, end: 'finished' } }, {}, 'tls-one-way'],
    [{ clientFlight: { records: 1, bytes: 900, end: 'assumed' } }, {}, 'mtls-inferred'],
    [{ clientFlight: { records: 3, bytes: 900, end: 'turn' } }, {}, 'tls'],
    [{ clientFlight: undefined }, {}, 'tls'],
    [{}, { resumed: true }, 'tls'],
    [{ certificate: { chainLength: 1 }, certificateVerify: true }, { version: 'TLS 1.2', certificateRequested: true }, 'mtls-seen'],
    [{ certificate: { chainLength: 1 } }, { version: 'TLS 1.2', certificateRequested: true }, 'tls-one-way'],
    [{ certificate: { chainLength: 0 } }, { version: 'TLS 1.2', certificateRequested: true }, 'tls-one-way'],
    [{ clientFlight: undefined }, { version: 'TLS 1.2', certificateRequested: false }, 'tls-one-way'],
  ]
  for (const [request, response, verdict] of cases) {
    const [only] = joined([...opened(WEB_CART, request, response), ...webToCart(5000)])
    assert.equal(only!.verdict, verdict, JSON.stringify([request, response]))
  }
})

test('a connection whose handshake was not seen is TLS and no more', () => {
  const [request] = joined(webToCart(5000).reverse())
  assert.equal(request!.verdict, 'tls')
  assert.deepEqual(request!.notes, ['the handshake of the connection was not seen: should it carry several requests at once, some of its records may be of others'])
})

test('a request on a wire is plaintext, and the same at both ends is one', () => {
  const said = { what: 'GET /banner', atMicros: 5000, elapsedMicros: 800 }
  for (const ends of [['web'], ['web', 'ads'], ['ads', 'web']]) {
    const [request, ...others] = joined(ends.map((end) => plain(end, WEB_ADS, { ...said, atMicros: end === 'web' ? 5000 : 5040 })))
    assert.deepEqual(others, [])
    assert.deepEqual([request!.from, request!.to, request!.verdict, kinds(request!)], ['web', 'ads', 'plaintext', `plain ${ends.join('+')}`])
  }
})

test('two equal requests on one wire are two, at whichever ends they are seen', () => {
  const at = (end: string, atMicros: number): HopMessage => plain(end, WEB_ADS, { atMicros, elapsedMicros: 300 })
  const requests = joined([at('web', 5000), at('web', 6000), at('ads', 5050), at('ads', 6050)])
  assert.deepEqual(requests.map((r) => [r.atMicros, kinds(r)]), [[5000, 'plain web+ads'], [6000, 'plain web+ads']])
})

test('sidecars that speak plaintext to each other are found out', () => {
  const [request, ...others] = joined([
    clear('cart', 8080, { atMicros: 5300, elapsedMicros: 1000 }), clear('web', 9001, { atMicros: 5000, elapsedMicros: 1600 }),
    plain('web', WEB_CART, { atMicros: 5100, elapsedMicros: 1350 }), plain('cart', WEB_CART, { atMicros: 5120, elapsedMicros: 1310 }),
  ])
  assert.deepEqual(others, [])
  assert.deepEqual([request!.verdict, kinds(request!)], ['plaintext', 'clear web | plain web+cart | clear cart'])
})

test('plaintext is not excused by a TLS connection between the same two', () => {
  const [request] = joined([...opened(WEB_CART), plain('web', { ...WEB_CART, port: 50_009 }, { atMicros: 5100, elapsedMicros: 1350 }),
    clear('web', 9001, { atMicros: 5000, elapsedMicros: 1600 })])
  assert.deepEqual([request!.verdict, kinds(request!)], ['plaintext', 'clear web | plain web'])
})

test('a request that dialled another place is not said to have crossed a TLS connection that was in use meanwhile', () => {
  const dialled = (seen: HopMessage, ip: string): HopMessage => ({ ...seen, flow: { ...seen.flow, client: { ip: IPS.web!, port: 52_624 }, server: { ip, port: 8080 } } })
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request))
  for (const place of ['web', 'cart', 'ads']) join.setPlace(place, [IPS[place]!])
  const messages = [...opened(WEB_CART), turn('web', WEB_CART, { atMicros: 5200, elapsedMicros: 500 }), dialled(clear('web', 1, { atMicros: 5000, elapsedMicros: 64_000 }), IPS.ads!)]
  for (const seen of messages) join.add(seen)
  join.end()
  assert.deepEqual(requests.map((r) => [r.verdict, kinds(r)]), [['wire-not-seen', 'clear web']])
  for (const seen of [turn('web', WEB_CART, { atMicros: 105_200, elapsedMicros: 500 }), dialled(clear('web', 1, { atMicros: 105_000, elapsedMicros: 64_000 }), IPS.cart!)]) join.add(seen)
  join.end()
  assert.deepEqual([requests[1]!.verdict, kinds(requests[1]!)], ['mtls-inferred', 'clear web | tls web+cart'])
})

test('what was read on a wire and told is what a hop in the clear that comes too late went over, never TLS', () => {
  const line: Line = { ...WEB_CART, port: 50_009 }
  const late = [clear('web', 9001, { atMicros: 5000, elapsedMicros: 1600 }), clear('cart', 8080, { atMicros: 5300, elapsedMicros: 1000 })]
  for (const [comes, way] of [[late.slice(0, 1), 'clear web | plain web'], [late.slice(1), 'plain web | clear cart'], [late, 'clear web | plain web | clear cart']] as const) {
    const requests: JoinedRequest[] = []
    const join = new HopJoin((request) => requests.push(request))
    for (const seen of [...opened(WEB_CART), turn('web', WEB_CART, { atMicros: 5100, elapsedMicros: 1350 }), plain('web', line, { atMicros: 5100, elapsedMicros: 1350 })]) join.add(seen)
    join.advance(SECOND)
    for (const seen of comes) join.add(seen)
    join.end()
    assert.deepEqual(requests.map((r) => [r.verdict, kinds(r)]), [['plaintext', 'plain web'], ['plaintext', way]])
  }
})

test('where time is told, one interface of a batch may be any time ahead of another', () => {
  const at = (n: number): number => 5000 + n * 400_000
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request), { isTimeTold: true })
  const indices = [0, 1, 2, 3, 4]
  for (const n of indices) join.add(plain('web', WEB_ADS, { atMicros: at(n) + 100, elapsedMicros: 300 }))
  for (const n of indices) join.add(clear('web', 9001, { atMicros: at(n), elapsedMicros: 500 }))
  assert.equal(requests.length, 0)
  join.advance(at(2))
  assert.deepEqual(requests.map((r) => r.atMicros), [at(0), at(1)])
  join.end()
  assert.deepEqual(requests.map(kinds), indices.map(() => 'clear web | plain web'))
})

test('a service that passes a request on unchanged makes two requests of it', () => {
  const said = (atMicros: number, elapsedMicros: number): { atMicros: number, elapsedMicros: number } => ({ atMicros, elapsedMicros })
  const messages = [
    ...opened(WEB_CART), ...opened(CART_STOCK),
    clear('web', 9001, said(5000, 10_000)), turn('web', WEB_CART, said(5200, 9600)), clear('cart', 8080, said(5400, 9000)),
    clear('cart', 9002, said(7000, 6000)), turn('cart', CART_STOCK, said(7200, 5600)), clear('stock', 8080, said(7400, 5000)),
  ]
  for (const order of [messages, messages.toReversed()]) {
    const requests = joined(order).sort((a, b) => a.atMicros - b.atMicros)
    assert.deepEqual(requests.map((r) => [r.from, r.to, kinds(r), r.hops.map((h) => h.atMicros)]), [
      ['web', 'cart', 'clear web | tls web+cart | clear cart', [5000, 5200, 5400]],
      ['cart', 'stock', 'clear cart | tls cart+stock | clear stock', [7000, 7200, 7400]],
    ])
  }
})

test('passed on to one without a sidecar: the first part is still mTLS, the second is not', () => {
  const line: Line = { from: 'cart', to: 'ads', port: 50_004 }
  const requests = joined([
    ...opened(WEB_CART),
    plain('cart', line, { atMicros: 7000, elapsedMicros: 5000 }),
    clear('cart', 8080, { atMicros: 5400, elapsedMicros: 9000 }), clear('web', 9001, { atMicros: 5000, elapsedMicros: 10_000 }),
    turn('web', WEB_CART, { atMicros: 5200, elapsedMicros: 9600 }),
  ])
  assert.deepEqual(requests.map((r) => `${r.from} ${r.to} ${r.verdict}`).sort(), ['cart ads plaintext', 'web cart mtls-inferred'])
})

test('a client that is not watched leaves the wire and the server, and it is said', () => {
  const [request] = joined([handshake('cart', WEB_CART, 10), clear('cart', 8080, { atMicros: 5300, elapsedMicros: 1000 }), turn('cart', WEB_CART, { atMicros: 5120, elapsedMicros: 1310 })])
  assert.deepEqual([request!.from, request!.to, request!.verdict, kinds(request!), request!.notes],
    ['web', 'cart', 'mtls-inferred', 'tls cart | clear cart', ['nothing is captured in web']])
})

test('an answer that the server\'s sidecar gave by itself was not seen at its app', () => {
  const [request] = joined([...opened(WEB_CART), ...webToCart(5000).slice(1)])
  assert.deepEqual([request!.from, request!.to, kinds(request!), request!.notes], ['web', 'cart', 'clear web | tls web+cart', ['not seen in the clear in cart']])
})

test('a request that is seen on a loopback only says nothing about a wire', () => {
  const [request] = joined([...opened(WEB_CART), clear('web', 15_000, { what: 'GET /ready', atMicros: 5000, elapsedMicros: 300 })])
  assert.deepEqual([request!.from, request!.to, request!.verdict, kinds(request!), request!.notes],
    [undefined, undefined, 'wire-not-seen', 'clear web', ['nothing of it was seen on a wire']])
})

test('the caller may know who listens where', () => {
  const [request] = joined([clear('web', 15_000, { atMicros: 5000, elapsedMicros: 300 })], { roleOf: () => 'server' })
  assert.deepEqual([request!.from, request!.to], [undefined, 'web'])
})

test('a turn that is not known in time: the connections between the two are what can be said', () => {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request))
  const [inner, outer, turnSeen] = webToCart(5000)
  for (const seen of [...opened(WEB_CART), inner!, outer!]) join.add(seen)
  join.advance(2 * SECOND)
  assert.equal(requests.length, 0)
  join.advance(3 * SECOND)
  assert.deepEqual([requests[0]!.verdict, kinds(requests[0]!)], ['mtls-inferred', 'clear web | tls web+cart | clear cart'])
  const tls = requests[0]!.hops[1] as TlsHop
  assert.deepEqual([tls.evidence, tls.records, tls.bytes], ['connection', undefined, undefined])
  assert.match(requests[0]!.notes[0]!, /not told apart/)
  join.add(turnSeen!)
  join.end()
  assert.equal(requests.length, 1)
})

test('of connections that differ only what they share is said', () => {
  const other = { ...WEB_CART, port: 50_010 }
  const [request] = joined([...opened(WEB_CART), ...opened(other, { clientFlight: { records: 1, bytes: 74, end: 'finished' } }, { group: 'X25519' }),
    ...webToCart(5000).slice(0, 2)])
  const tls = request!.hops[1] as TlsHop
  assert.deepEqual([request!.verdict, tls.version, tls.group, tls.clientProof], ['tls', 'TLS 1.3', undefined, 'unknown'])
})

test('a connection that was closed before is no evidence', () => {
  const requests = joined([...opened(WEB_CART), closed('web', WEB_CART, 4000), closed('cart', WEB_CART, 4010),
    ...webToCart(10_000).slice(0, 2)])
  assert.deepEqual(requests.map((r) => r.verdict), ['wire-not-seen', 'wire-not-seen'])
})

test('of requests that are alike and under way at once each finds its own, by who waited longer and by habit', () => {
  const other = { ...WEB_CART, port: 50_020 }
  const [slow, quick] = [9001, 9002]
  const alike = (port: number, atMicros: number, endMicros: number): HopMessage => clear('web', port, { atMicros, elapsedMicros: endMicros - atMicros })
  const inner = (port: number, atMicros: number, endMicros: number): HopMessage => clear('cart', port, { atMicros, elapsedMicros: endMicros - atMicros })
  const requests = joined([
    ...opened(WEB_CART), ...opened(other),
    alike(slow, 5000, 20_000), inner(8080, 7000, 18_000), turn('web', WEB_CART, { atMicros: 5500, elapsedMicros: 13_500, bytes: 1001 }),
    alike(quick, 6000, 19_500), inner(8081, 8000, 18_500), turn('web', other, { atMicros: 6500, elapsedMicros: 12_500, bytes: 1002 }),
  ], { roleOf: (flow) => flow.server.port < 9000 ? 'server' : 'client' })
  assert.deepEqual(requests.map((r) => [r.atMicros, r.hops[2]!.atMicros, (r.hops[1] as TlsHop).bytes]).sort(), [[5000, 7000, 1001], [6000, 8000, 1002]])
})

test('of requests that are alike and under way at once it is known what both crossed only where it is known whom they called', () => {
  const listener = '127.137.0.2'
  const called = (port: number, atMicros: number): HopMessage => {
    const seen = clear('web', port, { atMicros, elapsedMicros: 20_000 })
    return { ...seen, flow: { ...seen.flow, server: { ip: listener, port: 8080 } } }
  }
  const alike = [
    ...opened(WEB_CART), called(9001, 5000), called(9002, 6000), clear('cart', 8080, { atMicros: 9000, elapsedMicros: 10_000 }), clear('cart', 8081, { atMicros: 9500, elapsedMicros: 10_000 }),
  ]
  const verdicts = (leadsTo?: (ip: string) => string | undefined): string[] => joined(alike, { roleOf: ({ server }) => server.ip === listener ? 'client' : 'server', ...leadsTo && { leadsTo } }).map(({ verdict }) => verdict)
  assert.deepEqual(verdicts(), ['tls', 'tls'])
  assert.deepEqual(verdicts((ip) => ip === listener ? 'cart' : undefined), ['mtls-inferred', 'mtls-inferred'])
})

test('tickets of the server divide the first turn: its records are counted with the rest', () => {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request))
  const [inner, outer] = webToCart(5000)
  const first = turn('web', WEB_CART, { atMicros: 5100, elapsedMicros: 90, records: 3, bytes: 700 })
  for (const seen of [...opened(WEB_CART), first, inner!, outer!]) join.add(seen)
  join.advance(SECOND)
  assert.equal(requests.length, 0, 'the answer has not been seen on the wire')
  join.add(turn('web', WEB_CART, { atMicros: 5250, elapsedMicros: 1200, records: 2, bytes: 300 }))
  join.advance(SECOND + 1)
  assert.deepEqual(requests.map((r) => [(r.hops[1] as TlsHop).records, (r.hops[1] as TlsHop).bytes]), [[5, 1000]])
})

test('different answers or sizes are different requests', () => {
  for (const other of [{ status: 500 }, { what: 'GET /cart/8' }, { what: 'PUT /cart/7' }, { requestBytes: 1 }, { responseBytes: 21 }]) {
    const requests = joined([...opened(WEB_CART), clear('web', 9001, { atMicros: 5000, elapsedMicros: 1600 }), clear('cart', 8080, { atMicros: 5300, elapsedMicros: 1000, ...other })])
    assert.equal(requests.length, 2, JSON.stringify(other))
  }
})

test('an incomplete message is joined all the same: its sizes say nothing', () => {
  const requests = joined([...opened(WEB_CART), clear('web', 9001, { atMicros: 5000, elapsedMicros: 1600, responseBytes: 7, complete: false }),
    clear('cart', 8080, { atMicros: 5300, elapsedMicros: 1000 })])
  assert.equal(requests.length, 1)
})

test('what was answered before it was asked elsewhere is not its inner part', () => {
  const requests = joined([...opened(WEB_CART), clear('web', 9001, { atMicros: 5000, elapsedMicros: 1000 }), clear('cart', 8080, { atMicros: 5500, elapsedMicros: 9000 })])
  assert.equal(requests.length, 2)
})

test('places may be given by their addresses, and a name that two claim is none', () => {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request))
  join.setPlace('web', ['127.0.0.1', IPS.web!])
  join.setPlace('cart', ['127.0.0.1', IPS.cart!])
  const nameless = (seen: HopMessage): HopMessage => ({
    ...seen, flow: { ...seen.flow, client: { ...seen.flow.client, name: undefined }, server: { ...seen.flow.server, name: undefined } },
  })
  for (const seen of [...opened(WEB_CART), ...webToCart(5000)]) join.add(nameless(seen))
  join.end()
  assert.deepEqual(requests.map((r) => [r.from, r.to, r.hops.length]), [['web', 'cart', 3]])
})

/** Requests of a run with the shop: when each begins, on which edge, and how long each leg takes. */
const TRAFFIC = fc.array(fc.record({
  gap: fc.integer({ min: 0, max: 60_000 }), path: fc.integer({ min: 0, max: 3 }), edge: fc.constantFrom(WEB_CART, CART_STOCK),
  legs: fc.tuple(fc.integer({ min: 10, max: 3000 }), fc.integer({ min: 10, max: 3000 }), fc.integer({ min: 10, max: 3000 })),
}), { minLength: 1, maxLength: 25 })

test('whatever the order in which threads hand over what they saw, each request of a connection is joined with its own hops', () => {
  fc.assert(fc.property(TRAFFIC, fc.infiniteStream(fc.integer({ min: 0, max: 100_000 })), (traffic, delays) => {
    const messages: { seen: HopMessage, arrival: number }[] = []
    const busyUntil = new Map<Line, number>()
    let at = 100_000
    for (const { gap, path, edge, legs: [a, b, c] } of traffic) {
      at += gap
      const start = Math.max(at, busyUntil.get(edge) ?? 0)
      const [t1, t2, t3, end] = [start + a, start + a + b, start + a + b + c, start + 2 * (a + b) + c]
      busyUntil.set(edge, end + 1)
      const what = `GET /${edge.to}/${path}`
      for (const seen of [
        clear(edge.from, 9000, { what, atMicros: start, elapsedMicros: end - start }), clear(edge.to, 8080, { what, atMicros: t2, elapsedMicros: t3 - t2 }),
        turn(edge.from, edge, { atMicros: t1, elapsedMicros: t3 + b - t1, bytes: 200 + messages.length }),
      ]) messages.push({ seen, arrival: end + delays.next().value! })
    }
    messages.sort((x, y) => x.arrival - y.arrival)
    const requests = joined([...opened(WEB_CART), ...opened(CART_STOCK), ...messages.map((m) => m.seen)])
    assert.equal(requests.length, traffic.length)
    for (const request of requests) {
      const [outer, tls, inner] = request.hops
      assert.equal(request.hops.length, 3)
      assert.ok(request.verdict === 'mtls-inferred' && (tls as TlsHop).evidence === 'turn')
      assert.ok(outer!.atMicros! <= tls!.atMicros! && tls!.atMicros! <= inner!.atMicros!)
    }
    assert.equal(new Set(requests.map((r) => (r.hops[1] as TlsHop).bytes)).size, requests.length, 'no turn counts twice')
  }), { numRuns: 150 })
})

test('without answers that could be joined memory stays bounded, and what was given up is counted and still shown', () => {
  let emitted = 0
  const join = new HopJoin(() => { emitted++ })
  for (let n = 0; n < 20_000; n++) {
    join.add(clear('web', 9001, { what: `GET /${n}`, atMicros: 5000 + n % 7, elapsedMicros: 100 }))
    if (n % 4 === 0) join.add(turn('web', { ...WEB_CART, port: 1024 + n }, { atMicros: 5000 + n % 5 }))
  }
  assert.ok(emitted >= 20_000 - 8192 - 4096)
  assert.deepEqual(Object.keys(join.limits).sort(), ['connections that the join remembers', 'requests that wait for their hops', 'requests that wait for their turn'])
  join.end()
  assert.equal(emitted, 20_000)
})

test('large bodies count for the bound', () => {
  let emitted = 0
  const join = new HopJoin(() => { emitted++ })
  const text = 'x'.repeat(1 << 20)
  for (let n = 0; n < 300; n++) {
    const seen = clear('web', 9001, { what: `GET /${n}`, atMicros: 5000, elapsedMicros: 100 })
    join.add({ ...seen, message: { ...seen.message, response: { bodyBytes: text.length, body: { text } } } })
  }
  assert.ok(emitted >= 300 - 128 && emitted < 300, `${emitted} were let go`)
  assert.ok((join.limits['requests that wait for their hops'] ?? 0) > 0)
  join.end()
  assert.equal(emitted, 300)
})

test('messages that say nonsense are taken as they are', () => {
  const half = fc.oneof(fc.constant(undefined), fc.record({ kind: fc.constantFrom('handshake', 'ciphertext', 'closed', 'x', 7), bodyBytes: fc.anything(), body: fc.anything(), clientFlight: fc.anything(), certificate: fc.anything(), records: fc.anything() }))
  fc.assert(fc.property(fc.array(fc.record({ protocol: fc.constantFrom('tls', 'http1', 'tcp', 'redis'), at: fc.integer(), elapsed: fc.oneof(fc.constant(undefined), fc.integer()), request: half, response: half, place: fc.constantFrom('web', 'cart', undefined) })), (all) => {
    const messages = all.map(({ protocol, at, elapsed, request, response, place }) => {
      const base = plain('web', WEB_CART, { atMicros: at, elapsedMicros: elapsed })
      return { flow: { ...base.flow, namespace: place }, message: { ...base.message, protocol, request, response } }
    })
    const readable = all.filter(({ protocol }) => protocol === 'http1' || protocol === 'redis').length
    assert.ok(joined(messages).length <= readable)
  }))
})
