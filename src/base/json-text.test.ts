import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText } from './json-text.ts'

test('a terminal finds nothing to obey, a parser the same value', () => {
  const value = { path: '/\u001b[2J\u007f\u009b31m\u202edoor', '\u0085': ['grün', '→'] }
  const text = jsonText(value)
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202e]/)
  assert.match(text, /\\u007f\\u009b31m\\u202edoor/)
  assert.match(text, /grün.*→/)
  assert.deepEqual(JSON.parse(text), value)
})
