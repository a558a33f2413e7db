import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { encoded, descriptorSet } from '../protobuf/schema.fixture.ts'
import type { HttpHalf, HttpReset } from '../http/lens.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { GRPC, callOf, framed, half, look } from './call.fixture.ts'
import { grpcLens } from './grpc.ts'
import { MAX_MESSAGES, WANTED_WEB_BYTES } from './limits.ts'

interface Fields { messages: Record<string, unknown>[], [name: string]: unknown }

const hello = encoded('test.All', { aString: 'hello' })
const settings = { ...DEFAULT_SETTINGS, schemas: { descriptorSets: [descriptorSet] } }
const ok = { 'grpc-status': '0' }

test('a call is named by its method, its end by its status', () => {
  const view = look(callOf(half({ ...GRPC, 'grpc-timeout': '250m' }, framed(hello)), half(GRPC, framed(hello), ok)))
  assert.deepEqual([view.what, view.status, view.outcome, view.notes, view.showsBody], ['shop.Cart/Get', 'OK', 'ok', [], true])
  const fields = [{ field: 9, kind: 'string', value: 'hello' }]
  assert.deepEqual(view.request, { service: 'shop.Cart', method: 'Get', framing: 'grpc', codec: 'proto', deadlineMicros: 250_000, messages: [{ bytes: 7, fields }] })
  assert.deepEqual(view.response, { status: 'OK', statusCode: 0, framing: 'grpc', codec: 'proto', messages: [{ bytes: 7, fields }] })
})

test('every message of a stream is decoded by its type', () => {
  const body = Buffer.concat([framed(hello), framed(Buffer.alloc(0)), framed(encoded('test.All', { anInt64: '5' }))])
  const view = look(callOf(half(GRPC, body), half(GRPC, Buffer.alloc(0), ok), '/test.Echo/Say'), settings)
  assert.deepEqual((view.request as Fields).messages, [
    { bytes: 7, type: 'test.All', value: { aString: 'hello' } }, { bytes: 0, type: 'test.All', value: {} }, { bytes: 2, type: 'test.All', value: { anInt64: '5' } },
  ])
})

test('what is not of its type is shown without a schema', () => {
  const view = look(callOf(half(GRPC, framed(Buffer.from([0x4a, 9, 65]))), undefined, '/test.Echo/Say'), settings)
  assert.deepEqual((view.request as Fields).messages, [{ bytes: 3, type: 'test.All', problem: 'not a test.All', base64: 'SglB' }])
})

test('an answer without a body has its status in the headers, with details', () => {
  const details = 'CAkSBmxvY2tlZBpOCih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuRXJyb3JJbmZvEiIKC0NBUlRfTE9DS0VEEgxzaG9wLmV4YW1wbGUaBQoBYRIA'
  const view = look(callOf(half(GRPC, framed(hello)), half({ ...GRPC, 'grpc-status': '9', 'grpc-message': 'Gr%C3%BC%C3%9Fe%2', 'grpc-status-details-bin': details })))
  assert.deepEqual([view.status, view.outcome], ['FAILED_PRECONDITION', 'client-error'])
  assert.deepEqual(view.response, {
    status: 'FAILED_PRECONDITION', statusCode: 9, message: 'Grüße%2', framing: 'grpc', codec: 'proto', messages: [],
    details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'CART_LOCKED', domain: 'shop.example', metadata: { a: '' } }],
  })
})

