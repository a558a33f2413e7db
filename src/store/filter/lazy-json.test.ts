import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { HalfMembers } from './halves.ts'
import { LazyObject } from './lazy-json.ts'
import { isMembers } from './value.ts'

function lazy(text: string): LazyObject {
  const bytes = Buffer.from(`,${text},`)
  return new LazyObject(bytes, 1, bytes.length - 1)
}

const keys = fc.constantFrom('a', 'b c', 'ä', 'a"b', '__proto__', 'toString', 'n\\', '', 'body', 'text')
const object = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 6 })

test('members of JSON that is not parsed are those that JSON.parse finds', () => {
  fc.assert(fc.property(object, keys, (value, key) => {
    const one = lazy(JSON.stringify(value))
    const parsed = JSON.parse(JSON.stringify(value)) as Record<string, unknown>
    const found = one.get(key)
    const wanted = Object.hasOwn(parsed, key) ? parsed[key] : undefined
    assert.deepEqual(found instanceof LazyObject ? found.toJSON() : found, wanted)
    assert.deepEqual(one.keys(), Object.keys(parsed))
    assert.equal(one.size(), Object.keys(parsed).length)
  }))
})

const headers = fc.array(fc.record({ name: fc.constantFrom('Host', 'HOST', 'x-ä', 'X-Ä', 'Cookie', 'Set-Cookie', 'a"b'), value: fc.constantFrom('', 'a', 'ä€', 'x=1; y="2"', 'a\\b\u202e') }))
const half = fc.record({
  method: fc.option(fc.constantFrom('GET', 7), { nil: undefined }), path: fc.constantFrom('/a?b=c#d', '/', 'ä?x', 7), headers: fc.option(headers, { nil: undefined }),
  body: fc.option(fc.oneof(fc.constant({ text: 'x' }), fc.record({ json: fc.jsonValue() }), fc.constant({ form: { a: '\u202e' } }), fc.constant(null), fc.constant('text')), { nil: undefined }), text: fc.option(fc.constant('t'), { nil: undefined }),
})

test('a half of JSON has the members that the same half as an object has', () => {
  fc.assert(fc.property(half, fc.boolean(), (value, isRequest) => {
    const text = JSON.stringify(value)
    const ofText = new HalfMembers(lazy(text), isRequest)
    const ofObject = new HalfMembers(JSON.parse(text) as object, isRequest)
    for (const key of ['method', 'path', 'url', 'query', 'headers', 'cookies', 'text', 'body', 'nothing']) {
      assert.equal(JSON.stringify(ofText.member(key)), JSON.stringify(ofObject.member(key)), key)
    }
    const [a, b] = [ofText.member('headers'), ofObject.member('headers')]
    for (const name of ['host', 'X-ä', 'cookie', 'A"B', 'none']) assert.equal(isMembers(a) && a.member(name), isMembers(b) && b.member(name), name)
    if (isMembers(a) && isMembers(b)) assert.deepEqual([a.keys(), a.size?.()], [b.keys(), b.size?.()])
  }))
})

test('what is no JSON has no members and never throws', () => {
  fc.assert(fc.property(object, fc.nat(200), fc.integer({ min: 0, max: 255 }), keys, (value, at, byte, key) => {
    const bytes = Buffer.from(JSON.stringify({ ...value, headers: [{ name: 'a', value: 'b' }] }))
    bytes[at % bytes.length] = byte
    const one = new LazyObject(bytes, 0, bytes.length)
    one.get(key)
    one.size()
    one.keys()
    const members = new HalfMembers(one, true)
    for (const name of ['headers', 'cookies', 'query', 'text', 'path']) JSON.stringify(members.member(name))
    one.pairs('headers')?.values('a', 5)
  }), { numRuns: 500 })
})
