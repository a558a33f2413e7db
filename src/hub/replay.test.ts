import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import type { TestContext } from 'node:test'
import grpc from '@grpc/grpc-js'
import type { ConfirmAnswer, ReplayAnswer, ReplayRequest } from '../model/api.ts'
import { descriptorSet, encoded } from '../protocols/protobuf/schema.fixture.ts'
import { record } from '../store/record.fixture.ts'
import type { TestHub } from './hub.fixture.ts'
import { mismatch, openTestHub } from './hub.fixture.ts'
import { diffLines } from './line-diff.ts'
import { encodeFields } from './protobuf-fields.ts'

/** A server that answers with what it got. */
async function echo(t: TestContext): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(request.url === '/moved' ? 302 : 200, { 'content-type': 'application/json', 'set-cookie': 'session=secret', location: 'http://evil.example/' })
      response.end(JSON.stringify({ method: request.method, url: request.url, host: request.headers.host, user: request.headers['x-user'], token: request.headers.authorization, body: Buffer.concat(chunks).toString() }))
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => new Promise((resolve) => { server.close(resolve) }))
  return (server.address() as AddressInfo).port
}

async function post<T>({ app }: TestHub, path: string, payload: object): Promise<{ status: number, answer: T }> {
  const got = await app.inject({ method: 'POST', url: `/api/v1${path}`, headers: { host: 'localhost' }, payload })
  return { status: got.statusCode, answer: got.json() }
}

async function replay(opened: TestHub, request: ReplayRequest): Promise<{ confirmed: ConfirmAnswer, answer: ReplayAnswer }> {
  const { answer: confirmed } = await post<ConfirmAnswer>(opened, '/replay/confirm', request)
  assert.equal(mismatch('ConfirmAnswer', confirmed), '')
  const { answer } = await post<ReplayAnswer>(opened, '/replay', { ...request, token: confirmed.token })
  assert.equal(mismatch('ReplayAnswer', answer), '')
  return { confirmed, answer }
}

function to(port: number, own: object = {}): object {
  return record({
    namespace: undefined, server: { ip: '127.0.0.1', port }, what: 'POST /orders', request: { method: 'POST', path: '/orders', headers: [{ name: 'Host', value: 'shop' }, { name: 'X-User', value: 'ann' }, { name: 'Authorization', value: '[redacted]' }, { name: 'Content-Length', value: '99' }], bodyBytes: 2, body: { text: 'hi' } },
    response: { status: 200, headers: [{ name: 'content-type', value: 'application/json' }], body: { json: { old: true } } }, ...own,
  })
}

test('a request is sent again as it was, without what is redacted, and its answer compared', async (t) => {
  const port = await echo(t)
  const opened = await openTestHub(t)
  await opened.add([to(port)])
  const { confirmed, answer } = await replay(opened, { message: 1 })
  assert.equal(confirmed.target, `127.0.0.1:${port}`)
  assert.deepEqual(confirmed.warnings, ['POST may change something at the server, once more', 'Authorization is redacted and is left out'])
  assert.deepEqual(answer.body, { json: { method: 'POST', url: '/orders', host: 'shop', user: 'ann', body: 'hi' } })
  assert.equal(answer.headers.find(({ name }) => name === 'set-cookie')!.value, '[redacted]')
  assert.ok(answer.diff.some(({ kind, text }) => kind === 'old' && text.includes('"old"')) && answer.diff.some(({ kind, text }) => kind === 'same' && text === '200'))
})

test('edits are sent, redirects are answers and not followed', async (t) => {
  const port = await echo(t)
  const opened = await openTestHub(t)
  await opened.add([to(port)])
  const { answer } = await replay(opened, { message: 1, method: 'PUT', path: '/moved', headers: [{ name: 'x-user', value: 'bob' }], body: 'aGV5', bodyBase64: true })
  assert.equal(answer.status, 302)
  assert.deepEqual((answer.body as { json: unknown }).json, { method: 'PUT', url: '/moved', host: `127.0.0.1:${port}`, user: 'bob', body: 'hey' })
})

test('nothing is sent without a token, with that of another request, or twice', async (t) => {
  const port = await echo(t)
  const opened = await openTestHub(t)
  await opened.add([to(port)])
  const { answer: { token } } = await post<ConfirmAnswer>(opened, '/replay/confirm', { message: 1 })
  for (const request of [{ message: 1 }, { message: 1, token: 'x' }, { message: 1, token, path: '/other' }, { message: 1, token }]) assert.equal((await post(opened, '/replay', request)).status, 403, JSON.stringify(request))
})