test('statuses fall on the side that has to mend them', () => {
  const outcomes = Array.from({ length: 19 }, (_, code) => look(callOf(half(GRPC), half(GRPC, Buffer.alloc(0), { 'grpc-status': String(code) }))))
  const of = (outcome: string): unknown[] => outcomes.filter((view) => view.outcome === outcome).map((view) => view.status)
  assert.deepEqual(of('ok'), ['OK'])
  assert.deepEqual(of('client-error'), ['CANCELLED', 'INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'FAILED_PRECONDITION', 'OUT_OF_RANGE', 'UNAUTHENTICATED'])
  assert.deepEqual(of('server-error'), ['UNKNOWN', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'ABORTED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', '17', '18'])
})

test('an answer that no gRPC server gave keeps the status of HTTP and its body', () => {
  const view = look(callOf(half(GRPC, framed(hello)), half({ 'content-type': 'text/plain' }, Buffer.from('upstream connect error')), '/shop.Cart/Get', 503))
  assert.deepEqual([view.status, view.outcome, view.showsBody], [503, 'server-error', false])
  assert.deepEqual(view.notes, ['no grpc-status: a client makes UNAVAILABLE of HTTP status 503'])
})

test('a call without an end has no status', () => {
  const open = look(callOf(half(GRPC, framed(hello)), half(GRPC, framed(hello))))
  assert.deepEqual([open.status, open.outcome, open.notes], [undefined, 'none', []])
  const silent = look(callOf(half(GRPC, framed(hello)), undefined))
  assert.deepEqual([silent.status, silent.outcome, silent.notes, silent.response], [undefined, 'none', [], undefined])
  assert.equal(look(callOf(undefined, half(GRPC, framed(hello), ok))).what, 'response without request')
})

test('a call that was cut short ends as its caller is told', () => {
  const told = (reset: HttpReset, timeout = '', response: HttpHalf | undefined = undefined): unknown => {
    const view = look({ ...callOf(half(timeout === '' ? GRPC : { ...GRPC, 'grpc-timeout': timeout }, framed(hello)), response), reset })
    return [view.status, view.outcome, view.notes]
  }
  const begun = half(GRPC, framed(hello))
  const cancelled = ['CANCELLED', 'client-error', ['no grpc-status: the client cancelled the call']]
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: 100_000 }), cancelled)
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: 100_000 }, '1S', begun), cancelled)
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: undefined }, '1S'), cancelled)
  assert.deepEqual(told({ by: 'server', code: 8, afterMicros: 1 }, '', begun), ['CANCELLED', 'server-error', ['no grpc-status: the server cancelled the call']])
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: 986_000 }, '1S'), ['DEADLINE_EXCEEDED', 'server-error', ['no grpc-status: the client gave the call up when its deadline of 1000 ms was over']])
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: 984_000 }, '1S'), cancelled)
  assert.deepEqual(told({ by: 'server', code: 7, afterMicros: 1 }), ['UNAVAILABLE', 'server-error', ['no grpc-status: a client makes UNAVAILABLE of REFUSED_STREAM']])
  const ended = half(GRPC, framed(hello), ok)
  assert.deepEqual(told({ by: 'client', code: 8, afterMicros: 5 }, '', ended), ['OK', 'ok', []])
})

test('compressed messages are decompressed, within bounds', () => {
  const packed = Buffer.concat([framed(gzipSync(hello), 1), framed(hello)])
  const view = look(callOf(half({ ...GRPC, 'grpc-encoding': 'gzip' }, packed), half({ ...GRPC, 'grpc-encoding': 'deflate' }, framed(deflateSync(hello), 1), ok), '/test.Echo/Say'), settings)
  assert.deepEqual((view.request as Fields).messages, [
    { bytes: gzipSync(hello).length, compressed: 'gzip', decompressedBytes: 7, type: 'test.All', value: { aString: 'hello' } },
    { bytes: 7, type: 'test.All', value: { aString: 'hello' } },
  ])
  assert.equal((view.response as Fields).messages[0]!.compressed, 'deflate')
  const snapped = Buffer.concat([Buffer.from([7, 6 << 2]), hello])
  const snappy = look(callOf(half({ ...GRPC, 'grpc-encoding': 'snappy' }, framed(snapped, 1)), undefined, '/test.Echo/Say'), settings)
  assert.deepEqual((snappy.request as Fields).messages, [{ bytes: 9, compressed: 'snappy', decompressedBytes: 7, type: 'test.All', value: { aString: 'hello' } }])
  const bomb = framed(gzipSync(encoded('test.All', { aString: 'x'.repeat(4_000_000) })), 1)
  const bombs = look(callOf(half({ ...GRPC, 'grpc-encoding': 'gzip' }, Buffer.concat(Array.from({ length: 12 }, () => bomb))), undefined), settings)
  const { messages } = bombs.request as Fields
  assert.ok(JSON.stringify(messages).length < settings.bodyLimitBytes * 6)
  assert.equal(messages[0]!.truncated, true)
  assert.equal(messages.at(-1)!.problem, 'not decompressed: the messages expand too far')
})

