import { CLIENT, SERVER } from '../../model/side.ts'
import type { Side } from '../../model/side.ts'
import type { Endless } from '../contract.fixture.ts'
import { contract } from '../contract.fixture.ts'
import { CONTINUATION, HEADERS } from './frame-types.ts'
import { bytesOf, data, frame, get, headers, post, preface, rst, settings, status } from './frames.fixture.ts'
import { http2 } from './http2.ts'
import { SAMPLES } from './samples.fixture.ts'

const start = bytesOf(preface(), settings())
const endless = (name: string, side: Side, block: Uint8Array, ...prefix: Uint8Array[]): Endless => ({
  name, side, block, prefix: prefix.map((bytes, i) => ({ bytes, side: i === 0 ? CLIENT : side, at: 1000 })),
})

/** New streams without end: each opens one, with a name in its table. */
function streams(from: (id: number) => Uint8Array): Uint8Array {
  return bytesOf(...Array.from({ length: 4000 }, (_, i) => from(i * 2 + 1)))
}

const ENDLESS: readonly Endless[] = [
  endless('CONTINUATION without end', CLIENT, frame(CONTINUATION, 0, 1, 'x'.repeat(1000)), bytesOf(start, frame(HEADERS, 0, 1, '\x40\x01a'))),
  endless('empty CONTINUATION without end', CLIENT, frame(CONTINUATION, 0, 1), bytesOf(start, frame(HEADERS, 0, 1, '\x40\x01a'))),
  endless('a body without end', SERVER, data(1, 'abcdefgh'.repeat(100)), bytesOf(start, headers(1, get('/'), true)), bytesOf(settings(), headers(1, status(200)))),
  endless('streams without answers', CLIENT, streams((id) => headers(id, get('/a'), true)), start),
  endless('streams with bodies without answers', CLIENT, streams((id) => bytesOf(headers(id, post('/a')), data(id, 'b'.repeat(9000)))), start),
  endless('streams that are reset', CLIENT, streams((id) => bytesOf(headers(id, get('/a'), true), rst(id, 8))), start),
  endless('trailers without end', CLIENT, headers(1, [['a', 'b']]), bytesOf(start, headers(1, get('/')))),
  endless('interim answers without end', SERVER, headers(1, status(103)), bytesOf(start, headers(1, get('/'), true)), settings()),
  endless('answers without requests', SERVER, streams((id) => headers(id, status(200))), start, settings()),
  endless('settings without end', SERVER, settings([1, 0], [0x99, 7]), start, settings()),
  endless('a large control frame', SERVER, bytesOf('x'), start, bytesOf(settings(), '\x00\x3f\xfc\x04\x00\x00\x00\x00\x00')),
  endless('table entries without end', CLIENT, headers(1, [['name', 'value'.repeat(200)]], false, { table: [] }), bytesOf(start, headers(1, get('/')))),
  endless('bytes that may become frames', SERVER, bytesOf('\x00\x3f\xff\x00\x00\x00\x00\x00'), start, bytesOf(settings(), 'xxxxxxxxx')),
  endless('zeros', SERVER, new Uint8Array(16), start, bytesOf(settings(), 'xxxxxxxxx')),
]

contract(http2, SAMPLES, { endless: ENDLESS, retainedLimitBytes: 5 * 1024 * 1024 })
