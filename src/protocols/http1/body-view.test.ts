import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import * as zlib from 'node:zlib'
import { CLIENT, SERVER } from '../../model/side.ts'
import type { BodyView } from '../http/body-view.ts'
import type { Step } from '../contract.fixture.ts'
import { listen, text } from '../contract.fixture.ts'
import { decodeBody } from '../http/content-coding.ts'
import { http1 } from './http1.ts'
import type { ResponseView } from './view.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'

function fastBrotli(source: string | Buffer): Buffer {
  return zlib.brotliCompressSync(source, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 2 } })
}

/** What is shown of a response with these headers and this body. */
function response(headers: string, body: Uint8Array | string, bodyLimitBytes = 64 * 1024): ResponseView {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = Buffer.from(`HTTP/1.1 200 OK\r\n${headers}Content-Length: ${bytes.length}\r\n\r\n`)
  const steps: Step[] = [text(CLIENT, 'GET / HTTP/1.1\r\n\r\n', 1), { side: SERVER, bytes: Buffer.concat([head, bytes]), at: 2 }]
  return listen(http1, steps, { ...DEFAULT_SETTINGS, bodyLimitBytes, ciphertextTurns: false }).messages[0]!['response'] as ResponseView
}

const shown = (headers: string, body: Uint8Array | string, limit?: number): Partial<BodyView> | undefined => response(headers, body, limit).body

const PROSE = 'All work and no play makes Jack a dull boy. '.repeat(50)

test('text is text, in UTF-8 or the charset that is named', () => {
  assert.deepEqual(shown('', 'plain'), { text: 'plain' })
  assert.deepEqual(shown('', 'naïve ☃'), { text: 'naïve ☃' })
  assert.deepEqual(shown('Content-Type: text/html; charset="UTF-8"\r\n', 'ü'), { text: 'ü' })
  assert.deepEqual(shown('Content-Type: text/plain; charset=ISO-8859-1\r\n', Buffer.from([0x66, 0xfc])), { text: 'fü', charset: 'iso-8859-1' })
  assert.deepEqual(shown('Content-Type: text/plain;charset=utf-16le\r\n', Buffer.from('hü', 'utf16le')), { text: 'hü', charset: 'utf-16le' })
})

test('what is no text is base64', () => {
  const binary = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0])
  assert.deepEqual(shown('Content-Type: image/png\r\n', binary), { base64: binary.toString('base64'), hex: '89 50 4e 47 00' })
  assert.deepEqual(shown('', Buffer.from([0xff, 0xfe])), { base64: '//4=', hex: 'ff fe' })
  assert.deepEqual(shown('', 'nul \0 inside'), { base64: Buffer.from('nul \0 inside').toString('base64'), hex: '6e 75 6c 20 00 20 69 6e 73 69 64 65' })
  assert.deepEqual(shown('Content-Type: text/plain; charset=klingon\r\n', 'abc'), { base64: 'YWJj', hex: '61 62 63' })
})

test('every coding that is in use is undone', () => {
  const coded: [string, Buffer][] = [
    ['gzip', zlib.gzipSync(PROSE)], ['x-gzip', zlib.gzipSync(PROSE)], ['deflate', zlib.deflateSync(PROSE)],
    ['deflate', zlib.deflateRawSync(PROSE)], ['br', zlib.brotliCompressSync(PROSE)], ['GZIP', zlib.gzipSync(PROSE)],
  ]
  if (typeof zlib.zstdCompressSync === 'function') coded.push(['zstd', zlib.zstdCompressSync(PROSE)])
  for (const [coding, bytes] of coded) {
    const view = response(`Content-Encoding: ${coding}\r\n`, bytes)
    assert.equal(view.bodyBytes, bytes.length)
    assert.deepEqual(view.body, { text: PROSE, encoding: coding.toLowerCase(), decodedBytes: PROSE.length })
  }
})

test('several codings are undone in turn', () => {
  const twice = zlib.brotliCompressSync(zlib.gzipSync(PROSE))
  assert.deepEqual(shown('Content-Encoding: gzip, br\r\n', twice), { text: PROSE, encoding: 'br, gzip', decodedBytes: PROSE.length })
  assert.deepEqual(shown('Content-Encoding: gzip\r\nContent-Encoding: br\r\n', twice), { text: PROSE, encoding: 'br, gzip', decodedBytes: PROSE.length })
  assert.deepEqual(shown('Content-Encoding: identity\r\n', 'as is'), { text: 'as is' })
  assert.equal(shown(`Content-Encoding: ${'gzip, '.repeat(5)}\r\n`, PROSE)?.undecoded, 'gzip: Z_DATA_ERROR')
})

test('no more codings than the limit are undone', () => {
  let bytes: Uint8Array = Buffer.from(PROSE)
  for (let i = 0; i < 6; i++) bytes = zlib.gzipSync(bytes)
  const view = shown(`Content-Encoding: ${Array.from({ length: 6 }, () => 'gzip').join()}\r\n`, bytes)
  assert.deepEqual([view?.encoding, view?.undecoded], ['gzip, gzip, gzip, gzip', 'more than 4 codings'])
})

