import assert from 'node:assert/strict'
import test from 'node:test'
import type { Message } from '../../model/message.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Said, Step } from '../contract.fixture.ts'
import { Listener, listen, plainMessage } from '../contract.fixture.ts'
import type { Handover, Settings, Sink } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { CANCEL, REFUSED_STREAM } from './error-codes.ts'
import { CONTINUATION, HEADERS, RST_STREAM } from './frame-types.ts'
import { bytesOf, data, frame, get, goaway, headers, post, preface, rst, settings, status, windowUpdate } from './frames.fixture.ts'
import { http2 } from './http2.ts'
import { MAX_RESETS_A_SECOND, MAX_STREAMS } from './limits.ts'
import { answer, ask } from './samples.fixture.ts'

const lines = (said: Said): string[] => said.messages.map((m) => `${m['what'] as string} ${m['status'] as string ?? '-'} ${m['complete'] === true ? 'complete' : (m['notes'] as string[])[0]}`)
const start = (): Uint8Array => bytesOf(preface(), settings())

/** As the program would open it in the middle of a connection. */
function listenLate(steps: readonly Step[]): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = []
  const sink: Sink = { message: (m: Message) => { messages.push(plainMessage(m)) }, malformed() {}, switchTo() {}, disown() {} }
  const dissector = http2.open(sink, DEFAULT_SETTINGS)
  dissector.joinedLate!()
  for (const { side, bytes, at } of steps) dissector.data(side, bytes, at)
  for (const side of [CLIENT, SERVER] as const) dissector.end(side, steps.at(-1)!.at)
  return messages
}

test('joined late in the middle of a frame: the next frames are found, what was before is told as far as it goes', () => {
  const [c, s]: [string, string][][] = [[], []]
  headers(1, get('/old', ['x-key', 'secret']), true, { table: c })
  headers(1, status(200, ['server', 'envoy']), false, { table: s })
  const messages = listenLate([
    answer(1000, 'the rest of some DATA frame', data(1, ' and its end', true)),
    ask(2000, headers(3, get('/new'), true, { table: c })),
    answer(2100, headers(3, status(200, ['server', 'envoy'], ['x-n', '1']), false, { table: s }), data(3, 'ok', true)),
    ask(3000, headers(5, get('/new', ['x-key', 'another']), true, { table: c })),
    answer(3100, headers(5, status(204, ['x-n', '1']), true, { table: s })),
  ])
  assert.deepEqual(messages.map((m) => [m['what'], m['status']]), [['response without request', undefined], ['GET /new', 200], ['GET /new', 204]])
  assert.deepEqual((messages[0]!['response'] as { body: object }).body, { text: ' and its end' })
  const [, second, third] = messages.map((m) => JSON.stringify(m))
  assert.match(second!, /"name":"\[unknown\]","value":"\[unknown: table entry 6\d was sent before the capture began\]"/)
  assert.match(second!, /"name":"x-n","value":"1"/)
  assert.match(third!, /"name":"x-n","value":"1"/)
  // Its name is not known, so it may be one that is to be hidden.
  assert.ok(!third!.includes('another'))
})

