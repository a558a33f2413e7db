import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import type { Message } from '../model/message.ts'
import { HopJoin } from './hop-join.ts'
import type { HopMessage, JoinedRequest } from './joined-request.ts'
import type { Line } from './shop.fixture.ts'
import { clear, handshake, plain, turn } from './shop.fixture.ts'

const RANDOM = 'ab'.repeat(32)
const LINE: Line = { from: 'web', to: 'cart', port: 50_001 }
const SECOND = 1_000_000

function joined(messages: HopMessage[]): JoinedRequest[] {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((request) => requests.push(request), { holdMicros: 0, holdHalfMicros: () => 500_000 })
  for (const seen of messages) join.add(seen)
  join.end()
  return requests
}

interface Sent { readonly n: number, readonly what: string, readonly at: number, readonly line: Line, readonly offset: number, readonly tookMicros: number }

/** On a connection of the app's own, to the same listener as all. */
function own({ flow, message }: HopMessage, line: Line): HopMessage {
  return { flow: { ...flow, id: `${flow.id}-${line.port}`, client: { ...flow.client, port: line.port } }, message }
}

function sized({ flow, message }: HopMessage, offset: number | undefined, bytes: number, durationMicros: number): HopMessage {
  return { flow, message: { ...message, request: { kind: 'ciphertext', records: 1, bytes, ...(offset !== undefined && { offset }), durationMicros } } }
}

/** As either node sees it, by its own clock. The size of a request is told by no hop in the clear but its turn. */
const BYTES = 100
function atWeb({ what, at, line, offset, tookMicros, n }: Sent, clock: number): HopMessage[] {
  const said = clear('web', 9001, { what, atMicros: at + clock, elapsedMicros: tookMicros })
  return [own({ flow: said.flow, message: { ...said.message, request: { bodyBytes: 0, n } } as Message }, line), sized(turn('web', line, { atMicros: at + clock + 100, elapsedMicros: tookMicros - 250 }), offset, BYTES, 0)]
}
function atCart({ what, at, line, offset, tookMicros, n }: Sent, clock: number): HopMessage[] {
  const said = clear('cart', 8080, { what, atMicros: at + clock + 300, elapsedMicros: tookMicros - 700 })
  return [own({ flow: said.flow, message: { ...said.message, request: { bodyBytes: 0, n } } as Message }, line), sized(turn('cart', line, { atMicros: at + clock + 150, elapsedMicros: tookMicros - 350 }), offset, BYTES, 0)]
}

const opened = (place: string, line: Line, clock: number): HopMessage => handshake(place, line, 10 + clock, { random: `${String(line.port).padStart(5, '0')}${RANDOM}`.slice(0, 64) })
const request = (own: Partial<Sent> = {}): Sent => ({ n: 1, what: 'GET /cart/7', at: 5000, line: LINE, offset: 0, tookMicros: 1600, ...own })

test('both nodes tell the same key, each for its own end', () => {
  const [web] = joined([opened('web', LINE, 0), ...atWeb(request(), 0)])
  const [cart] = joined([opened('cart', LINE, 7 * SECOND), ...atCart(request(), 7 * SECOND)])
  assert.deepEqual([web!.half!.side, cart!.half!.side, web!.verdict, web!.from, cart!.to], ['client', 'server', 'mtls-inferred', 'web', 'cart'])
  assert.ok(web!.half!.key !== undefined)
  assert.equal(web!.half!.key, cart!.half!.key)
})

test('a request that both ends of were seen in one place is no half', () => {
  const [only, ...others] = joined([opened('web', LINE, 0), opened('cart', LINE, 0), ...atWeb(request(), 0), ...atCart(request(), 0)])
  assert.deepEqual([others.length, only!.half, only!.hops.length], [0, undefined, 3])
})

test('the other end is waited for where it is captured, too, and comes a moment later', () => {
  const requests: JoinedRequest[] = []
  const join = new HopJoin((one) => requests.push(one), { holdMicros: 0, holdHalfMicros: () => 500_000 })
  for (const seen of [opened('web', LINE, 0), opened('cart', LINE, 0), ...atWeb(request(), 0)]) join.add(seen)
  join.advance(5000 + 1600 + 400_000)
  for (const seen of atCart(request(), 0)) join.add(seen)
  join.advance(2 * SECOND)
  assert.deepEqual(requests.map(({ hops }) => hops.length), [3])
})

test('why there is no key', () => {
  const doubts = (messages: HopMessage[]): unknown[] => joined(messages).map(({ half }) => half?.doubt)
  assert.deepEqual(doubts(atWeb(request(), 0)), ['joined-late'])
  const [said, crossed] = atWeb(request(), 0)
  assert.deepEqual(doubts([opened('web', LINE, 0), said!, sized(crossed!, undefined, BYTES, 0)]), ['lost'])
  const other = { ...LINE, port: 50_002 }
  assert.deepEqual(doubts([opened('web', LINE, 0), opened('web', other, 0), ...atWeb(request(), 0), ...atWeb(request({ at: 5200, line: other }), 0)]), ['alike', 'alike'])
  assert.deepEqual(doubts([plain('web', LINE, { atMicros: 5000, elapsedMicros: 100 })]), ['plaintext'])
})

