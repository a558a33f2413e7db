import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { checkFilter } from '../../../src/store/filter/filter.ts'
import { filterTerm, memberOf, withTerm } from './filter-term.ts'

test('a value becomes a condition, or its contrary', () => {
  assert.equal(filterTerm('status_code', 404, false), 'status_code == 404')
  assert.equal(filterTerm('src.name', 'web', true), 'src.name != "web"')
  assert.equal(filterTerm('decrypted', true, false), 'decrypted')
  assert.equal(filterTerm('decrypted', true, true), '!decrypted')
  assert.equal(filterTerm('response.body.json.a', true, false), 'response.body.json.a == true')
  assert.equal(memberOf('request.headers', 'X-"odd"'), 'request.headers["X-\\"odd\\""]')
})

test('conditions are joined without changing what was meant', () => {
  assert.equal(withTerm('', 'a == 1'), 'a == 1')
  assert.equal(withTerm('http', 'a == 1'), 'http && a == 1')
  assert.equal(withTerm('http && a == 1', 'a == 1'), 'http && a == 1')
  assert.equal(withTerm('http || dns', 'a == 1'), '(http || dns) && a == 1')
  assert.equal(withTerm('http', 'a == 1 || b == 2'), 'http && (a == 1 || b == 2)')
  assert.equal(withTerm('what == "a || b"', 'http'), 'what == "a || b" && http')
})

test('the hub understands every term that a click can make', () => {
  fc.assert(fc.property(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), fc.boolean(), (name, value, isExcluded) => {
    const term = filterTerm(memberOf('request.headers', name), value, isExcluded)
    const check = checkFilter(withTerm('http || dns', term))
    assert.ok(check.ok, term)
  }))
})