test('a call of gRPC that either side cancels says who, and whether its deadline was over', () => {
  const call = (stream: number, ...more: [string, string][]): Uint8Array => headers(stream, post('/shop.Cart/Get', ['content-type', 'application/grpc'], ...more), true)
  const said = listen(http2, [
    ask(1000, start(), call(1), call(3), call(5, ['grpc-timeout', '200m']), call(7, ['grpc-timeout', '200m']), call(9)),
    answer(2000, settings(), headers(3, status(200, ['content-type', 'application/grpc']))),
    ask(50_000, rst(1, CANCEL), rst(5, CANCEL)), answer(60_000, rst(3, CANCEL), rst(9, REFUSED_STREAM)), ask(201_500, rst(7, CANCEL)),
  ])
  assert.deepEqual(said.messages.map(({ protocol, status: name, outcome, notes }) => [protocol, name, outcome, ...notes as string[]]), [
    ['grpc', 'CANCELLED', 'client-error', 'reset by the client: CANCEL', 'no grpc-status: the client cancelled the call'],
    ['grpc', 'CANCELLED', 'client-error', 'reset by the client: CANCEL', 'no grpc-status: the client cancelled the call'],
    ['grpc', 'CANCELLED', 'server-error', 'reset by the server: CANCEL', 'no grpc-status: the server cancelled the call'],
    ['grpc', 'REFUSED_STREAM', 'server-error', 'reset by the server: REFUSED_STREAM', 'no grpc-status: a client makes UNAVAILABLE of REFUSED_STREAM'],
    ['grpc', 'DEADLINE_EXCEEDED', 'server-error', 'reset by the client: CANCEL', 'no grpc-status: the client gave the call up when its deadline of 200 ms was over'],
  ])
})

test('a gap within DATA harms nothing else', () => {
  const listener = new Listener(http2)
  const [c, s]: [string, string][][] = [[], []]
  listener.data(CLIENT, bytesOf(start(), headers(1, get('/1', ['x-a', 'b']), true, { table: c })), 1)
  const body = data(1, 'x'.repeat(1000), true)
  listener.data(SERVER, bytesOf(settings(), headers(1, status(200, ['x-s', 't']), false, { table: s }), body.subarray(0, 100)), 2)
  listener.gap(SERVER, 500, 3)
  listener.data(SERVER, body.subarray(600), 4)
  listener.data(CLIENT, headers(3, get('/1', ['x-a', 'b']), true, { table: c }), 5)
  listener.data(SERVER, headers(3, status(200, ['x-s', 't']), true, { table: s }), 6)
  const said = listener.end(7)
  assert.deepEqual(lines(said), ['GET /1 200 response: bytes of the body were lost', 'GET /1 200 complete'])
  assert.deepEqual(said.malformed, [])
})

test('after a gap between frames the table is doubtful, and is learned anew', () => {
  const listener = new Listener(http2)
  const c: [string, string][] = []
  listener.data(CLIENT, bytesOf(start(), headers(1, get('/1', ['x-a', 'b']), true, { table: c })), 1)
  const lost = headers(3, get('/lost', ['x-lost', 'l']), true, { table: c })
  listener.gap(CLIENT, lost.length, 2)
  listener.data(CLIENT, bytesOf(headers(5, get('/5', ['x-a', 'b'], ['x-c', 'd']), true, { table: c }), headers(7, get('/5', ['x-c', 'd']), true, { table: c })), 3)
  listener.data(SERVER, bytesOf(settings(), ...[1, 3, 5, 7].map((id) => headers(id, status(204), true))), 4)
  const said = listener.end(5)
  assert.deepEqual(said.messages.map((m) => m['what']), ['GET /1', 'response without request', 'GET /5', 'GET /5'])
  const [, , fifth, seventh] = said.messages.map((m) => JSON.stringify(m))
  assert.match(fifth!, /table entry \d+ was lost/)
  assert.ok(!fifth!.includes('x-lost') && !/"x-a"/.test(fifth!))
  assert.match(seventh!, /"name":"x-c","value":"d"/)
})

function open(settingsOf: Partial<Settings>, steps: readonly Step[], handover?: Handover): Record<string, unknown>[] {
  const messages: Record<string, unknown>[] = []
  const sink: Sink = { message: (m) => { messages.push(plainMessage(m)) }, malformed() {}, switchTo() {}, disown() {} }
  const dissector = http2.open(sink, { ...DEFAULT_SETTINGS, ...settingsOf }, handover)
  for (const { side, bytes, at } of steps) dissector.data(side, bytes, at)
  for (const side of [CLIENT, SERVER] as const) dissector.end(side, steps.at(-1)!.at)
  return messages
}