test('what cannot be undone is shown as it was sent, with the reason', () => {
  assert.deepEqual(shown('Content-Encoding: gzip\r\n', 'not gzip'), { text: 'not gzip', undecoded: 'gzip: Z_DATA_ERROR' })
  assert.deepEqual(shown('Content-Encoding: zip\r\n', 'x'), { text: 'x', undecoded: 'zip is not known' })
  assert.equal(shown('Content-Encoding: br\r\n', 'nonsense')?.text, 'nonsense')
  assert.equal(shown('Content-Encoding: deflate\r\n', Buffer.from([0x78]))?.base64 ?? 'text', 'text')
})

test('only the first bytes are kept, and all are counted', () => {
  const view = response('', PROSE, 10)
  assert.deepEqual([view.bodyBytes, view.body], [PROSE.length, { text: PROSE.slice(0, 10), truncated: true }])
  assert.equal(response('', PROSE, 0).body, undefined)
  assert.equal(response('', PROSE, 0).bodyBytes, PROSE.length)
})

test('a character that the limit cuts in two is left out', () => {
  assert.deepEqual(shown('', 'ab☃☃', 4), { text: 'ab', truncated: true })
  assert.deepEqual(shown('', 'ab☃☃', 5), { text: 'ab☃', truncated: true })
  assert.deepEqual(shown('', 'ab😀', 5), { text: 'ab', truncated: true })
  assert.deepEqual(shown('', Buffer.from('ab☃').subarray(0, 4)), { base64: Buffer.from('ab☃').subarray(0, 4).toString('base64'), hex: '61 62 e2 98' })
})

test('of a compressed body that was cut, what can be undone is shown', () => {
  const source = randomBytes(200_000).toString('hex')
  const codings: [string, Buffer][] = [['gzip', zlib.gzipSync(source)], ['deflate', zlib.deflateRawSync(source)], ['br', fastBrotli(source)]]
  if (typeof zlib.zstdCompressSync === 'function') codings.push(['zstd', zlib.zstdCompressSync(source)])
  for (const [coding, bytes] of codings) {
    const limit = Math.floor(bytes.length * 0.9)
    const view = shown(`Content-Encoding: ${coding}\r\n`, bytes, limit)!
    assert.ok(view.text !== undefined && view.text.length > 100 && source.startsWith(view.text), coding)
    assert.ok(view.text.length <= limit)
    assert.deepEqual([view.encoding, view.truncated, view.decodedBytes], [coding, true, undefined])
  }
})

test('where nothing can be undone of what is here, that is told', () => {
  const view = shown('Content-Encoding: gzip\r\n', zlib.gzipSync(PROSE), 12)!
  assert.deepEqual([view.undecoded, view.encoding, view.truncated], ['gzip: too little of it is here', undefined, true])
})

test('a body that expands beyond all measure stays within the limit', () => {
  const bomb = zlib.gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x61))
  const view = shown('Content-Encoding: gzip\r\n', bomb, 60_000)!
  assert.deepEqual([view.text?.length, view.truncated, view.encoding], [60_000, true, 'gzip'])
  const brotli = shown('Content-Encoding: br\r\n', fastBrotli(Buffer.alloc(20 * 1024 * 1024, 0x61)), 1000)!
  assert.ok((brotli.text?.length ?? 0) <= 1000)
  assert.ok(brotli.truncated === true || brotli.undecoded !== undefined)
  const nested = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(20 * 1024 * 1024)))
  assert.ok(JSON.stringify(shown('Content-Encoding: gzip, gzip\r\n', nested)).length < 200_000)
})

test('decompression never yields more than eight times the limit', () => {
  const { bytes, decodedBytes, isWhole } = decodeBody(zlib.gzipSync(Buffer.alloc(20 * 1024 * 1024)), ['gzip'], 10_000, false)
  assert.deepEqual([bytes.length, isWhole], [10_000, false])
  assert.ok(decodedBytes > 10_000 && decodedBytes <= 80_000, `${decodedBytes}`)
})

test('the codings of the transfer are undone first', () => {
  const coded = zlib.gzipSync(zlib.brotliCompressSync('both'))
  const steps: Step[] = [
    text(CLIENT, 'GET / HTTP/1.1\r\n\r\n', 1),
    { side: SERVER, at: 2, bytes: Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${coded.length.toString(16)}\r\n`), coded, Buffer.from('\r\n0\r\n\r\n')]) },
  ]
  const { body } = listen(http1, steps).messages[0]!['response'] as ResponseView
  assert.deepEqual(body, { text: 'both', encoding: 'gzip, br', decodedBytes: 4 })
})

test('a large body that comes in many pieces is kept in order', () => {
  const body = Array.from({ length: 20_000 }, (_, i) => i).join()
  const pieces = body.match(/.{1,137}/gs)!
  const steps: Step[] = [
    text(CLIENT, 'GET / HTTP/1.1\r\n\r\n', 1), text(SERVER, `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`, 2),
    ...pieces.map((piece) => text(SERVER, piece, 3)),
  ]
  const view = (limit: number) => (listen(http1, steps, { ...DEFAULT_SETTINGS, bodyLimitBytes: limit, ciphertextTurns: false }).messages[0]!['response'] as ResponseView).body
  assert.deepEqual(view(1_000_000), { text: body })
  assert.deepEqual(view(5000), { text: body.slice(0, 5000), truncated: true })
})
