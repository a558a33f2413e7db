import assert from 'node:assert/strict'
import test from 'node:test'
import type { Sample } from '../contract.fixture.ts'
import { contract, listen } from '../contract.fixture.ts'
import { answer, ask, chunked } from '../http1/samples.fixture.ts'
import { http1 } from '../http1/http1.ts'

const post = (type: string, body: string, target = '/graphql'): string =>
  `POST ${target} HTTP/1.1\r\nHost: shop\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
const json = (value: object): string => post('application/json', JSON.stringify(value))
const said = (value: object, status = '200 OK'): string => {
  const body = JSON.stringify(value)
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

const SAMPLES: readonly Sample[] = [
  {
    name: 'GraphQL: operations, variables, errors, a batch, in a query and as a document', steps: [
      ask(json({ query: 'query GetCart($id: ID!) { cart(id: $id) { total } }', operationName: 'GetCart', variables: { id: '7' } })), answer(said({ data: { cart: { total: 3 } } })),
      ask(json({ query: 'mutation { add(sku: "tea") { n } }' })), answer(said({ errors: [{ message: 'no such tea', path: ['add'], extensions: { code: 'NOT_FOUND' } }], data: null })),
      ask(json([{ query: '{ a }' }, { query: 'query B { b }' }])), answer(said([{ data: { a: 1 } }, { errors: [{ message: 'no b' }] }])),
      ask('GET /graphql?query=%7B%20version%20%7D&variables=%7B%22a%22%3A1%7D HTTP/1.1\r\nHost: shop\r\n\r\n'), answer(said({ data: { version: '17' } })),
      ask(post('application/graphql', 'subscription OnCart { cart { total } }')), answer(said({ errors: [{ message: 'who are you' }] }, '401 Unauthorized')),
      ask(json({ extensions: { persistedQuery: { version: 1, sha256Hash: '3f1c0a52'.repeat(8) } } })), answer(said({ errors: [{ message: 'PersistedQueryNotFound' }] })),
    ],
  },
  {
    name: 'GraphQL: in chunks, and answered in parts', steps: [
      ask(`POST /graphql HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('{"query":"query A { ', 'a { b } }","variables":{"x":[1,', '2]}}')}0\r\n\r\n`),
      answer(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunked('{"data":{"a":{"b":', '1}}}')}0\r\n\r\n`),
    ],
  },
]

contract(http1, SAMPLES, {
  endless: [
    { name: 'GraphQL: operations without answers', prefix: [ask(json({ query: '{ a }' }))], side: 0, block: Buffer.from(json({ query: 'query Q { a(b: "c") }', variables: { d: 'e' } })) },
    { name: 'GraphQL: a document without end', prefix: [ask('POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n{"query":"{ a')], side: 0, block: Buffer.from(' { b }') },
  ],
  retainedLimitBytes: 3 * 1024 * 1024,
})

test('all of these are operations of GraphQL', () => {
  for (const { steps } of SAMPLES) for (const m of listen(http1, steps).messages) assert.equal(m['protocol'], 'graphql', String(m['what']))
})
