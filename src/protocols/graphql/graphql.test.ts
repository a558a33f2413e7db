import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { Step } from '../contract.fixture.ts'
import { cutSteps, listen } from '../contract.fixture.ts'
import { http1 } from '../http1/http1.ts'
import { answer, ask } from '../http1/samples.fixture.ts'
import type { Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { MAX_BATCH, MAX_ERRORS } from './limits.ts'

interface Shown {
  protocol: string, what: string, status?: number | string, outcome: string, notes: string[]
  request: { body?: unknown, graphql: Record<string, unknown> }, response?: { body?: unknown, graphql?: Record<string, unknown> }
}

const request = (body: string, path = '/graphql', type = 'application/json'): Step => ask(`POST ${path} HTTP/1.1\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
const response = (body: string, status = '200 OK', type = 'application/json'): Step => answer(`HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
const DATA = response('{"data":{"a":1}}')

function one(steps: Step[], settings: Settings = DEFAULT_SETTINGS): Shown {
  const { messages } = listen(http1, steps, settings)
  assert.equal(messages.length, 1)
  return messages[0] as unknown as Shown
}
const body = (value: unknown): string => JSON.stringify(value)

test('a query with its answer: fields of GraphQL beside those of HTTP, whose bodies are left out', () => {
  const shown = one([request(body({ query: 'query GetCart($id: ID!) { cart(id: $id) { id } }', operationName: 'GetCart', variables: { id: '7' } })), response('{"data":{"cart":{"id":"7"}}}')])
  assert.deepEqual([shown.protocol, shown.what, shown.status, shown.outcome, shown.notes], ['graphql', 'query GetCart', 200, 'ok', []])
  assert.deepEqual(shown.request.graphql, { type: 'query', name: 'GetCart', fields: ['cart'], query: 'query GetCart($id: ID!) { cart(id: $id) { id } }', variables: { id: '7' } })
  assert.deepEqual(shown.response!.graphql, { data: { cart: { id: '7' } } })
  assert.deepEqual([shown.request.body, shown.response!.body], [undefined, undefined])
})

test('what stands in the line', () => {
  const what = (value: unknown, path?: string): string => one([request(body(value), path), DATA]).what
  assert.equal(what({ query: 'mutation AddItem { a }' }, '/api/v2'), 'mutation AddItem /api/v2')
  assert.equal(what({ query: '{ cart version }' }, '/graphql?x=1'), 'query { cart version }')
  assert.equal(what({ query: 'query A { a } mutation B { b }', operationName: 'B' }), 'mutation B')
  assert.equal(what([{ query: 'query A { a }' }, { query: 'query B { b }' }]), 'batch of 2: query A, query B')
  assert.equal(what({ extensions: { persistedQuery: { version: 1, sha256Hash: 'ecf4edb46db4' } } }), 'persisted ecf4edb4')
  assert.equal(what({ operationName: 'Known', extensions: { persistedQuery: { sha256Hash: 'ecf4edb46db4' } } }), 'persisted Known')
  assert.equal(one([ask('GET /graphql?operationName=G&variables=%7B%22a%22:1%7D&query=query%20G%7Ba%7D HTTP/1.1\r\n\r\n'), DATA]).what, 'query G')
  assert.equal(one([request('subscription S { s }', '/graphql', 'application/graphql'), DATA]).what, 'subscription S')
  const multipart = '--b\r\nContent-Disposition: form-data; name="operations"\r\n\r\n{"query":"mutation Up { up }","variables":{"f":null}}\r\n--b--\r\n'
  assert.equal(one([request(multipart, '/graphql', 'multipart/form-data; boundary=b'), DATA]).what, 'mutation Up')
})

test('what is no GraphQL stays plain HTTP', () => {
  for (const value of [{ query: { match: {} } }, { query: 'SELECT 1' }, { other: '{ a }' }, [1], { query: '' }, [{ query: 'query A { a }' }, { query: 7 }]]) {
    assert.equal(one([request(body(value), '/search'), DATA]).protocol, 'http1', body(value))
  }
  assert.equal(one([ask('GET /search?query=shoes HTTP/1.1\r\n\r\n'), DATA]).protocol, 'http1')
})

test('errors: refused, failed, partial', () => {
  const errors = (more: object, status?: string, code?: string): unknown[] => {
    const shown = one([request(body({ query: '{ a }' })), response(body({ errors: [{ message: 'no', path: ['a'], ...code !== undefined && { extensions: { code } } }], ...more }), status)])
    return [shown.status, shown.outcome, shown.notes]
  }
  assert.deepEqual(errors({}), ['error', 'client-error', []])
  assert.deepEqual(errors({ data: null }), ['error', 'server-error', []])
  assert.deepEqual(errors({ data: null }, '200 OK', 'UNAUTHENTICATED'), ['UNAUTHENTICATED', 'client-error', []])
  assert.deepEqual(errors({ data: null }, '200 OK', 'INTERNAL_SERVER_ERROR'), ['INTERNAL_SERVER_ERROR', 'server-error', []])
  assert.deepEqual(errors({}, '400 Bad Request', 'GRAPHQL_PARSE_FAILED'), [400, 'client-error', []])
  assert.deepEqual(errors({}, '502 Bad Gateway'), [502, 'server-error', []])
  assert.deepEqual(errors({ data: { a: null } }), [200, 'ok', ['graphql: partial data, 1 error']])
})

test('without bodies the operation and its errors are found all the same, and no values are shown', () => {
  const none = { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 }
  const shown = one([request(body({ query: 'query Q { a }', variables: { secret: 'value' } })), response(body({ errors: [{ message: 'no' }], data: null }))], none)
  assert.deepEqual([shown.what, shown.status, shown.request.graphql], ['query Q', 'error', { type: 'query', name: 'Q', fields: ['a'] }])
  assert.equal(shown.request.body, undefined)
})

test('a request that was cut off is read as far as it goes', () => {
  const long = body({ operationName: 'Long', variables: { a: 'x'.repeat(100) }, query: `query Long { a(b: "${'y'.repeat(500)}") }` })
  const shown = one([request(long), DATA], { ...DEFAULT_SETTINGS, bodyLimitBytes: 0 })
  assert.equal(shown.what, 'query Long')
  const cut = one([request(body({ query: `query Big { ${'field '.repeat(4000)}}` })), DATA], { ...DEFAULT_SETTINGS, bodyLimitBytes: 100 })
  assert.deepEqual([cut.what, cut.notes], ['query Big', ['graphql: only the beginning of the request was read']])
})

test('what GraphQL does not know is still shown, by HTTP', () => {
  const shown = one([request(body({ query: '{ a }', id: 'abc' })), DATA])
  assert.deepEqual(shown.request.body, { json: { query: '{ a }', id: 'abc' } })
  const exact = one([request('{"query":"{ a }","variables":{"n":9007199254740993}}'), DATA])
  assert.equal(exact.request.graphql['variables'], '{"n":9007199254740993}')
})

test('limits: batches and errors', () => {
  const batch = one([request(body(Array.from({ length: MAX_BATCH + 5 }, () => ({ query: '{ a }' })))), DATA])
  assert.equal((batch.request.graphql['batch'] as unknown[]).length, MAX_BATCH)
  assert.ok(batch.notes.includes(`graphql: of a batch only ${MAX_BATCH} operations are shown`))
  const many = one([request(body({ query: '{ a }' })), response(body({ errors: Array.from({ length: MAX_ERRORS + 3 }, () => ({ message: 'no' })) }))])
  assert.equal((many.response!.graphql!['errors'] as unknown[]).length, MAX_ERRORS)
  assert.equal(many.response!.graphql!['moreErrors'], 3)
})

test('a hidden parameter of the request is hidden wherever it is carried', () => {
  const settings = { ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, parameters: ['variables'] } }
  assert.equal(one([request(body({ query: '{ a }', variables: { a: 1 } })), DATA], settings).request.graphql['variables'], '[redacted]')
  assert.ok(!JSON.stringify(one([ask('GET /graphql?query=%7Ba%7D&variables=%7B%22a%22:77%7D HTTP/1.1\r\n\r\n'), DATA], settings)).includes('77'))
})

test('hostile bodies never throw', () => {
  const seeds = ['{"query":"{ a }"', '[{"query":"query A', '{"query":"\\ud800{a}","variables":', '{"extensions":{"persistedQuery":{"sha256Hash":7}}', '{"errors":[null,7,{"message":{}}],"data"']
  fc.assert(fc.property(fc.constantFrom(...seeds), fc.string({ maxLength: 40 }), fc.string({ maxLength: 40 }), (seed, tail, said) => {
    listen(http1, cutSteps([request(seed + tail), response(seed + said)], [7]))
  }), { numRuns: 200 })
})
