import assert from 'node:assert/strict'
import test from 'node:test'
import type { Said, Step } from '../contract.fixture.ts'
import { listen } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import type { RequestView, ResponseView } from './view.ts'
import { answer, ask, chunked } from './samples.fixture.ts'

interface Shown {
  what: string
  status?: number
  outcome: string
  atMicros: number
  elapsedMicros?: number
  complete: boolean
  notes: string[]
  request?: RequestView
  response?: ResponseView
}

const hear = (...steps: Step[]): Said => listen(http1, steps)
const messages = (...steps: Step[]): Shown[] => hear(...steps).messages as unknown as Shown[]
const lines = (...steps: Step[]): string[] => messages(...steps).map((m) => `${m.what} ${m.status ?? '-'} ${m.complete ? 'complete' : 'incomplete'}`)

function one(...steps: Step[]): Shown {
  const all = messages(...steps)
  assert.equal(all.length, 1)
  return all[0]!
}

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a request with its response, field by field', () => {
  const shown = one(ask('POST /cart/7?x=1 HTTP/1.1\r\nHost: cart\r\nX-A: 1\r\nx-a:  2 \r\nContent-Length: 3\r\n\r\nabc', 1000), answer(OK, 1700))
  assert.deepEqual(shown, {
    protocol: 'http1', atMicros: 1000, elapsedMicros: 700, what: 'POST /cart/7?x=1', status: 200, outcome: 'ok', complete: true, notes: [],
    request: {
      method: 'POST', path: '/cart/7?x=1', version: '1.1',
      headers: [{ name: 'Host', value: 'cart' }, { name: 'X-A', value: '1' }, { name: 'x-a', value: '2' }, { name: 'Content-Length', value: '3' }],
      bodyBytes: 3, body: { text: 'abc' }, durationMicros: 0, complete: true,
    },
    response: {
      status: 200, reason: 'OK', version: '1.1', headers: [{ name: 'Content-Length', value: '2' }],
      bodyBytes: 2, body: { text: 'ok' }, durationMicros: 0, complete: true,
    },
  })
})

test('times: first byte to first byte, and how long each half took', () => {
  const shown = one(ask('PUT / HTTP/1.1\r\nContent-', 100), ask('Length: 4\r\n\r\nab', 200), ask('cd', 350), answer('HTTP/1.1 200', 500),
    answer(' OK\r\nContent-Length: 1\r\n\r\n', 600), answer('x', 950))
  assert.deepEqual([shown.atMicros, shown.elapsedMicros, shown.request?.durationMicros, shown.response?.durationMicros], [100, 400, 250, 450])
})

