// Made-up traffic of every kind of framing, read back.
import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { http1 } from './http1.ts'
import { answer, ask, chunked } from './samples.fixture.ts'
import type { RequestView, ResponseView } from './view.ts'

interface Body { pieces: string[], isChunked: boolean, trailer?: string }
interface Turn { method: string, path: string, request: Body | undefined, interim: number, status: number, response: Body, name: string, value: string }

// Letters that start no request line and no chunk size.
const word = fc.string({ unit: fc.constantFrom(...'xyzuvw-_'), minLength: 1, maxLength: 30 })
const body = fc.record({ pieces: fc.array(word, { maxLength: 5 }), isChunked: fc.boolean(), trailer: fc.option(word, { nil: undefined }) })
const turn: fc.Arbitrary<Turn> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'FROB'),
  path: word.map((text) => `/${text}`),
  request: fc.option(body, { nil: undefined }),
  interim: fc.nat(2),
  status: fc.constantFrom(200, 201, 204, 301, 304, 404, 500, 503),
  response: body,
  name: fc.constantFrom('X-A', 'content-lengths', 'Transfer-Encodings', 'Upgrades', 'Cookie'),
  value: fc.string({ unit: fc.constantFrom(...'chunked ,;=:"5'), maxLength: 20 }),
})

function framed({ pieces, isChunked, trailer }: Body): { header: string, bytes: string } {
  if (!isChunked) return { header: `Content-Length: ${pieces.join('').length}\r\n`, bytes: pieces.join('') }
  const end = trailer === undefined ? '0\r\n\r\n' : `0\r\nX-Trailer: ${trailer}\r\n\r\n`
  return { header: 'Transfer-Encoding: chunked\r\n', bytes: chunked(...pieces) + end }
}

function requestBytes(t: Turn): string {
  const { header, bytes } = t.request === undefined ? { header: '', bytes: '' } : framed(t.request)
  return `${t.method} ${t.path} HTTP/1.1\r\n${t.name}: ${t.value}\r\n${header}\r\n${bytes}`
}

const hasBody = (t: Turn): boolean => t.method !== 'HEAD' && t.status !== 204 && t.status !== 304

function responseBytes(t: Turn): string {
  const { header, bytes } = framed(t.response)
  return `${'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(t.interim)}HTTP/1.1 ${t.status} Reason\r\n${header}${t.name}: ${t.value}\r\n\r\n${hasBody(t) ? bytes : ''}`
}

/** What must be read of a turn. */
function expected(t: Turn): object {
  const textOf = (of: Body | undefined): string => of?.pieces.join('') ?? ''
  return {
    what: `${t.method} ${t.path}`, status: t.status, complete: true, notes: [], request: textOf(t.request), response: hasBody(t) ? textOf(t.response) : '',
    interim: t.interim, header: t.name === 'Cookie' && t.value.trim() !== '' ? '[redacted]' : t.value.trim(), trailer: t.request?.isChunked ? t.request.trailer : undefined,
  }
}

function read(steps: Step[]): object[] {
  const { messages, malformed } = listen(http1, steps)
  assert.deepEqual(malformed, [])
  return messages.map((m) => {
    const request = m['request'] as RequestView
    const response = m['response'] as ResponseView
    assert.equal(response.bodyBytes, response.body?.text?.length ?? 0)
    return {
      what: m['what'], status: m['status'], complete: m['complete'], notes: m['notes'], request: request.body?.text ?? '', response: response.body?.text ?? '',
      interim: response.interim?.length ?? 0, header: request.headers[0]!.value, trailer: request.trailers?.[0]!.value,
    }
  })
}

const cuts = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 })

test('one after the other, every turn is read as it was made', () => {
  fc.assert(fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), cuts, (turns, sizes) => {
    const steps = turns.flatMap((t, i) => [ask(requestBytes(t), i * 10), answer(responseBytes(t), i * 10 + 5)])
    assert.deepEqual(read(cutSteps(steps, sizes)), turns.map(expected))
  }), { numRuns: 150 })
})

test('pipelined, every turn is read as it was made', () => {
  fc.assert(fc.property(fc.array(turn, { minLength: 1, maxLength: 8 }), cuts, (turns, sizes) => {
    const steps = [ask(turns.map(requestBytes).join(''), 1), answer(turns.map(responseBytes).join(''), 2)]
    assert.deepEqual(read(cutSteps(steps, sizes)), turns.map(expected))
  }), { numRuns: 150 })
})
