import assert from 'node:assert/strict'
import test from 'node:test'
import { gzipSync } from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Endless, Sample, Step } from '../contract.fixture.ts'
import { contract, listen } from '../contract.fixture.ts'
import { http1 } from '../http1/http1.ts'
import type { Fields } from '../http2/frames.fixture.ts'
import { bytesOf, data, headers, post, preface, rst, settings, status } from '../http2/frames.fixture.ts'
import { http2 } from '../http2/http2.ts'
import { framed } from './call.fixture.ts'

const ask = (at: number, ...parts: Uint8Array[]): Step => ({ side: CLIENT, bytes: bytesOf(...parts), at })
const answer = (at: number, ...parts: Uint8Array[]): Step => ({ side: SERVER, bytes: bytesOf(...parts), at })
const call = (method: string, ...more: Fields): Fields => post(`/shop.Cart/${method}`, ['content-type', 'application/grpc'], ['te', 'trailers'], ['grpc-timeout', '2S'], ...more)
const OPEN: Fields = status(200, ['content-type', 'application/grpc'])
/** Fields 1 (an integer) and 2 (a text). */
const message = (n: number, text: string): Buffer => framed(Buffer.concat([Buffer.of(8, n, 0x12, text.length), Buffer.from(text)]))
const packed = (text: string): Buffer => framed(gzipSync(Buffer.concat([Buffer.of(0x12, text.length), Buffer.from(text)])), 1)

const calls: Sample = { name: 'gRPC: a call, streams, compression, errors', steps: [
  ask(1000, preface(), settings(), headers(1, call('Get')), data(1, message(1, 'seven'), true)),
  answer(1100, settings(), headers(1, OPEN), data(1, message(2, 'found')), headers(1, [['grpc-status', '0']], true)),
  ask(2000, headers(3, call('Watch', ['grpc-encoding', 'gzip'])), data(3, message(1, 'a')), data(3, packed('b'.repeat(100)).subarray(0, 9)), data(3, packed('b'.repeat(100)).subarray(9), true)),
  answer(2100, headers(3, [...OPEN, ['grpc-encoding', 'gzip']]), data(3, bytesOf(message(1, 'one'), packed('two'), message(3, 'three').subarray(0, 3))), data(3, message(3, 'three').subarray(3)),
    headers(3, [['grpc-status', '14'], ['grpc-message', 'try%20again']], true)),
  ask(3000, headers(5, call('Nothing')), data(5, message(0, ''), true), headers(7, call('Late')), data(7, message(9, 'late'), true)),
  answer(3100, headers(5, [...OPEN, ['grpc-status', '12'], ['grpc-message', 'unknown method']], true), rst(7, 8)),
] }

function web(type: string, body: Uint8Array): Step {
  return { side: SERVER, at: 1500, bytes: bytesOf(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`, body) }
}

function webAsk(type: string, body: Uint8Array): Step {
  return { side: CLIENT, at: 1000, bytes: bytesOf(`POST /shop.Cart/Get HTTP/1.1\r\nHost: shop\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`, body) }
}

const TRAILERS = framed(Buffer.from('grpc-status:0\r\ngrpc-message:fine\r\n'), 0x80)
const BASE64 = (bytes: Uint8Array): Uint8Array => Buffer.from(Buffer.from(bytes).toString('base64'))

const overHttp1: Sample = { name: 'gRPC-Web: binary and base64', steps: [
  webAsk('application/grpc-web+proto', message(1, 'seven')), web('application/grpc-web+proto', bytesOf(message(2, 'found'), TRAILERS)),
  webAsk('application/grpc-web-text', BASE64(message(1, 'seven'))), web('application/grpc-web-text', bytesOf(BASE64(message(2, 'found')), BASE64(TRAILERS))),
] }

const endless = (name: string, side: typeof CLIENT | typeof SERVER, block: Uint8Array, ...prefix: Uint8Array[]): Endless => ({
  name, side, block, prefix: prefix.map((bytes, i) => ({ bytes, side: i === 0 ? CLIENT : side, at: 1000 })),
})
const start = bytesOf(preface(), settings(), headers(1, call('Watch')))

contract(http2, [calls], {
  endless: [
    endless('gRPC: messages without end', SERVER, data(1, message(1, 'tick')), bytesOf(start, data(1, message(1, 'a'), true)), bytesOf(settings(), headers(1, OPEN))),
    endless('gRPC: empty messages without end', CLIENT, data(1, framed(Buffer.alloc(0))), start),
    endless('gRPC: calls without answers', CLIENT, bytesOf(...Array.from({ length: 2000 }, (_, i) => bytesOf(headers(i * 2 + 3, call('Get')), data(i * 2 + 3, message(1, 'x'), true)))), start),
  ],
  retainedLimitBytes: 5 * 1024 * 1024,
})
contract(http1, [overHttp1], { retainedLimitBytes: 3 * 1024 * 1024 })

test('all of these are calls of gRPC', () => {
  for (const [protocol, { steps }] of [[http2, calls], [http1, overHttp1]] as const) {
    for (const m of listen(protocol, steps).messages) assert.equal(m['protocol'], 'grpc', String(m['what']))
  }
})