test('a compression that cannot be undone is said', () => {
  const problem = (encoding: Record<string, string>, flags = 1): unknown => (look(callOf(half({ ...GRPC, ...encoding }, framed(hello, flags)), undefined)).request as Fields).messages[0]!.problem
  assert.equal(problem({}), 'compressed, but no grpc-encoding says how')
  assert.match(String(problem({ 'grpc-encoding': 'zebra' })), /zebra is not known/)
  assert.match(String(problem({ 'grpc-encoding': 'gzip' })), /gzip/)
})

test('a body that was not kept to its end is shown as far as it goes', () => {
  const body = Buffer.concat([framed(hello), framed(hello)])
  const view = look(callOf(half(GRPC, body.subarray(0, 16), {}, body.length), undefined, '/test.Echo/Say'), settings)
  assert.deepEqual((view.request as Fields).messages, [{ bytes: 7, type: 'test.All', value: { aString: 'hello' } }])
  assert.deepEqual(view.notes, ['request: messages beyond the kept part of the body are not shown'])
  const cut = look(callOf(half(GRPC, body.subarray(0, 22), {}, body.length), undefined, '/test.Echo/Say'), settings)
  assert.deepEqual((cut.request as Fields).messages[1], { bytes: 7, truncated: true, type: 'test.All', value: { aString: 'hel' } })
  assert.deepEqual(look(callOf(half(GRPC, body.subarray(0, 22)), undefined)).notes, ['request: the body ends within a message'])
})

test('a body that is not gRPC is left to HTTP', () => {
  const view = look(callOf(half(GRPC, Buffer.from('{"no":"grpc"}')), undefined))
  assert.deepEqual([view.showsBody, view.notes], [false, ['request: the body is not written in messages of gRPC']])
})

test('messages are listed up to a limit', () => {
  const view = look(callOf(half(GRPC, Buffer.concat(Array.from({ length: MAX_MESSAGES + 5 }, () => framed(hello)))), undefined))
  assert.equal((view.request as Fields).messages.length, MAX_MESSAGES)
  assert.equal((view.request as Fields).omittedMessages, 5)
  assert.deepEqual(view.notes, [`request: more than ${MAX_MESSAGES} messages, the rest is not listed`])
})

test('gRPC-Web has its trailers in the body, and may be base64 in pieces', () => {
  const type = { 'content-type': 'application/grpc-web-text+proto' }
  const trailers = framed(Buffer.from('grpc-status:5\r\ngrpc-message:none%21\r\nSet-Cookie: a=1\r\n'), 0x80)
  const body = Buffer.from(framed(hello).toString('base64') + trailers.toString('base64'))
  const view = look(callOf(half(type, Buffer.from(framed(hello).toString('base64'))), half(type, body), '/api/test.Echo/Say'), settings)
  assert.deepEqual([view.what, view.status, view.outcome], ['api/test.Echo/Say', 'NOT_FOUND', 'client-error'])
  assert.deepEqual(view.request, { service: 'api/test.Echo', method: 'Say', framing: 'grpc-web-text', codec: 'proto', messages: [{ bytes: 7, type: 'test.All', value: { aString: 'hello' } }] })
  const { message, trailers: shown } = view.response as Fields
  assert.equal(message, 'none!')
  assert.deepEqual(shown, [{ name: 'Set-Cookie', value: '[redacted]' }])
  const unkept = look(callOf(half(type), half(type, Buffer.alloc(0), {}, 90)))
  assert.deepEqual([unkept.status, unkept.notes], [undefined, ['no grpc-status in what was kept of the body, at whose end it stands']])
})