test('one that was alone, and is shown once more when its turn has come, is no twin of its own; of another it is', () => {
  const [said, crossed] = atCart(request({ at: SECOND }), 0)
  const other = own(atCart(request({ at: SECOND + 200 }), 0)[0]!, { ...LINE, port: 50_002 })
  const doubts = (shown: readonly HopMessage[]): unknown[] => {
    const requests: JoinedRequest[] = []
    const join = new HopJoin((one) => requests.push(one), { holdMicros: 0, isTimeTold: true })
    for (const seen of [opened('cart', LINE, 0), ...shown]) join.add(seen)
    join.advance(2 * SECOND)
    for (const seen of [crossed!, said!]) join.add(seen)
    join.advance(3 * SECOND)
    return requests.slice(shown.length).map(({ half }) => half?.doubt ?? half?.key !== undefined)
  }
  assert.deepEqual(doubts([said!]), [true])
  assert.deepEqual(doubts([said!, said!]), [true])
  assert.deepEqual(doubts([other, said!]), ['alike'])
  assert.deepEqual(doubts([said!, other]), ['alike'])
})

test('a turn that began with the end of the request before is found by its last record', () => {
  const [said, crossed] = atWeb(request({ at: 9 * SECOND, offset: 300 }), 0)
  const early = (seen: HopMessage, micros: number): HopMessage => sized({ flow: seen.flow, message: { ...seen.message, atMicros: seen.message.atMicros - micros, elapsedMicros: seen.message.elapsedMicros! + micros } }, 300, BYTES, micros)
  const [web] = joined([opened('web', LINE, 0), said!, early(crossed!, 3 * SECOND)])
  const [inner, arrived] = atCart(request({ at: 9 * SECOND, offset: 300 }), 0)
  const [cart] = joined([opened('cart', LINE, 0), inner!, early(arrived!, 3 * SECOND)])
  assert.ok(web!.half!.key !== undefined)
  assert.equal(web!.half!.key, cart!.half!.key)
})

test('what is only read near a turn, as the probe of a sidecar after an answer, did not come over the wire', () => {
  const probe = clear('cart', 15_000, { what: 'GET /readyz', atMicros: 5000 + 100_000, elapsedMicros: 300 })
  const [, crossed] = atCart(request(), 0)
  const [found, ...others] = joined([opened('cart', LINE, 0), crossed!, probe])
  assert.deepEqual([found!.half, found!.verdict, others.length], [undefined, 'wire-not-seen', 0])
  // One without an answer has nothing to be told by.
  const [asked, turned] = atCart(request(), 0).map(({ flow, message }) => ({ flow, message: { ...message, elapsedMicros: undefined, complete: false } }))
  assert.equal(joined([opened('cart', LINE, 0), turned!, asked!])[0]!.half?.side, 'server')
  // Nor does a request whose own turn is told too late take that of the one before.
  const [said] = atCart(request({ n: 2, at: SECOND / 2, offset: BYTES }), 0)
  assert.deepEqual(joined([opened('cart', LINE, 0), crossed!, said!]).map(({ half }) => half), [undefined])
})

const traffic = fc.array(fc.record({
  line: fc.nat(3), what: fc.constantFrom('GET /a', 'GET /a', 'GET /b'), pauseMicros: fc.constantFrom(10, 200, 1000, 5000, 400_000), tookMicros: fc.constantFrom(1600, 2000, 9000, 60_000), lost: fc.constantFrom(0, 0, 0, 0, 0, 1, 2, 3, 4),
}), { maxLength: 60 })

test('whatever is under way at once, alike or not, and whatever of it is lost: two ends with one key are one request', () => {
  let pairs = 0
  fc.assert(fc.property(traffic, fc.integer({ min: -SECOND, max: SECOND }), (all, clock) => {
    const lines = [0, 1, 2, 3].map((n): Line => ({ ...LINE, port: 50_001 + n }))
    const free = lines.map(() => SECOND)
    const offsets = lines.map(() => 0)
    let now = SECOND
    const [web, cart] = [lines.map((line) => opened('web', line, 0)), lines.map((line) => opened('cart', line, clock))]
    for (const [n, { line, what, pauseMicros, tookMicros, lost }] of all.entries()) {
      now += pauseMicros
      // One at a time on each connection, as HTTP/1.1 has it.
      const at = Math.max(now, free[line]!)
      free[line] = at + tookMicros + 20
      const sent = request({ n, what, at, line: lines[line]!, offset: offsets[line]!, tookMicros })
      offsets[line]! += BYTES
      web.push(...atWeb(sent, 0).filter((_, at) => at + 1 !== lost))
      cart.push(...atCart(sent, clock).filter((_, at) => at + 3 !== lost))
    }
    const inOrder = (messages: HopMessage[]): HopMessage[] => messages.toSorted((a, b) => a.message.atMicros + (a.message.elapsedMicros ?? 0) - b.message.atMicros - (b.message.elapsedMicros ?? 0))
    const ends = (messages: HopMessage[], side: string): Map<string, JoinedRequest> => new Map(joined(inOrder(messages)).flatMap((one) => one.half?.key !== undefined && one.half.side === side ? [[one.half.key, one]] : []))
    const clients = ends(web, 'client')
    for (const [key, server] of ends(cart, 'server')) {
      const client = clients.get(key)
      // What the hub asks for, too.
      if (client === undefined || client.message.what !== server.message.what || client.message.elapsedMicros! < server.message.elapsedMicros!) continue
      pairs++
      assert.equal((client.message.request as { n?: number }).n, (server.message.request as { n?: number }).n, key)
    }
  }), { numRuns: 300 })
  assert.ok(pairs > 100, `${pairs} were joined`)
})