test('what cannot be sent is refused in words', async (t) => {
  const opened = await openTestHub(t)
  await opened.add([to(1), record({ protocol: 'redis', request: { command: 'GET' } })])
  for (const request of [{ message: 2 }, { message: 1, path: 'http://evil.example/' }, { message: 1, path: '/a b' }, { message: 1, path: '/a\r\nX: y' }, { message: 1, method: 'G ET' }, { message: 1, headers: [{ name: 'a\r\nb', value: 'c' }] }, { message: 1, headers: [{ name: 'a', value: 'b\r\nc: d' }] }, { message: 'x' }, { message: 1, headers: 'x' }, {}]) {
    assert.equal((await post(opened, '/replay/confirm', request)).status, 400, JSON.stringify(request))
  }
  assert.equal((await post(opened, '/replay/confirm', { message: 9 })).status, 404)
  const { answer: { token } } = await post<ConfirmAnswer>(opened, '/replay/confirm', { message: 1 })
  const { status, answer } = await post<{ code: string }>(opened, '/replay', { message: 1, token })
  assert.deepEqual([status, answer.code], [502, 'replay-failed'])
})

test('HTTP/2 and a unary call of gRPC', async (t) => {
  const server = http2.createServer()
  server.on('stream', (stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': headers['content-type'] ?? 'text/plain' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.concat(chunks))
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => new Promise((resolve) => { server.close(resolve) }))
  const { port } = server.address() as AddressInfo
  const opened = await openTestHub(t)
  const request = { method: 'POST', path: '/shop.Cart/Get', stream: 1, headers: [{ name: 'content-type', value: 'application/grpc' }], grpc: { framing: 'grpc', messages: [{ bytes: 4, fields: [{ field: 1, kind: 'varint', value: 7 }, { field: 2, kind: 'string', value: '' }] }] } }
  await opened.add([to(port, { protocol: 'grpc', request }), to(port, { protocol: 'http2' })])
  const { answer } = await replay(opened, { message: 1 })
  assert.equal(answer.status, 'grpc-status 0')
  assert.equal(answer.body, undefined)
  assert.deepEqual((answer.grpc as { messages: unknown }).messages, [{ bytes: 4, fields: [{ field: 1, kind: 'varint', value: 7 }, { field: 2, kind: 'string', value: '' }] }])
  assert.deepEqual((await replay(opened, { message: 2 })).answer.body, { text: 'hi' })
})

test('a call of gRPC whose types are known is sent again as it was, or as its JSON is edited', async (t) => {
  const server = http2.createServer()
  const got: string[] = []
  server.on('stream', (stream) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      got.push(Buffer.concat(chunks).toString('hex'))
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '0' }, { endStream: true })
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.after(() => new Promise((resolve) => { server.close(resolve) }))
  const { port } = server.address() as AddressInfo
  const opened = await openTestHub(t, { options: { schemas: { descriptorSets: [descriptorSet] } } })
  const call = (message: object): object => to(port, { protocol: 'grpc', request: { method: 'POST', path: '/test.Echo/Say', stream: 1, headers: [{ name: 'content-type', value: 'application/grpc' }], grpc: { framing: 'grpc', service: 'test.Echo', method: 'Say', messages: [message] } } })
  await opened.add([call({ bytes: 7, type: 'test.All', value: { anInt32: 7, aString: 'tea' } }), call({ bytes: 7, type: 'test.Gone', value: {} }), call({ bytes: 9, type: 'test.All', value: { aString: '[redacted]' } }), call({ bytes: 9, type: 'test.All', truncated: true, value: {} })])
  const frameOf = (value: object): string => {
    const message = Buffer.from(encoded('test.All', value))
    return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]).toString('hex')
  }
  await replay(opened, { message: 1 })
  await replay(opened, { message: 1, body: '{"anInt32": 8}' })
  await replay(opened, { message: 3, body: '{"aString": "known"}' })
  assert.deepEqual(got, [frameOf({ anInt32: 7, aString: 'tea' }), frameOf({ anInt32: 8 }), frameOf({ aString: 'known' })])
  for (const [request, words] of [[{ message: 2 }, /test\.Gone is not known/], [{ message: 3 }, /redacted/], [{ message: 4 }, /first part/], [{ message: 1, body: '{' }, /no JSON/], [{ message: 1, body: '{"nothing":1}' }, /no test\.All/]] as const) {
    const { status, answer } = await post<{ message: string }>(opened, '/replay/confirm', request)
    assert.deepEqual([status, words.test(answer.message)], [400, true], JSON.stringify(answer))
  }
})

const sayCall = { path: '/test.Echo/Say', requestStream: false, responseStream: false, requestSerialize: (bytes: Buffer) => bytes, requestDeserialize: (bytes: Buffer) => bytes, responseSerialize: (bytes: Buffer) => bytes, responseDeserialize: (bytes: Buffer) => bytes } as const

