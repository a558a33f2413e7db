import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { jsonText } from '../../base/json-text.ts'
import type { Settings } from '../protocol.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import type { BodyView } from './body-view.ts'
import { bodyView } from './body-view.ts'
import { tokensOf } from './json-value.ts'
import { KeptBytes } from './kept-bytes.ts'
import { HEX_BYTES, MAX_EVENTS, MAX_FORM_FIELDS, MAX_JSON_DEPTH, MAX_PARTS } from './limits.ts'

function shown(type: string, body: string | Uint8Array, settings: Settings = DEFAULT_SETTINGS, limitBytes = settings.bodyLimitBytes): BodyView {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const kept = new KeptBytes(limitBytes)
  kept.add(bytes, 0, bytes.length)
  return bodyView(kept, bytes.length, type === '' ? [] : [{ name: 'Content-Type', value: type }], settings)
}

const rules = (more: Partial<Settings['redaction']>): Settings => ({ ...DEFAULT_SETTINGS, redaction: { ...DEFAULT_SETTINGS.redaction, ...more } })

test('JSON is shown as its value, by every type that says so', () => {
  for (const type of ['application/json', 'application/problem+json; charset=utf-8', 'text/json', 'Application/JSON']) assert.deepEqual(shown(type, '{"a":[1,null,"ü"]}'), { json: { a: [1, null, 'ü'] } }, type)
  assert.deepEqual(shown('application/x-ndjson', '{"a":1}\n\n{"a":2}\n'), { json: [{ a: 1 }, { a: 2 }] })
  assert.deepEqual(shown('application/json', 'null'), { json: null })
  assert.deepEqual(shown('text/plain', '{"a":1}'), { text: '{"a":1}' })
})

test('JSON that a value cannot say stays text', () => {
  const deep = '['.repeat(MAX_JSON_DEPTH + 1) + ']'.repeat(MAX_JSON_DEPTH + 1)
  for (const text of ['{"id":9007199254740993}', '[0.12345678901234567890]', '{"a":1,"a":2}', '{"a":1', '[1e400]', '[1e-400]', deep, '{"a":1}{"b":2}']) {
    assert.deepEqual(shown('application/json', text), { text }, text)
  }
  for (const text of ['[1e3]', '[9007199254740991]', '[0.1]', '[-1.5e-7]', '["a:b", {"a":{"a":1}}]', '[12345678901234567000]', '[1.000000000000000000]']) {
    assert.deepEqual(shown('application/json', text), { json: JSON.parse(text) as unknown }, text)
  }
})

test('whatever JSON there is, its value is shown whole or not at all', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const text = JSON.stringify(value)
    const view = shown('application/json', text)
    if ('json' in view) assert.equal(JSON.stringify(view.json), text === '-0' ? '0' : JSON.stringify(JSON.parse(text)))
    else assert.equal(view.text, text)
  }))
})

test('in lines of JSON numbers are written as they were sent, and members in their order', () => {
  const line = (text: string, settings?: Settings): string => jsonText(shown('application/json', text, settings))
  const text = '{\r\n  "price": 1.50, "rate" : 1E3,\t"none": -0, "10": "gr\\u00fcn\\/\\"1.0\\"", "9": [ 2.0, {} ]\n}'
  assert.equal(line(text), '{"json":{"price":1.50,"rate":1E3,"none":-0,"10":"grün/\\"1.0\\"","9":[2.0,{}]}}')
  assert.equal(line(text, rules({ texts: ['nothing of it'] })), line(text))
  assert.equal(line(text, rules({ texts: ['gr.n'] })), '{"json":{"9":[2,{}],"10":"[redacted]/\\"1.0\\"","price":1.5,"rate":1000,"none":0}}')
  assert.equal(line('1.0'), '{"json":1}')
  assert.equal(jsonText(shown('application/x-ndjson', '[1.0]\n{"a":1e1}\n')), '{"json":[[1.0],{"a":1e1}]}')
  fc.assert(fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
    const sent = JSON.stringify(value, undefined, indent)
    assert.equal(tokensOf(sent), JSON.stringify(value))
  }))
})