test('Upgrade: stream 1 is the request that came as HTTP/1.1', () => {
  const handover: Handover = {
    atMicros: 500, method: 'GET', target: '/start?a=é',
    requestHeaders: [{ name: 'Host', value: 'shop' }, { name: 'Upgrade', value: 'h2c' }, { name: 'HTTP2-Settings', value: 'AAEAAAAA' }, { name: 'Accept', value: '*/*' }],
    responseHeaders: [],
  }
  const [first] = open({}, [answer(1000, settings(), headers(1, status(200)), data(1, 'ok', true)), ask(1100, preface(), settings())], handover)
  assert.deepEqual([first!['what'], first!['status'], first!['atMicros'], first!['elapsedMicros']], ['GET /start?a=é', 200, 500, 500])
  const request = first!['request'] as { authority: string, headers: object[] }
  assert.deepEqual([request.authority, request.headers], ['shop', [{ name: 'accept', value: '*/*' }]])
})

test('gRPC messages are not cut where a long stream is shown in parts', () => {
  const message = (text: string): string => `\0\0\0\0${String.fromCharCode(text.length)}${text}`
  const [one, two, three] = ['first', 'second', 'third'].map(message) as [string, string, string]
  const parts = open({}, [
    ask(1000, start(), headers(1, post('/shop.Cart/Watch', ['content-type', 'application/grpc']), true)),
    answer(2000, settings(), headers(1, status(200, ['content-type', 'application/grpc'])), data(1, one)),
    answer(3_000_000, data(1, two + three.slice(0, 4))),
    answer(4_000_000, data(1, three.slice(4)), headers(1, [['grpc-status', '0']], true)),
  ])
  const sizes = parts.map((m) => (m['response'] as { part: number, bodyBytes: number }))
  assert.deepEqual(sizes.map(({ part, bodyBytes }) => [part, bodyBytes]), [[1, one.length + two.length], [2, three.length], [3, 0]])
})

test('a body with a Content-Length is shown once, however long it takes', () => {
  const messages = open({}, [
    ask(1000, start(), headers(1, get('/large'), true)),
    answer(2000, settings(), headers(1, status(200, ['content-length', '6'])), data(1, 'ab')),
    answer(3_000_000, data(1, 'cd')), answer(6_000_000, data(1, 'ef', true)),
  ])
  assert.deepEqual(messages.map((m) => (m['response'] as { bodyBytes: number }).bodyBytes), [6])
})

test('a fast stream without end is shown a few times a second', () => {
  const steps = [ask(0, start(), headers(1, get('/'), true)), answer(0, settings(), headers(1, status(200)))]
  for (let at = 0; at < 5_000_000; at += 10_000) steps.push(answer(at, data(1, 'x'.repeat(100))))
  const messages = open({}, steps)
  assert.ok(messages.length > 20 && messages.length < 45, String(messages.length))
  assert.equal(messages.reduce((sum, m) => sum + (m['response'] as { bodyBytes: number }).bodyBytes, 0), 50_000)
})

test('limits are reported', () => {
  const flood = listen(http2, [ask(1, start(), ...Array.from({ length: MAX_RESETS_A_SECOND + 5 }, (_, i) => bytesOf(headers(i * 2 + 1, get('/'), true), rst(i * 2 + 1, 8))))])
  assert.match(flood.malformed.join(), /^client streams are reset in rapid succession at \d+$/)
  assert.match((flood.messages.at(-1)!['notes'] as string[]).join(), /rapid reset attack/)
  const crowd = listen(http2, [ask(1, start(), ...Array.from({ length: MAX_STREAMS + 3 }, (_, i) => headers(i * 2 + 1, get('/'), true)))])
  assert.equal(lines(crowd).filter((line) => line.includes('too many streams')).length, 3)
  const block = listen(http2, [ask(1, start(), frame(HEADERS, 1, 1, '\x82'), ...Array.from({ length: 70 }, (_, i) => frame(CONTINUATION, i === 69 ? 4 : 0, 1)), headers(3, get('/next'), true))])
  assert.match(block.malformed.join(), /header block too long/)
  assert.deepEqual(block.messages.map((m) => m['what']).toSorted(), ['GET /next', '[unknown] [unknown]'])
})