/** A server of gRPC whose answers differ in a header, and in what they say where `words` does. */
async function grpcPeer(t: TestContext, words: () => object): Promise<number> {
  const server = new grpc.Server()
  let calls = 0
  server.addService({ Say: sayCall }, { Say: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) => {
    const metadata = new grpc.Metadata()
    metadata.set('x-request-id', `r${++calls}`)
    call.sendMetadata(metadata)
    done(null, Buffer.from(encoded('test.Known', words())))
  } })
  t.after(() => server.forceShutdown())
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => (error === null ? resolve(port) : reject(error)))
  })
}

test('the answers of a call are compared by their messages, and what always changes makes no other answer', async (t) => {
  let text = 'tea'
  const port = await grpcPeer(t, () => ({ text: { value: text } }))
  const schemas = { descriptorSets: [descriptorSet] }
  const opened = await openTestHub(t, { options: { schemas } })
  const headers = [{ name: 'content-type', value: 'application/grpc' }]
  const request = { method: 'POST', path: '/test.Echo/Say', stream: 1, headers, grpc: { framing: 'grpc', service: 'test.Echo', method: 'Say', messages: [{ bytes: 0 }] } }
  const answered = (message: object): object => ({
    status: 200, headers: [{ name: 'content-type', value: 'application/grpc+proto' }, { name: 'grpc-encoding', value: 'identity' }, { name: 'date', value: 'Thu, 01 Jan 1970 00:00:00 GMT' }, { name: 'x-request-id', value: 'r0' }, { name: 'grpc-accept-encoding', value: 'identity,deflate,gzip' }],
    trailers: [{ name: 'grpc-status', value: '0' }, { name: 'grpc-message', value: 'OK' }], grpc: { status: 'OK', framing: 'grpc', codec: 'proto', messages: [message] },
  })
  await opened.add([to(port, { protocol: 'grpc', request, response: answered({ bytes: 7, type: 'test.Known', value: { text: 'tea' } }) })])
  const { answer } = await replay(opened, { message: 1 })
  const changed = answer.diff.filter(({ kind }) => kind !== 'same')
  assert.deepEqual([...new Set(changed.map(({ text, expected }) => `${text.split(':')[0]} ${expected}`))].sort(), ['date true', 'x-request-id true'])
  assert.ok(answer.diff.some(({ kind, text }) => kind === 'same' && text === '  "text": "tea"'))
  assert.deepEqual((answer.grpc as { messages: unknown }).messages, [{ bytes: 7, type: 'test.Known', value: { text: 'tea' } }])
  text = 'coffee'
  const { answer: other } = await replay(opened, { message: 1 })
  assert.deepEqual(other.diff.filter(({ kind, expected }) => kind !== 'same' && expected !== true), [{ kind: 'old', text: '  "text": "tea"' }, { kind: 'new', text: '  "text": "coffee"' }])
})

test('a line of a body that looks like a header is none', async (t) => {
  const opened = await openTestHub(t)
  const port = await new Promise<number>((resolve) => {
    const server = createServer((_, response) => response.end('date: now'))
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    t.after(() => new Promise((done) => { server.close(done) }))
  })
  await opened.add([to(port, { response: { status: 200, headers: [{ name: 'Date', value: 'then' }, { name: 'Content-Length', value: '9' }], body: { text: 'date: old' } } })])
  const { answer } = await replay(opened, { message: 1 })
  assert.deepEqual(answer.diff.filter(({ kind, expected }) => kind !== 'same' && expected !== true).map(({ text }) => text), ['date: old', 'date: now'])
})

test('fields without a type are encoded as they were sent', () => {
  const fields = [{ field: 1, kind: 'varint', value: '18446744073709551615' }, { field: 2, kind: 'fixed32', value: 5 }, { field: 3, kind: 'fixed64', value: '5' }, { field: 4, kind: 'bytes', value: 'AAE=' }, { field: 5, kind: 'message', fields: [{ field: 1, kind: 'string', value: 'ä' }] }, { field: 6, kind: 'group', fields: [] }]
  assert.equal(encodeFields(fields)!.toString('hex'), '08ffffffffffffffffff0115050000001905000000000000002202000' + '12a040a02c3a43334')
  for (const bad of [undefined, [{}], [{ field: 1, kind: 'varint', value: -1 }], [{ field: 1, kind: 'x', value: 1 }], [{ field: 1, kind: 'message' }]]) assert.equal(encodeFields(bad), undefined)
})

test('a diff has every line of both, those in common once', () => {
  const diff = diffLines(['a', 'b', 'c', 'd'], ['a', 'x', 'c', 'd', 'e'])
  assert.deepEqual(diff.map(({ kind, text }) => `${kind[0]}${text}`), ['sa', 'ob', 'nx', 'sc', 'sd', 'ne'])
  assert.deepEqual(diffLines([], ['a']), [{ kind: 'new', text: 'a' }])
})