test('a form is its fields, decoded', () => {
  const type = 'application/x-www-form-urlencoded'
  assert.deepEqual(shown(type, 'a=1&b=x+y%21&c&d=%ff&=e&'), {
    form: [{ name: 'a', value: '1' }, { name: 'b', value: 'x y!' }, { name: 'c', value: '' }, { name: 'd', value: '%ff' }, { name: '', value: 'e' }],
  })
  assert.deepEqual(shown(type, '{"a":1}'), { json: { a: 1 } })
  assert.deepEqual(shown(type, 'nothing of that kind'), { text: 'nothing of that kind' })
  const many = shown(type, 'a=1&'.repeat(MAX_FORM_FIELDS + 1))
  assert.deepEqual([many.form!.length, many.notes], [MAX_FORM_FIELDS, [`more than ${MAX_FORM_FIELDS} fields, the rest is not listed`]])
})

const FORM_DATA = 'multipart/form-data; boundary="b-1"'
const part = (headers: string, body: string): string => `--b-1\r\n${headers}\r\n\r\n${body}\r\n`

test('the parts of a multipart body, each shown as what it is', () => {
  const body = `preamble\r\n${part('Content-Disposition: form-data; name="note"', 'small')}${part('Content-Disposition: form-data; name="file"; filename="a \\"b\\".json"\r\nContent-Type: application/json', '{"a":1}')}`
    + `${part('Content-Disposition: form-data; name=raw; filename*=UTF-8\'\'na%C3%AFve.bin\r\nContent-Type: application/octet-stream', '\0\x01')}--b-1--\r\nepilogue`
  const { parts } = shown(FORM_DATA, body)
  assert.deepEqual(parts!.map((view) => JSON.parse(JSON.stringify({ ...view, headers: undefined })) as unknown), [
    { name: 'note', bodyBytes: 5, text: 'small' },
    { name: 'file', filename: 'a "b".json', bodyBytes: 7, json: { a: 1 } },
    { name: 'raw', filename: 'naïve.bin', bodyBytes: 2, base64: 'AAE=', hex: '00 01' },
  ])
})

test('a multipart body that is cut, nested, endless or none', () => {
  const cut = shown(FORM_DATA, part('Content-Disposition: form-data; name="a"', 'x'.repeat(200)), DEFAULT_SETTINGS, 100)
  assert.deepEqual([cut.truncated, cut.parts!.length, cut.parts![0]!.truncated], [true, 1, true])
  assert.equal(shown(FORM_DATA, part('A: b', 'x').repeat(MAX_PARTS + 1)).notes?.[0], `more than ${MAX_PARTS} parts, the rest is not listed`)
  assert.deepEqual(shown(FORM_DATA, 'no boundary here'), { text: 'no boundary here' })
  assert.deepEqual(shown('multipart/mixed', '--\r\n\r\n'), { text: '--\r\n\r\n' })
  const nested = shown(FORM_DATA, `${part('Content-Type: multipart/mixed; boundary=in', '--in\r\n\r\ninside\r\n--in--')}--b-1--`)
  assert.equal(nested.parts![0]!.parts![0]!.text, 'inside')
})

test('server-sent events', () => {
  const text = ': comment\nevent: tick\ndata: 1\ndata: 2\nid: 7\nretry: 500\n\ndata:{"a":1}\r\n\r\ndata: open'
  assert.deepEqual(JSON.parse(JSON.stringify(shown('text/event-stream', text).events)), [{ event: 'tick', data: '1\n2', id: '7', retryMillis: 500 }, { data: '{"a":1}' }, { data: 'open' }])
  const many = shown('text/event-stream', 'data\n\n'.repeat(MAX_EVENTS + 1))
  assert.deepEqual([many.events!.length, many.notes?.length], [MAX_EVENTS, 1])
})

test('protobuf without its schema', () => {
  const fields = [{ field: 1, kind: 'varint', value: 150 }, { field: 2, kind: 'string', value: 'testing' }]
  assert.deepEqual(shown('application/x-protobuf', Buffer.from([8, 0x96, 1, 0x12, 7, ...Buffer.from('testing')])), { protobuf: fields })
})

test('binary is base64, and its first bytes are hexadecimal', () => {
  const bytes = Buffer.alloc(300, 0xfe)
  const view = shown('', bytes)
  assert.deepEqual([view.base64, view.hex!.split(' ').length, view.hex!.slice(0, 8)], [bytes.toString('base64'), HEX_BYTES, 'fe fe fe'])
})

