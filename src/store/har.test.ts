import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { Ajv } from 'ajv'
import fc from '#property'
import type { JsonRecord } from '../model/api.ts'
import { bodyBytes } from './body-bytes.ts'
import { copyAs } from './copy-as.ts'
import { harEntry, harFrame } from './har.ts'
import { looksLikeHar, readHar } from './har-import.ts'
import { HAR_SCHEMA } from './har-schema.fixture.ts'
import { record, someRecord } from './record.fixture.ts'

const post = record({
  protocol: 'http2', decrypted: true, notes: ['cut'], status: 201,
  request: { method: 'POST', path: '/orders?a=1&b=%20', scheme: 'https', authority: 'shop.example', headers: [{ name: 'cookie', value: 'a=b; c=d' }, { name: 'content-type', value: 'application/json' }, { name: 'authorization', value: '[redacted]' }], bodyBytes: 9, body: { json: { sku: 'tea' } } },
  response: { status: 201, headers: [{ name: 'set-cookie', value: 's=1; Path=/' }, { name: 'location', value: '/orders/7' }], bodyBytes: 4, body: { base64: 'AAECAw==', hex: '00 01 02 03' } },
})

const validate = new Ajv({ strict: false, formats: { 'date-time': (text: string) => !Number.isNaN(Date.parse(text)) } }).compile(HAR_SCHEMA)

function harOf(records: readonly JsonRecord[]): unknown {
  const { head, tail } = harFrame('0.1.0')
  return JSON.parse(head + records.map(harEntry).filter((entry) => entry !== undefined).map((entry) => JSON.stringify(entry)).join(',') + tail)
}

test('a HAR holds to the schema of HAR 1.2', () => {
  assert.ok(validate(harOf([record(), post, record({ response: undefined, status: undefined, complete: false })])), JSON.stringify(validate.errors))
  fc.assert(fc.property(fc.array(someRecord), (records) => assert.ok(validate(harOf(records)), JSON.stringify(validate.errors))))
})

test('an entry says what the record says', () => {
  const entry = harEntry(post)!
  assert.equal(entry.request.url, 'https://shop.example/orders?a=1&b=%20')
  assert.deepEqual(entry.request.queryString, [{ name: 'a', value: '1' }, { name: 'b', value: ' ' }])
  assert.deepEqual(entry.request.cookies, [{ name: 'a', value: 'b' }, { name: 'c', value: 'd' }])
  assert.deepEqual(entry.response.cookies, [{ name: 's', value: '1' }])
  assert.deepEqual(entry.response.content, { size: 4, mimeType: 'x-unknown', text: 'AAECAw==', encoding: 'base64' })
  assert.equal(entry.response.redirectURL, '/orders/7')
  assert.equal(harEntry(record({ protocol: 'redis', request: { command: 'GET' } })), undefined)
})

const open = { header: (_: string, value: string): string => value, target: (target: string): string => target, text: (text: string): string => text }

test('what was exported is read again', () => {
  const read = readHar(JSON.stringify(harOf([post])), open)!
  assert.deepEqual(read.problems, [])
  const [back] = read.records
  assert.deepEqual([back!.what, back!.status, back!.protocol, back!.decrypted], [post.what.replace('GET /cart/7', 'POST /orders?a=1&b=%20'), 201, 'http2', true])
  assert.deepEqual(back!.request!.body, { json: { sku: 'tea' } })
  assert.deepEqual(bodyBytes(back!, 'response')!.bytes, Buffer.from([0, 1, 2, 3]))
})

test('a HAR with wrong fields gives what can be read, and says what cannot', () => {
  assert.equal(readHar('{', open), undefined)
  assert.equal(readHar('{"log":7}', open), undefined)
  const good = harEntry(record())!
  const entries = [null, 7, {}, { request: { method: 1, url: 2 } }, { ...good, startedDateTime: 'never' }, { ...good, request: { ...good.request, url: 'not a url' } }, { startedDateTime: good.startedDateTime, request: { method: 'GET', url: 'http://a/' } }, { ...good, timings: null, response: { status: 'x', headers: 'y', content: 3 } }]
  const read = readHar(JSON.stringify({ log: { entries } }), open)!
  assert.equal(read.records.length, 2)
  assert.equal(read.problems.length, 6)
  assert.match(read.problems[4]!, /entry 5: startedDateTime/)
  fc.assert(fc.property(fc.array(fc.dictionary(fc.constantFrom('request', 'response', 'startedDateTime', 'timings', 'time'), fc.jsonValue())), (any) => { assert.ok(readHar(JSON.stringify({ log: { entries: any } }), open) !== undefined) }))
  assert.ok(looksLikeHar('\uFEFF{ "log": {') && !looksLikeHar('\u0a0d\u0d0a'))
})

test('redaction holds for what is imported', () => {
  const hidden = { header: (name: string, value: string): string => name.toLowerCase() === 'cookie' ? '[redacted]' : value, target: (target: string): string => target.replace('a=1', 'a=[redacted]'), text: (text: string): string => text.replaceAll('tea', '[redacted]') }
  const text = JSON.stringify(readHar(JSON.stringify(harOf([post])), hidden)!.records)
  assert.ok(!text.includes('a=b; c=d') && !text.includes('"tea"') && !text.includes('a=1'), text)
})

test('commands to copy', () => {
  const texts = Object.fromEntries(copyAs(post).map((one) => [one.kind, one]))
  assert.equal(texts.curl!.text, 'curl https://shop.example/orders?a=1&b=%20 \\\n  -H \'cookie: a=b; c=d\' \\\n  -H \'content-type: application/json\' \\\n  -H \'authorization: [redacted]\' \\\n  --data-raw \'{"sku":"tea"}\''.replace('https://shop.example/orders?a=1&b=%20', '\'https://shop.example/orders?a=1&b=%20\''))
  assert.deepEqual(texts.curl!.notes, ['authorization is redacted: put its value in'])
  assert.ok(texts.httpie && texts.fetch)
  assert.equal(copyAs(record({ protocol: 'redis', request: { command: 'SET', arguments: ['a b', '$(reboot)'] } }))[0]!.text, 'redis-cli -h 10.77.0.2 -p 8080 SET \'a b\' \'$(reboot)\'')
  assert.equal(copyAs(record({ protocol: 'grpc', request: { method: 'POST', path: '/shop.Cart/Get', headers: [], grpc: { service: 'shop.Cart', method: 'Get', messages: [{ value: { id: 7 } }] } } }))[0]!.text, 'grpcurl -plaintext \\\n  -d \'{"id":7}\' \\\n  10.77.0.2:8080 shop.Cart/Get')
  assert.deepEqual(copyAs(record({ request: undefined })), [])
})

test('no byte of a peer gets out of its quotes in a shell', () => {
  const hostile = ['\'; touch /tmp/x; \'', '$(id)', '`id`', '\\', '"', '\n', '-rf', '!!', '\u001b[31m', 'a\u202eb', '\'\\\'\'', '*', '~', '&', '#', '\\n', '\u0007']
  for (const value of hostile) {
    const { text } = copyAs(record({ protocol: 'redis', request: { command: 'SET', arguments: [value] } }))[0]!
    const words = execFileSync('bash', ['--norc', '-c', `redis-cli() { printf '%s\\0' "$@"; }; ${text}`]).toString().split('\0').slice(0, -1)
    assert.deepEqual(words, ['-h', '10.77.0.2', '-p', '8080', 'SET', value], text)
  }
})