test('what is kept of a gRPC-Web answer for its status is not shown beyond the body limit', () => {
  const heads = { method: 'POST', target: '/', requestType: 'application/grpc-web', responseType: 'application/grpc-web' }
  assert.equal(grpcLens.wantedAnswerBytes?.(heads), WANTED_WEB_BYTES)
  assert.equal(grpcLens.wantedAnswerBytes?.({ ...heads, responseType: 'application/grpc' }), 0)
  const type = { 'content-type': 'application/grpc-web' }
  const call = callOf(half(type), half(type, Buffer.concat([framed(hello), framed(hello), framed(Buffer.from('grpc-status:0\r\n'), 0x80)])), '/test.Echo/Say')
  const messages = (bodyLimitBytes: number): unknown => {
    const view = look(call, { ...DEFAULT_SETTINGS, bodyLimitBytes })
    assert.equal(view.status, 'OK')
    return (view.response as Fields).messages
  }
  assert.deepEqual(messages(0), [{ bytes: 7, truncated: true }, { bytes: 7, truncated: true }])
  assert.deepEqual(messages(9), [{ bytes: 7, fields: [{ field: 9, kind: 'string', value: 'hello' }] }, { bytes: 7, truncated: true, base64: 'SgU=' }])
})

test('other codecs are shown as what they are', () => {
  const type = { 'content-type': 'application/grpc+json; charset=utf-8' }
  const shown = (text: string | Uint8Array, contentType = type): unknown => (look(callOf(half(contentType, framed(Buffer.from(text))), undefined)).request as Fields).messages[0]
  assert.deepEqual(shown('{"a":[1]}'), { bytes: 9, value: { a: [1] } })
  assert.deepEqual(shown('{"a":9007199254740993}'), { bytes: 22, text: '{"a":9007199254740993}' })
  assert.deepEqual(shown(Uint8Array.of(0xff), { 'content-type': 'application/grpc+thrift' }), { bytes: 1, base64: '/w==' })
})

test('texts to hide are hidden in all that is shown', () => {
  const hiding = { ...settings, redaction: { ...settings.redaction, texts: ['hello'] } }
  const json = { 'content-type': 'application/grpc+json' }
  const views = [
    look(callOf(half(GRPC, framed(hello)), half({ ...GRPC, 'grpc-status': '2', 'grpc-message': 'h%65llo' })), hiding),
    look(callOf(half(GRPC, framed(hello)), undefined, '/test.Echo/Say'), hiding),
    look(callOf(half(json, framed(Buffer.from('{"a":"h\\u0065llo"}'))), undefined, '/hello.Hello/Hello?x=hello'), hiding),
    look(callOf(undefined, half({ 'content-type': 'application/grpc-web' }, framed(Buffer.from('grpc-status: 1\r\ngrpc-message: h%65llo\r\nx: hello\r\n'), 0x80))), hiding),
    look(callOf(half(GRPC, framed(Buffer.from([0x0f, ...Buffer.from('hello')]))), undefined), hiding),
  ]
  const said = JSON.stringify(views.map((view) => [view.what, view.status, view.notes, view.request, view.response]))
  assert.ok(!said.toLowerCase().includes('hello') && !said.includes('aGVsbG8') && !said.includes('hlbGxv'), said)
})

test('only what may be gRPC is claimed', () => {
  const claims = (requestType: string, responseType = ''): boolean => grpcLens.claims({ method: 'POST', target: '/', requestType, responseType })
  for (const type of ['application/grpc', 'application/grpc+proto', 'application/grpc-web', 'application/grpc-web-text+proto; charset=utf-8', 'application/grpc;x=y']) assert.ok(claims(type), type)
  for (const type of ['', 'application/json', 'application/grpcish', 'application/grpc-webby', 'text/application/grpc']) assert.ok(!claims(type), type)
  assert.ok(claims('', 'application/grpc'))
})