test('charsets: byte order marks, then Content-Type, then what HTML and XML declare', () => {
  assert.deepEqual(shown('text/plain; charset=iso-8859-1', Buffer.from('\uFEFFü')), { text: 'ü' })
  assert.deepEqual(shown('', Buffer.from('\uFEFFhü', 'utf16le')), { text: 'hü', charset: 'utf-16le' })
  assert.deepEqual(shown('', Buffer.from('\uFEFFhü', 'utf16le').swap16()), { text: 'hü', charset: 'utf-16be' })
  const html = Buffer.from('<html><head><meta http-equiv="Content-Type" content="text/html; charset=windows-1252"></head>\xfc\x80', 'latin1')
  assert.deepEqual([shown('text/html', html).charset, shown('text/html', html).text!.slice(-2)], ['windows-1252', 'ü€'])
  assert.equal(shown('text/html; charset=iso-8859-15', html).text!.slice(-2, -1), 'ü')
  assert.equal(shown('application/xml', Buffer.from('<?xml version="1.0" encoding="ISO-8859-2"?><a>\xb1</a>', 'latin1')).text!.at(-5), 'ą')
  assert.ok(shown('text/plain', html).base64 !== undefined)
  const late = Buffer.concat([Buffer.from('<html>'.padEnd(1024)), html])
  assert.ok(shown('text/html', late).base64 !== undefined)
})

test('hidden texts are out of every form in which a body is shown', () => {
  const settings = rules({ texts: ['canary'], parameters: ['pass*'] })
  const bodies: [string, string | Uint8Array][] = [
    ['text/plain', 'a canary'], ['application/json', '{"a":"canary","\\u0063anary":["can\\u0061ry"]}'], ['application/json', '{"id":9007199254740993,"a":"canary"}'],
    ['application/x-ndjson', '"\\u0063anary"\n"canary"'], ['application/x-www-form-urlencoded', 'a=%63anary&canary=1&pass=fanary&passw%6Frd=fanary'],
    [FORM_DATA, `${part('Content-Disposition: form-data; name="password"', 'fanary')}${part('Content-Disposition: form-data; name="canary"; filename="canary"\r\nCookie: fanary', '{"canary":1}')}--b-1--`],
    [FORM_DATA.replace('b-1', 'other'), part('Content-Disposition: form-data; name="password"', 'fanary')],
    ['text/event-stream', 'data: canary\ndata: x\n\nid: canary\n\n'], ['application/octet-stream', Buffer.from('\0\x01canary\xff', 'latin1')],
    ['text/html', '<meta charset=iso-8859-1>\xfccanary'], ['application/x-protobuf', Buffer.from([0x12, 6, ...Buffer.from('canary')])],
  ]
  for (const [type, body] of bodies) {
    const said = JSON.stringify(shown(type, typeof body === 'string' ? Buffer.from(body, 'latin1') : body, settings))
    for (const form of ['canary', 'fanary', '63 61 6e', 'Y2FuYXJ5', 'NhbmFy', 'jYW5hc']) assert.ok(!said.includes(form), `${type}: ${said}`)
  }
})

test('a coding that redaction cannot look through hides the body', () => {
  const kept = new KeptBytes(1000)
  kept.add(Buffer.from('not gzip, canary'), 0, 16)
  const headers = [{ name: 'Content-Encoding', value: 'gzip' }]
  assert.equal(bodyView(kept, 16, headers, rules({ texts: ['canary'] })).text, '[redacted]')
  assert.equal(bodyView(kept, 16, headers, DEFAULT_SETTINGS).text, 'not gzip, canary')
})

test('hostile bodies end, whatever they hold', () => {
  for (const type of ['application/json', 'application/x-www-form-urlencoded', FORM_DATA, 'text/event-stream', 'text/html', 'application/x-ndjson', 'application/x-protobuf']) {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => { shown(type, bytes) }), { numRuns: 50 })
    for (const block of ['[', '{"', '--b-1\r\n', '&', '\n\n', '<meta ', '\\"', '1', '%']) shown(type, block.repeat(10_000))
  }
  shown(`multipart/form-data${'; a="'.repeat(10_000)}; boundary=x`, '--x')
})
