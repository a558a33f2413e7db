import assert from 'node:assert/strict'
import test from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import fc from '#property'
import type { JsonRecord } from '../../model/api.ts'
import { record, someRecord } from '../record.fixture.ts'
import { Catalog } from './catalog.ts'

function call(method: string, path: string, own: { request?: object, response?: object, status?: number } = {}): JsonRecord {
  const base = record()
  return record({ what: `${method} ${path}`, status: own.status ?? 200, request: { ...base.request, method, path, ...own.request }, response: { ...base.response, status: own.status ?? 200, ...own.response } })
}

function catalogOf(records: readonly JsonRecord[]): Catalog {
  const catalog = new Catalog()
  for (const one of records) catalog.add(one)
  return catalog
}

const validator = new Validator()

async function valid(document: unknown): Promise<void> {
  const result = await validator.validate(structuredClone(document) as Record<string, unknown>)
  assert.ok(result.valid, JSON.stringify(result.errors))
}

test('paths, parameters, schemas and examples out of traffic', async () => {
  const json = [{ name: 'content-type', value: 'application/json; charset=utf-8' }]
  const catalog = catalogOf([
    call('GET', '/carts/7/items?limit=5&full=true'), call('GET', '/carts/8/items?limit=9'), call('GET', '/carts/0b6f7a52-6a8e-4f3b-9d2c-2f2f0f6a7b1c/items'),
    call('POST', '/orders', { status: 201, request: { headers: json, body: { json: { sku: 'tea', count: 2, note: null } } }, response: { headers: json, body: { json: { id: 1, items: [{ price: 1.5 }, { price: 2 }] } } } }),
    call('POST', '/orders', { status: 400, request: { headers: json, body: { json: { sku: 'x', count: 2.5 } } }, response: { body: undefined } }),
  ])
  assert.deepEqual(catalog.entries(), [{ id: 'cart.shop', name: 'cart.shop', operations: 2, requests: 5, errors: 0 }])
  const document = catalog.document('cart.shop') as { openapi: string, paths: Record<string, Record<string, Record<string, unknown>>>, servers: unknown }
  await valid(document)
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(Object.keys(document.paths), ['/carts/{cartId}/items', '/orders'])
  const parameters = document.paths['/carts/{cartId}/items']!.get!.parameters as { name: string, required: boolean, schema: object }[]
  assert.deepEqual(parameters.map(({ name, required, schema }) => [name, required, schema]), [['cartId', true, { type: ['integer', 'string'], format: 'uuid' }], ['limit', false, { type: 'integer' }], ['full', false, { type: 'boolean' }]])
  const body = (document.paths['/orders']!.post!.requestBody as { content: Record<string, { schema: object, example: unknown }> }).content['application/json']!
  assert.deepEqual(body.schema, { type: 'object', properties: { sku: { type: 'string' }, count: { type: 'number' }, note: { type: 'null' } }, required: ['sku', 'count'] })
  assert.deepEqual(body.example, { sku: 'tea', count: 2, note: null })
  assert.deepEqual(Object.keys(document.paths['/orders']!.post!.responses as object), ['201', '400'])
})

test('many names at one place are values, few are names', () => {
  const users = Array.from({ length: 20 }, (_, i) => call('GET', `/users/name${String.fromCharCode(97 + i)}x/profile`))
  const paths = Object.keys(catalogOf([...users, call('GET', '/api/cart'), call('GET', '/api/stock')]).document('cart.shop')!.paths as object)
  assert.deepEqual(paths, ['/api/cart', '/api/stock', '/users/{userId}/profile'])
})

test('whatever is captured, the document is valid', async () => {
  const odd = ['/', '//', '/{x}', '/%zz', '/a b', '/ä/7', '*', '/?', '/a?=1&x', '/\u0000', '/{id}/7/8']
  await valid(catalogOf(odd.flatMap((path) => ['GET', 'PURGE', 'POST'].map((method) => call(method, path, { status: 799 })))).document('cart.shop'))
  for (const records of fc.sample(fc.array(someRecord, { maxLength: 20 }), 8)) {
    const catalog = catalogOf(records)
    for (const { id } of catalog.entries()) await valid(catalog.document(id))
  }
})
