import assert from 'node:assert/strict'
import test from 'node:test'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import { MAX_HEADERS } from '../http/limits.ts'
import { MAX_HEAD_BYTES, MAX_HELD_BYTES, MAX_INTERIM, MAX_TRAILER_BYTES, MAX_WAITING_ANSWERS, MAX_WAITING_REQUESTS } from './limits.ts'
import { answer, ask } from './samples.fixture.ts'
import type { RequestView, ResponseView } from './view.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const NEXT = [ask('GET /next HTTP/1.1\r\n\r\n', 5000), answer(OK, 5001)]

const summary = (steps: Step[]) => {
  const { messages, malformed } = listen(http1, steps)
  return { lines: messages.map((m) => `${m['what'] as string} ${m['status'] as number ?? '-'} ${m['complete'] === true ? 'complete' : 'incomplete'}`), malformed }
}

test('a head of exactly the limit is whole, one byte more is not; both in one piece and in many', () => {
  const head = (size: number): string => `GET /a HTTP/1.1\r\nA: ${'x'.repeat(size - 24)}\r\n\r\n`
  assert.equal(head(1000).length, 1000)
  for (const cuts of [[1e9], [1000], [16, 1]]) {
    const steps = (size: number): Step[] => cutSteps([ask(head(size)), answer(OK), ...NEXT], cuts)
    assert.deepEqual(summary(steps(MAX_HEAD_BYTES)), { lines: ['GET /a 200 complete', 'GET /next 200 complete'], malformed: [] })
    assert.deepEqual(summary(steps(MAX_HEAD_BYTES + 1)), {
      lines: ['GET /a 200 incomplete', 'GET /next 200 complete'], malformed: [`client head longer than ${MAX_HEAD_BYTES} bytes at 0`],
    })
  }
})

test('a target longer than the limit', () => {
  const said = listen(http1, [ask(`GET /${'a'.repeat(MAX_HEAD_BYTES)} HTTP/1.1\r\n\r\n`), ...NEXT])
  assert.equal(said.messages.length, 2)
  assert.equal((said.messages[0]!['request'] as RequestView).path.length, MAX_HEAD_BYTES - 4)
  assert.deepEqual(said.messages.map((m) => m['complete']), [false, true])
})

test('more headers than the limit are not listed, and still decide about the body', () => {
  const many = Array.from({ length: MAX_HEADERS }, (_, i) => `h${i}: ${i}\r\n`).join('')
  const said = listen(http1, [ask(`POST /a HTTP/1.1\r\n${many}Content-Length: 3\r\n\r\nabc`), answer(OK), ...NEXT])
  const [first] = said.messages
  assert.equal((first!['request'] as RequestView).headers.length, MAX_HEADERS)
  assert.equal((first!['request'] as RequestView).bodyBytes, 3)
  assert.deepEqual([first!['complete'], first!['notes']], [true, [`request: more than ${MAX_HEADERS} header lines, the rest is not listed`]])
})

test('trailers beyond the limit are not listed', () => {
  const trailers = 'a: b\r\n'.repeat(MAX_TRAILER_BYTES / 6 + 10)
  const said = listen(http1, [ask('GET /a HTTP/1.1\r\n\r\n'), answer(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${trailers}\r\n`), ...NEXT])
  assert.deepEqual(said.messages.map((m) => m['complete']), [true, true])
  assert.deepEqual(said.messages[0]!['notes'], [`response: trailers longer than ${MAX_TRAILER_BYTES} bytes, the rest is not listed`])
})

test('requests that wait in great number: the oldest are given up, one by one', () => {
  const requests = Array.from({ length: MAX_WAITING_REQUESTS + 2 }, (_, i) => `GET /${i} HTTP/1.1\r\n\r\n`).join('')
  const { messages } = listen(http1, [ask(requests)])
  assert.deepEqual(messages.slice(0, 3).map((m) => m['what']), ['GET /0', 'GET /1', 'GET /2'])
  assert.deepEqual(messages[1]!['notes'], ['given up: too many requests wait for an answer'])
  assert.deepEqual(messages[2]!['notes'], ['no response was captured'])
  assert.equal(messages.length, MAX_WAITING_REQUESTS + 2)
})

test('the answers behind requests that were given up still find theirs', () => {
  const requests = Array.from({ length: MAX_WAITING_REQUESTS + 2 }, (_, i) => `GET /${i} HTTP/1.1\r\n\r\n`).join('')
  const answers = Array.from({ length: MAX_WAITING_REQUESTS + 2 }, (_, i) => `HTTP/1.1 200 OK\r\nContent-Length: ${String(i).length}\r\n\r\n${i}`).join('')
  const { messages } = listen(http1, [ask(requests), answer(answers)])
  const pairs = messages.filter((m) => m['complete'] === true)
  assert.equal(pairs.length, MAX_WAITING_REQUESTS)
  for (const m of pairs) assert.equal(m['what'], `GET /${(m['response'] as ResponseView).body!.text!}`)
})

test('a server that only one side of was captured is shown without requests, not held back for ever', () => {
  const { messages } = listen(http1, Array.from({ length: MAX_WAITING_ANSWERS + 5 }, (_, i) => answer(OK, i)))
  assert.deepEqual(messages.map((m) => m['what']), Array.from({ length: MAX_WAITING_ANSWERS + 5 }, () => 'response without request'))
})

test('more interim responses than the limit are not listed', () => {
  const said = listen(http1, [ask('GET /a HTTP/1.1\r\n\r\n'), answer('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(MAX_INTERIM + 3) + OK)])
  assert.equal((said.messages[0]!['response'] as ResponseView).interim!.length, MAX_INTERIM)
  assert.deepEqual(said.messages[0]!['notes'], [`response: more than ${MAX_INTERIM} interim responses, the rest is not listed`])
})

test('more bytes behind an unanswered CONNECT than the limit are let go, and told', () => {
  for (const cuts of [[1e9], [1000]]) {
    const { lines, malformed } = summary(cutSteps([ask('CONNECT a:1 HTTP/1.1\r\n\r\n'), ask('x'.repeat(MAX_HELD_BYTES + 1)), answer('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'), ...NEXT], cuts))
    assert.deepEqual(lines, ['CONNECT a:1 502 complete', 'GET /next 200 complete'])
    assert.deepEqual(malformed, [`client more than ${MAX_HELD_BYTES} bytes before the answer to an upgrade at 24`])
  }
})
