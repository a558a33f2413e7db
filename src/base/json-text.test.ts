import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonText, keepSentText } from './json-text.ts'

test('a terminal finds nothing to obey, a parser the same value', () => {
  const value = { path: '/\u001b[2J\u007f\u009b31m\u202edoor', '\u0085': ['grün', '→'] }
  const text = jsonText(value)
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202e]/)
  assert.match(text, /\\u007f\\u009b31m\\u202edoor/)
  assert.match(text, /grün.*→/)
  assert.deepEqual(JSON.parse(text), value)
})

test('a value is written in the text that was kept of it', () => {
  const text = '{"price":1.50,"rate":1E3,"name":"grün\u009b","none":-0,"10":1,"9":2}'
  const body = JSON.parse(text) as object
  keepSentText(body, text)
  const line = jsonText({ at: 1, json: body, list: [body] })
  const shown = text.replace('\u009b', '\\u009b')
  assert.equal(line, `{"at":1,"json":${shown},"list":[${shown}]}`)
  assert.equal(JSON.stringify({ json: body }), `{"json":${JSON.stringify(JSON.parse(text))}}`)
  assert.deepEqual(Object.keys(body).toSorted(), ['10', '9', 'name', 'none', 'price', 'rate'])
})

test('nobody can put a text in the place of another', () => {
  const body = JSON.parse('{"a" :1}') as object
  keepSentText(body, '{"a" :1}')
  assert.equal(jsonText({ what: '\x01sent json\x01', json: body }), '{"what":"\\u0001sent json\\u0001","json":{"a":1}}')
  assert.equal(jsonText({ json: body }), '{"json":{"a" :1}}')
  const own = JSON.parse('{ "toJSON": 1 }') as object
  keepSentText(own, '{ "toJSON": 1 }')
  assert.equal(jsonText(own), '{"toJSON":1}')
})
