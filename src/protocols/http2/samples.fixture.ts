import { gzipSync } from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { Sample, Step } from '../contract.fixture.ts'
import { DATA, END_HEADERS, END_STREAM, HAS_PRIORITY, HEADERS, PING, PRIORITY } from './frame-types.ts'
import {
  bytesOf, data, frame, get, goaway, headers, padded, post, preface, pushPromise, rst, settings, settingsAck, status, uint32Bytes, windowUpdate,
} from './frames.fixture.ts'
import { encodeBlock } from './hpack-encoder.fixture.ts'

export const ask = (at: number, ...parts: (string | Uint8Array)[]): Step => ({ side: CLIENT, bytes: bytesOf(...parts), at })
export const answer = (at: number, ...parts: (string | Uint8Array)[]): Step => ({ side: SERVER, bytes: bytesOf(...parts), at })

/** Tables of the encoders of both sides. */
const tables = (): { c: { table: [string, string][] }, s: { table: [string, string][] } } => ({ c: { table: [] }, s: { table: [] } })

function usual(): Sample {
  const { c, s } = tables()
  return { name: 'requests one after the other', steps: [
    ask(1000, preface(), settings([3, 100], [4, 65_535]), windowUpdate(0, 1_000_000), headers(1, get('/cart/7?full=1', ['accept', '*/*'], ['authorization', 'Bearer canary']), true, c)),
    answer(1400, settings([3, 128]), settingsAck(), headers(1, status(200, ['content-type', 'application/json']), false, s), data(1, '{"sku":7}', true)),
    ask(2000, settingsAck(), headers(3, post('/reserve', ['content-type', 'text/plain'], ['content-length', '11']), false, c), data(3, 'a=1&b'), data(3, '=2&c=3', true)),
    answer(2600, headers(3, status(204), true, s)),
    ask(3000, headers(5, get('/cart/7?full=1', ['accept', '*/*'], ['authorization', 'Bearer canary']), true, c), frame(PING, 0, 0, 'pingpong')),
    answer(3100, headers(5, status(404, ['content-type', 'application/json']), true, s), frame(PING, 1, 0, 'pingpong')),
    ask(4000, goaway(0, 0)),
  ] }
}

function concurrent(): Sample {
  const { c, s } = tables()
  return { name: 'many streams at once, answered in another order', steps: [
    ask(1000, preface(), settings(), ...[1, 3, 5, 7].map((id) => headers(id, get(`/${id}`, ['x-request-id', `id-${id}`]), true, c))),
    answer(1400, settings(), headers(7, status(200), false, s), headers(3, status(200, ['x-n', '3']), false, s), data(3, 'three '), data(7, 'seven', true)),
    answer(1500, headers(1, status(503, ['retry-after', '3']), true, s), data(3, 'and more', true), headers(5, status(200), false, s), data(5, 'five', true)),
  ] }
}

function grand(): Sample {
  const { c, s } = tables()
  const gzipped = gzipSync('gzipped gzipped gzipped')
  return { name: 'padding, priority, CONTINUATION, trailers, interim responses, push', steps: [
    ask(1000, preface(), settings([1, 4096]), frame(PRIORITY, 0, 3, bytesOf(uint32Bytes(0), '\x10')), frame(0xfa, 3, 0, 'grease'),
      frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, bytesOf(uint32Bytes(0x80000000), '\xff', encodeBlock(post('/up', ['te', 'trailers']), c))),
      padded(DATA, 0, 1, bytesOf('padded '), 20), padded(DATA, END_STREAM, 1, bytesOf('body'), 0)),
    answer(1100, settings(), headers(1, status(100), false, s), headers(1, status(103, ['link', '</a.css>']), false, s)),
    answer(1200, pushPromise(1, 2, get('/a.css'), s), headers(1, status(200, ['content-encoding', 'gzip'], ['x-long', 'x'.repeat(300)]), false, { ...s, cut: 100, huffman: false }),
      data(1, gzipped), headers(1, [['x-sum', '12'], ['grpc-status', '0']], true, s)),
    answer(1300, headers(2, status(200, ['content-type', 'text/css']), false, s), data(2, 'a { color: red }', true)),
  ] }
}

function ended(): Sample {
  const { c, s } = tables()
  return { name: 'RST_STREAM and GOAWAY', steps: [
    ask(1000, preface(), settings(), ...[1, 3, 5, 7, 9].map((id) => headers(id, get(`/${id}`), true, c))),
    answer(1100, settings(), rst(1, 7), headers(3, status(200), false, s), data(3, 'half of')),
    ask(1200, rst(3, 8)),
    answer(1300, data(3, ' it'), goaway(5, 11, 'too many pings'), headers(5, status(200), true, s)),
  ] }
}

function long(): Sample {
  const { c, s } = tables()
  return { name: 'a stream that stays open', steps: [
    ask(1000, preface(), settings(), headers(1, get('/events'), true, c)),
    answer(2000, settings(), headers(1, status(200, ['content-type', 'text/event-stream']), false, s), data(1, 'data: 1\n\n')),
    answer(5_000_000, data(1, 'data: 2\n\n'), data(1, 'data: 3\n\n')),
    answer(9_000_000, data(1, 'data: 4\n\n')),
    answer(9_500_000, data(1, '', true)),
  ] }
}

const unused: Sample = { name: 'a connection without requests', steps: [ask(1000, preface(), settings([4, 1])), answer(1100, settings(), settingsAck()), ask(1200, settingsAck())] }

export const SAMPLES: readonly Sample[] = [usual(), concurrent(), grand(), ended(), long(), unused]
