import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import type { JsonRecord } from '../../../src/model/api.ts'
import { halfSections } from './half-sections.ts'

const RECORD: JsonRecord = {
  at: '2026-11-21T10:00:00.000000Z', protocol: 'http1', capture: 'pcap', hop: 'wire', flow: '1', client: { ip: '10.0.0.1', port: 4000 }, server: { ip: '10.0.0.2', port: 80 },
  what: 'GET /', outcome: 'ok', complete: true,
}

test('a request of HTTP: short values, query, headers, cookies, body', () => {
  const request = {
    method: 'GET', path: '/cart?full=yes', version: '1.1', headers: [{ name: 'Host', value: 'cart' }, { name: 'Cookie', value: 'a=1; b=2' }],
    body: { json: { sku: 1 } }, bodyBytes: 9, durationMicros: 4, complete: true,
  }
  const sections = halfSections({ ...RECORD, request }, 'request')
  assert.deepEqual(sections.map((section) => section.title), ['General', 'Query', 'Headers', 'Cookies', 'Body'])
  const [general, query, headers] = sections
  assert.ok(general?.kind === 'fields' && query?.kind === 'fields' && headers?.kind === 'fields')
  assert.deepEqual(general.rows.map((row) => row.term?.[0]), ['request.method', 'request.url', 'request.version', 'request.bodyBytes'])
  assert.deepEqual(query.rows[0], { name: 'full', value: 'yes', term: ['request.query["full"]', 'yes'] })
  assert.deepEqual(headers.rows[0]?.term, ['request.headers["Host"]', 'cart'])
})

test('rows of a statement are a table', () => {
  const response = { results: [{ tag: 'SELECT 2', columns: [{ name: 'id' }], rows: [{ id: '1' }, { id: '2', more: null }] }] }
  const table = halfSections({ ...RECORD, response }, 'response').find((section) => section.kind === 'rows')
  assert.ok(table?.kind === 'rows')
  assert.deepEqual(table.columns, ['id', 'more'])
  assert.deepEqual(table.rows, [['1', ''], ['2', 'null']])
})

test('redacted values are no conditions', () => {
  const [headers] = halfSections({ ...RECORD, request: { headers: [{ name: 'Authorization', value: '[redacted]' }] } }, 'request')
  assert.ok(headers?.kind === 'fields')
  assert.equal(headers.rows[0]?.term, undefined)
})

test('whatever a record holds, it can be shown', () => {
  const keys = fc.constantFrom('headers', 'trailers', 'body', 'grpc', 'graphql', 'results', 'path', 'method', 'query', 'other', '__proto__')
  fc.assert(fc.property(fc.dictionary(keys, fc.jsonValue()), (half) => {
    const sections = halfSections({ ...RECORD, request: half as Record<string, unknown> }, 'request')
    JSON.stringify(sections)
  }))
})

test('the command of MongoDB is a document, not a body of HTTP', () => {
  const body = { update: 'carts', updates: [{ q: { user: 2 } }], text: 'not a body either' }
  const sections = halfSections({ ...RECORD, protocol: 'mongodb', request: { command: 'update', body } }, 'request')
  assert.deepEqual(sections.map(({ kind, title }) => [kind, title]), [['fields', 'General'], ['json', 'Command']])
})
