import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Side } from '../../model/side.ts'
import { CLIENT, SERVER } from '../../model/side.ts'
import { Listener } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import type { ResponseView } from './view.ts'

const GET = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
const OK = (body: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`

/** A connection where bytes get lost; time goes on by ten with each call. */
class Lossy {
  readonly listener = new Listener(http1)
  at = 1000

  ask(text: string, at = this.at += 10): this {
    this.listener.data(CLIENT, Buffer.from(text, 'latin1'), at)
    return this
  }

  answer(text: string, at = this.at += 10): this {
    this.listener.data(SERVER, Buffer.from(text, 'latin1'), at)
    return this
  }

  lose(side: Side, bytes: number): this {
    this.listener.gap(side, bytes, this.at += 10)
    return this
  }

  end(): string[] {
    return this.listener.end(this.at).messages.map((m) => `${m['what'] as string} ${m['status'] as number ?? '-'} ${m['complete'] === true ? 'complete' : 'incomplete'}`)
  }

  response(index: number): ResponseView {
    return this.listener.said.messages[index]!['response'] as ResponseView
  }
}

test('bytes lost within a body of known length lose nothing else', () => {
  const lossy = new Lossy().ask(GET('/a')).answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').lose(SERVER, 4).answer('hij').ask(GET('/b')).answer(OK('x'))
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete', 'GET /b 200 complete'])
  const { bodyBytes, lostBytes, body } = lossy.response(0)
  assert.deepEqual({ bodyBytes, lostBytes, body }, { bodyBytes: 10, lostBytes: 4, body: { text: 'abc', truncated: true } })
})

test('bytes lost at the very end of a body', () => {
  const lossy = new Lossy().ask(GET('/a')).answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').lose(SERVER, 7).ask(GET('/b')).answer(OK('x'))
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete', 'GET /b 200 complete'])
})

test('bytes lost within the data of a chunk lose nothing else', () => {
  const lossy = new Lossy().ask(GET('/a')).answer('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nab').lose(SERVER, 8).answer('\r\n0\r\n\r\n').ask(GET('/b')).answer(OK('x'))
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete', 'GET /b 200 complete'])
  assert.deepEqual([lossy.response(0).bodyBytes, lossy.response(0).lostBytes], [10, 8])
})

test('bytes lost beyond a body: the next start line is searched for', () => {
  const lossy = new Lossy().ask(GET('/a')).answer('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc').lose(SERVER, 60)
    .ask(GET('/b')).ask(GET('/c')).answer(`rest of b${OK('c')}`)
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete', 'GET /b - incomplete', 'GET /c 200 complete'])
})

test('a lost request leaves its answer alone, and the next pair is right', () => {
  const lossy = new Lossy().ask(GET('/a')).answer(OK('a')).lose(CLIENT, 30).answer(OK('b')).ask(GET('/c')).answer(OK('c'))
  assert.deepEqual(lossy.end(), ['GET /a 200 complete', 'response without request 200 incomplete', 'GET /c 200 complete'])
  assert.deepEqual(lossy.response(2).body, { text: 'c' })
})

test('a loss that shows late, when answers have overtaken the request behind it', () => {
  const lossy = new Lossy().ask(GET('/a')).answer(OK('a')).answer(OK('b'), 2000).answer(OK('c'), 3000).lose(CLIENT, 30).ask(GET('/c'), 2500)
    .ask(GET('/d'), 4000).answer(OK('d'), 4100)
  assert.deepEqual(lossy.end(), ['GET /a 200 complete', 'response without request 200 incomplete', 'GET /c 200 complete', 'GET /d 200 complete'])
  assert.deepEqual(lossy.response(2).body, { text: 'c' })
})

test('a head that lost bytes is shown as far as it goes', () => {
  const lossy = new Lossy().ask('GET /a HTTP/1.1\r\nHost: shop\r\nX-').lose(CLIENT, 20).answer(OK('a')).ask(GET('/b')).answer(OK('b'))
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete', 'GET /b 200 complete'])
  assert.deepEqual(lossy.listener.said.messages[0]!['notes'], ['request: bytes of the head were lost'])
})

test('bytes lost from a body that ends with the connection', () => {
  const lossy = new Lossy().ask(GET('/a')).answer('HTTP/1.0 200 OK\r\n\r\nabc').lose(SERVER, 1000).answer('xyz')
  assert.deepEqual(lossy.end(), ['GET /a 200 incomplete'])
  assert.deepEqual([lossy.response(0).bodyBytes, lossy.response(0).lostBytes], [1006, 1000])
})

test('a body that speaks of HTTP does not fool the search', () => {
  const prose = 'as in HTTP/1.1 200 OK\r\nwhich is a status line\r\n\r\nand GET / HTTP/1.1 too\r\n'
  const lossy = new Lossy().ask(GET('/a')).answer(OK('a')).ask(GET('/b')).lose(SERVER, 10).answer(prose).answer(OK('b')).ask(prose).ask(GET('/c')).answer(OK('c'))
  assert.deepEqual(lossy.end().slice(-1), ['GET /c 200 complete'])
  assert.ok(lossy.listener.said.messages.some((m) => m['what'] === 'GET /b' && m['status'] === 200))
})

test('the search finds a start line wherever the bytes are cut', () => {
  const after = `}}{"x":"HTTP/1."}HTTP/1.1 20${OK('b')}`
  for (let cut = 1; cut < after.length; cut++) {
    const lossy = new Lossy().ask(GET('/a')).answer(OK('a')).ask(GET('/b')).lose(SERVER, 10).answer(after.slice(0, cut)).answer(after.slice(cut))
    assert.deepEqual(lossy.end(), ['GET /a 200 complete', 'GET /b 200 complete'], `cut at ${cut}`)
  }
})

test('after any loss between messages all later pairs are right', () => {
  const turn = fc.record({ loseRequest: fc.boolean(), loseResponse: fc.boolean() })
  fc.assert(fc.property(fc.array(turn, { minLength: 1, maxLength: 12 }), (turns) => {
    const lossy = new Lossy().ask(GET('/first')).answer(OK('first'))
    for (const [i, { loseRequest, loseResponse }] of turns.entries()) {
      if (loseRequest) lossy.lose(CLIENT, 40)
      else lossy.ask(GET(`/${i}`))
      if (loseResponse) lossy.lose(SERVER, 40)
      else lossy.answer(OK(String(i)))
    }
    lossy.end()
    const { messages } = lossy.listener.said
    for (const m of messages) {
      const body = (m['response'] as ResponseView | undefined)?.body?.text
      if (m['request'] !== undefined && body !== undefined) assert.equal(m['what'], `GET /${body}`)
    }
    for (const [i, { loseRequest, loseResponse }] of turns.entries()) {
      if (!loseRequest && !loseResponse) assert.ok(messages.some((m) => m['what'] === `GET /${i}` && m['complete'] === true), `pair ${i}`)
    }
  }), { numRuns: 200 })
})