test('nonsense is reported and read on from', () => {
  const said = listen(http2, [
    ask(1, start(), windowUpdate(0, 0), settings([5, 7]), windowUpdate(0, 0x7fffffff), headers(1, get('/a'), true)),
    answer(2, settings(), headers(1, status(200), false), frame(CONTINUATION, 4, 1, '\x88'), settings(), data(1, 'ok', true)),
  ])
  assert.deepEqual(said.malformed, [
    'client window update of 0 at 33', 'client setting maxFrameSize of 7 at 46', 'client window beyond 2^31-1 bytes at 61', 'server CONTINUATION without a header block at 19',
  ])
  assert.deepEqual(lines(said), ['GET /a 200 response: frames of the connection were lost meanwhile, some of them may belong here'])
})

test('a frame of the wrong size does not hide those behind it', () => {
  const said = listen(http2, [
    ask(1, start(), headers(1, get('/a'), true)),
    answer(2, settings(), frame(RST_STREAM, 0, 0, 'abcd'), settings(), headers(1, status(200), false), data(1, 'ok', true)),
  ])
  assert.deepEqual(said.malformed, ['server a frame of wrong size or stream at 9'])
  assert.deepEqual(lines(said), ['GET /a 200 complete'])
})

test('GOAWAY without an error is no message, streams above its number are refused', () => {
  const said = listen(http2, [
    ask(1, start(), headers(1, get('/1'), true), headers(3, get('/3'), true)),
    answer(2, settings(), goaway(1, 0), headers(1, status(200), true)),
  ])
  assert.deepEqual(lines(said), ['GET /3 GOAWAY not processed: the server sent GOAWAY (NO_ERROR)', 'GET /1 200 complete'])
})

test('signs of request smuggling are noted', () => {
  const said = listen(http2, [
    ask(1, start(), headers(1, post('/', ['transfer-encoding', 'chunked'], ['content-length', '9'], ['x-a', 'b\r\nHost: c']), false), data(1, 'abc', true)),
    answer(2, settings(), headers(1, status(200), true)),
  ])
  assert.deepEqual(said.messages[0]!['notes'], [
    'request: HTTP/2 forbids the header transfer-encoding; a sign of request smuggling', 'request: a header with characters that HTTP/2 forbids; a sign of request smuggling',
    'request: Content-Length is 9, the body has 3 bytes; a sign of request smuggling',
  ])
})

test('what is to be hidden is in no message', () => {
  const redaction = { credentials: true, headers: ['authorization', 'x-*-key'], parameters: ['token'], texts: ['canary\\d'] }
  const messages = open({ redaction }, [
    ask(1, start(), headers(1, post('/a?token=canary&x=1', ['authorization', 'canary'], ['x-api-key', 'canary'], ['content-type', 'text/plain']), false), data(1, 'a canary7 body'),
      headers(1, [['x-trailer-key', 'canary']], true)),
    answer(2, settings(), headers(1, status(103, ['x-early-key', 'canary'])), headers(1, status(200, ['content-type', 'application/json'])), data(1, '{"a":"canary8"}'), data(1, '', true), goaway(1, 2, 'canary9')),
  ])
  const text = JSON.stringify(messages)
  assert.equal(messages.length, 2)
  assert.ok(!text.includes('canary'), text)
  assert.match(text, /token=\[redacted\]&x=1/)
})

test('no body is kept where none is wanted', () => {
  const [m] = open({ bodyLimitBytes: 0 }, [ask(1, start(), headers(1, post('/'), false), data(1, 'abc', true)), answer(2, settings(), headers(1, status(200)), data(1, 'def', true))])
  assert.deepEqual([(m!['request'] as { body?: object, bodyBytes: number }).body, (m!['request'] as { bodyBytes: number }).bodyBytes], [undefined, 3])
})
