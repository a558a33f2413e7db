import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { withoutMembers } from './redacted-members.ts'

const shown = (text: string): string => withoutMembers(text, (name) => name === 'password' || name === 'näme', 'x')

test('values of hidden members are replaced, of whatever kind they are', () => {
  const cases: [string, string][] = [
    ['{"password":"a","b":1}', '{"password":"x","b":1}'], ['{"password" :\n "a" }', '{"password" :\n "x" }'], ['{"password":12.5e3,"b":1}', '{"password":"x","b":1}'],
    ['{"password":null}', '{"password":"x"}'], ['{"password":{"a":[1,"}"]},"b":1}', '{"password":"x","b":1}'], ['[{"password":["a","b"]}]', '[{"password":"x"}]'],
    ['{"pass\\u0077ord":"a"}', '{"pass\\u0077ord":"x"}'], ['{"password":"a\\"b"}', '{"password":"x"}'], ['{"näme":1}', '{"näme":"x"}'],
    ['{"password":"a"}\n{"password":"b"}', '{"password":"x"}\n{"password":"x"}'], ['say {"password":"a"} again', 'say {"password":"x"} again'],
  ]
  for (const [text, expected] of cases) assert.equal(shown(text), expected)
})

test('what is no such member stays', () => {
  for (const text of ['{"a":"password"}', '["password","a"]', '{"passwords":"a"}', 'password: a', '"password" "a"', '{"a":"\\"password\\":"}', '']) assert.equal(shown(text), text)
})

test('JSON that is cut off or broken hides them too', () => {
  assert.equal(shown('{"password":"abc'), '{"password":"x"')
  assert.equal(shown('{"password":{"a":"abc'), '{"password":"x"')
  assert.equal(shown('{"a":1,,"password":"abc",'), '{"a":1,,"password":"x",')
  assert.equal(shown('{"password":'), '{"password":"x"')
})

test('no JSON shows what is hidden in it, wherever it is cut', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  fc.assert(fc.property(value, value, fc.nat(200), (before, after, cut) => {
    const text = JSON.stringify({ before, password: { deep: ['SECRET', { more: 'SECRET' }] }, after, list: [{ password: 'SECRET' }] })
    assert.ok(!shown(text).includes('SECRET'))
    assert.ok(!shown(text.slice(0, cut)).includes('SEC'))
    assert.deepEqual(JSON.parse(shown(text)), { ...JSON.parse(text) as object, password: 'x', list: [{ password: 'x' }] })
  }))
})