test('the outcome follows the class of the status', () => {
  const outcome = (status: string) => one(ask('GET / HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`)).outcome
  assert.deepEqual(['200', '302', '404', '503', '999'].map(outcome), ['ok', 'redirect', 'client-error', 'server-error', 'none'])
})

test('the forms of a target', () => {
  const target = (line: string) => {
    const { request, what } = one(ask(`${line} HTTP/1.1\r\n\r\n`), answer(OK))
    return [what, request!.path, request!.target]
  }
  assert.deepEqual(target('GET http://shop.example:8080/a?b'), ['GET /a?b', '/a?b', 'http://shop.example:8080/a?b'])
  assert.deepEqual(target('GET http://shop.example'), ['GET /', '/', 'http://shop.example'])
  assert.deepEqual(target('GET http://shop.example?q'), ['GET /?q', '/?q', 'http://shop.example?q'])
  assert.deepEqual(target('OPTIONS *'), ['OPTIONS *', '*', undefined])
  assert.deepEqual(target('GET /caf\xc3\xa9'), ['GET /café', '/café', undefined])
  assert.deepEqual(target('GET /caf\xe9'), ['GET /café', '/café', undefined])
})

test('responses without a body although they give a length', () => {
  assert.deepEqual(lines(
    ask('HEAD /a HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n'),
    ask('GET /b HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 304 Not Modified\r\nContent-Length: 999\r\n\r\n'),
    ask('DELETE /c HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n'),
    ask('HEAD /d HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    ask('GET /e HTTP/1.1\r\n\r\n'), answer(OK),
  ), ['HEAD /a 200 complete', 'GET /b 304 complete', 'DELETE /c 204 complete', 'HEAD /d 200 complete', 'GET /e 200 complete'])
})

test('pipelined requests are paired in order, heads and bodies in one piece', () => {
  const requests = ['GET /1 HTTP/1.1\r\n\r\n', 'HEAD /2 HTTP/1.1\r\n\r\n', 'POST /3 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab', 'GET /4 HTTP/1.1\r\n\r\n'].join('')
  const responses = [OK, 'HTTP/1.1 404 Not Found\r\nContent-Length: 7\r\n\r\n', 'HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n', OK].join('')
  assert.deepEqual(lines(ask(requests), answer(responses)), ['GET /1 200 complete', 'HEAD /2 404 complete', 'POST /3 201 complete', 'GET /4 200 complete'])
})

test('interim responses belong to the final one', () => {
  const shown = one(ask('PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n', 1), answer('HTTP/1.1 100 Continue\r\n\r\n', 2), ask('ab', 3),
    answer('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n', 4), answer(OK, 9))
  assert.equal(shown.elapsedMicros, 8)
  assert.equal(shown.status, 200)
  assert.deepEqual(shown.response!.interim, [
    { status: 100, reason: 'Continue', headers: [] }, { status: 103, reason: 'Early Hints', headers: [{ name: 'Link', value: '</x>' }] },
  ])
})

test('an interim response without a final one is shown for want of it', () => {
  const shown = one(ask('PUT /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n'), answer('HTTP/1.1 100 Continue\r\n\r\n'))
  assert.deepEqual([shown.status, shown.outcome, shown.complete, shown.notes], [100, 'info', false, ['response: no final response followed']])
})

test('chunked with extensions and trailers', () => {
  const { response, notes, complete } = one(ask('GET / HTTP/1.1\r\nTE: trailers\r\n\r\n'),
    answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip-not, Chunked\r\n\r\n5;a=b;c="d;e"\r\nhello\r\n${chunked(' world')}0;last\r\nX-Sum: 9\r\nX-Sum: 10\r\n\r\n`))
  assert.deepEqual([response!.bodyBytes, response!.trailers], [11, [{ name: 'X-Sum', value: '9' }, { name: 'X-Sum', value: '10' }]])
  assert.deepEqual([complete, notes], [true, []])
  assert.equal(response!.body!.undecoded, 'gzip-not is not known')
})

test('a body that ends with the connection', () => {
  const { response, complete, notes } = one(ask('GET / HTTP/1.0\r\n\r\n'), answer('HTTP/1.0 200 OK\r\n\r\nto the '), answer('end'))
  assert.deepEqual([response!.bodyBytes, response!.body!.text, response!.version, complete], [10, 'to the end', '1.0', true])
  assert.deepEqual(notes, ['response: the body ends with the connection, so its length cannot be verified'])
})

test('HTTP/1.0 keep-alive', () => {
  const request = 'GET /k HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'
  const response = 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx'
  assert.deepEqual(lines(ask(request), answer(response), ask(request), answer(response)), ['GET /k 200 complete', 'GET /k 200 complete'])
})

test('an early answer, while the request is still being sent', () => {
  assert.deepEqual(lines(ask('POST /big HTTP/1.1\r\nContent-Length: 10\r\n\r\n01234'), answer('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'), ask('56789'),
    ask('GET /next HTTP/1.1\r\n\r\n'), answer(OK)), ['POST /big 413 complete', 'GET /next 200 complete'])
})

test('an answer that was captured before its request', () => {
  assert.deepEqual(lines(answer(OK, 20), ask('GET /a HTTP/1.1\r\n\r\n', 10), ask('GET /b HTTP/1.1\r\n\r\n', 30), answer(OK, 40)), ['GET /a 200 complete', 'GET /b 200 complete'])
  assert.equal(one(answer(OK, 20), ask('GET /a HTTP/1.1\r\n\r\n', 25)).elapsedMicros, 0)
})

test('halves without the other are told at the end', () => {
  const [unanswered] = messages(ask('GET /a HTTP/1.1\r\n\r\n'))
  assert.deepEqual([unanswered!.what, unanswered!.status, unanswered!.outcome, unanswered!.complete, unanswered!.notes],
    ['GET /a', undefined, 'none', false, ['no response was captured']])
  const [unasked] = messages(answer('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n'))
  assert.deepEqual([unasked!.what, unasked!.status, unasked!.complete, unasked!.notes], ['response without request', 408, false, ['the request was not captured']])
})

test('an end in the middle is told, with what there was', () => {
  const cut = one(ask('GET /car'))
  assert.deepEqual([cut.what, cut.complete, cut.notes[1]], ['GET /car', false, 'request: the connection ends within the head'])
  const body = one(ask('GET / HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'))
  assert.deepEqual([body.status, body.response!.bodyBytes, body.response!.body, body.notes], [200, 3, { text: 'abc' }, ['response: the connection ends within the body']])
})

test('101 hands over to what the Upgrade header names', () => {
  const names = ['websocket', 'WebSocket', 'h2c', 'TLS/1.0, HTTP/1.1', 'spdy/3.1'].map((name) => hear(ask(`GET / HTTP/1.1\r\nUpgrade: ${name}\r\n\r\n`),
    answer(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${name}\r\n\r\n`)).switchedTo)
  assert.deepEqual(names, ['websocket', 'websocket', 'http2', 'tls', undefined])
})

test('101 gives both rests away, and its exchange comes first', () => {
  const said = hear(ask('GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\nEARLY'), answer('HTTP/1.1 101 Switching Protocols\r\n\r\nREST'))
  assert.deepEqual([said.switched, said.switchedTo, said.handedOver.map((pieces) => Buffer.concat(pieces).toString())], [true, 'websocket', ['EARLY', 'REST']])
  assert.deepEqual([said.messages[0]!['what'], said.messages[0]!['status'], said.messages[0]!['complete']], ['GET /ws', 101, true])
})

test('a CONNECT that succeeds hands over, one that is refused does not', () => {
  const opened = hear(ask('CONNECT a:443 HTTP/1.1\r\n\r\n\x16\x03'), answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'))
  assert.deepEqual([opened.switched, opened.switchedTo, Buffer.concat(opened.handedOver[0]).toString('latin1')], [true, undefined, '\x16\x03'])
  assert.deepEqual(lines(ask('CONNECT a:443 HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 2\r\n\r\nno'),
    ask('CONNECT b:443 HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'), answer(OK)),
  ['CONNECT a:443 407 complete', 'CONNECT b:443 403 complete', 'GET /c 200 complete'])
})

test('an upgrade that the server ignores leaves ordinary requests', () => {
  const h2c = 'POST /a HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx'
  assert.deepEqual(lines(ask(`${h2c}GET /b HTTP/1.1\r\n\r\n`), answer(OK + OK), ask(h2c), answer(OK)), ['POST /a 200 complete', 'GET /b 200 complete', 'POST /a 200 complete'])
})

test('an answer to an earlier request does not decide about a CONNECT behind it', () => {
  const said = hear(ask('GET /a HTTP/1.1\r\n\r\nCONNECT b:1 HTTP/1.1\r\n\r\nraw'), answer(OK), answer('HTTP/1.1 200 OK\r\n\r\n'))
  assert.deepEqual(said.messages.map((m) => m['what']), ['GET /a', 'CONNECT b:1'])
  assert.equal(Buffer.concat(said.handedOver[0]).toString(), 'raw')
})

const noted = (request: string, response = OK) => {
  const { notes, complete } = one(ask(request), answer(response))
  return { notes, complete }
}

test('what is tolerated is noted', () => {
  const tolerated: [string, string][] = [
    ['GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n', 'request: lines that end without CR'],
    ['GET / HTTP/1.1\nHost: a\n\n', 'request: lines that end without CR'],
    ['\r\n\r\nGET / HTTP/1.1\r\n\r\n', 'request: empty lines before the start line'],
    ['GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n', 'request: folded header lines (obs-fold)'],
    ['GET / HTTP/1.1\r\nA : b\r\n\r\n', 'request: white space before the colon of a header; a sign of request smuggling'],
    ['GET / HTTP/1.1\r\nnonsense\r\n\r\n', 'request: a header line without a valid name'],
    ['GET / HTTP/1.1\r\nA: b\0c\r\n\r\n', 'request: control characters in the head'],
    ['GET / HTTP/1.1\r\nA: b\rC: d\r\n\r\n', 'request: control characters in the head'],
    ['GET /a b HTTP/1.1\r\n\r\n', 'request: irregular white space in the start line'],
    ['GET / HTTP/1.1 \r\n\r\n', 'request: irregular white space in the start line'],
    ['POST / HTTP/1.1\r\nContent-Length: 0, 0\r\n\r\n', 'request: Content-Length is repeated'],
    ['POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n', 'request: Content-Length is repeated'],
    ['POST / HTTP/1.1\r\nContent-Length: 0\r\ncontent-length: 7\r\n\r\n', 'request: several Content-Length that differ, the first was used; a sign of request smuggling'],
    ['POST / HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'request: Content-Length and Transfer-Encoding together, the latter was used; a sign of request smuggling'],
    ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'request: Transfer-Encoding in an HTTP/1.0 message; a sign of request smuggling'],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n', 'request: lines that end without CR'],
    ['POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n', 'request: lines that end without CR'],
  ]
  for (const [request, note] of tolerated) assert.deepEqual(noted(request), { notes: [note], complete: true }, request)
})

test('folded lines are joined, also those that decide about the body', () => {
  const { request } = one(ask('POST / HTTP/1.1\r\nA: b\r\n\t c\r\nTransfer-Encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n'), answer(OK))
  assert.deepEqual(request!.headers, [{ name: 'A', value: 'b c' }, { name: 'Transfer-Encoding', value: 'chunked' }])
  assert.equal(request!.bodyBytes, 1)
})

test('a body whose end cannot be known is skipped up to the next start line, and told', () => {
  const next = 'GET /next HTTP/1.1\r\n\r\n'
  for (const header of ['Content-Length: -1', 'Content-Length: +3', 'Content-Length: 0x3', 'Content-Length:', 'Transfer-Encoding: chunked, gzip', 'Content-Length: 9999999999999999']) {
    assert.deepEqual(lines(ask(`POST /a HTTP/1.1\r\n${header}\r\n\r\nabc`), answer(OK), ask(next), answer(OK)), ['POST /a 200 incomplete', 'GET /next 200 complete'], header)
  }
  assert.deepEqual(lines(ask('GET /a HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc'), ask(next), answer(OK)),
    ['GET /a 200 incomplete', 'GET /next 200 complete'])
})

test('broken chunked coding is told, and the next message is found', () => {
  for (const bad of ['zz\r\n', '\r\n', '3 x\r\nabc', '3\r\nabcd\r\n', 'fffffffffffffff\r\n', `3;${'x'.repeat(20000)}`]) {
    const said = hear(ask(`POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${bad}`), answer(OK), ask('GET /b HTTP/1.1\r\n\r\n'), answer(OK))
    assert.deepEqual(said.messages.map((m) => [m['what'], m['complete']]), [['POST /a', false], ['GET /b', true]], bad)
    assert.equal(said.malformed.length, 1)
  }
})

test('the byte that breaks a chunked coding may be the first of the next message', () => {
  assert.deepEqual(lines(ask('POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nGET /b HTTP/1.1\r\n\r\n'), answer(OK)),
    ['POST /a - incomplete', 'GET /b 200 complete'])
})

test('a switch before the request is whole leaves the request incomplete', () => {
  const said = hear(ask('POST /ws HTTP/1.1\r\nUpgrade: websocket\r\nContent-Length: 10\r\n\r\nabc'), answer('HTTP/1.1 101 Switching Protocols\r\n\r\n'))
  assert.deepEqual(said.messages.map((m) => [m['what'], m['complete'], m['notes']]), [['POST /ws', false, ['request: the connection ends within the body']]])
  assert.equal(said.switchedTo, 'websocket')
})

test('what follows a message and is none is told with its place, and the next message is found', () => {
  const said = hear(ask('GET /a HTTP/1.1\r\n\r\n'), answer(`${OK}garbage\r\nmore`), ask('GET /b HTTP/1.1\r\n\r\n'), answer(OK))
  assert.deepEqual(said.malformed, [`server not a status line at ${OK.length}`])
  assert.deepEqual(said.messages.map((m) => [m['what'], m['status'], m['complete']]), [['GET /a', 200, true], ['GET /b', 200, true]])
  assert.deepEqual(said.messages[1]!['notes'], ['response: bytes before it were lost or skipped'])
})

test('what is not HTTP from the start is disowned', () => {
  const said = hear(ask('GET /a HTTP/3.1\r\n\r\n'))
  assert.deepEqual([said.disowned, said.messages, said.malformed], [true, [], []])
})
