import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { operationsOf } from './openapi.ts'

test('operations of a description, with their figures', () => {
  const [operation] = operationsOf({
    paths: { '/cart/{id}': { get: { 'x-mtlscope': { requests: 4, errors: 1 }, 'parameters': [{ name: 'id', in: 'path', required: true, schema: { type: 'string', format: 'uuid' } }], 'responses': { 200: { description: 'OK' } } } } },
  })
  assert.equal(operation?.method, 'GET')
  assert.equal(operation.requests, 4)
  assert.deepEqual(operation.parameters, [{ name: 'id', where: 'path', isRequired: true, type: 'string (uuid)' }])
  assert.deepEqual(operation.responses.map(({ status, what }) => [status, what]), [['200', 'OK']])
})

test('what is no description has no operations, and does not throw', () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom('paths', 'openapi'), fc.jsonValue()), (document) => { operationsOf(document) }))
})
