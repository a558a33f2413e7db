import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { parseClientHello } from './client-hello.ts'
import type { ClientHello } from './client-hello.ts'
import { MAX_ALPN, MAX_LIST } from './limits.ts'
import { parseServerHello } from './server-hello.ts'
import { clientHelloBody, serverHelloBody, u16, u8, vector } from './wire.fixture.ts'
import type { HelloParts } from './wire.fixture.ts'

function parse(parts: HelloParts): ClientHello {
  const body = clientHelloBody(parts)
  return parseClientHello(body, 0, body.length)
}

const identity = Buffer.concat([vector(2, Buffer.alloc(100)), Buffer.alloc(4)])

test('the extensions of a hello', () => {
  const hello = parse({
    sessionId: Buffer.alloc(32, 3), suites: [0x1301, 0x00ff, 0x5600],
    extensions: [
      [0, vector(2, u8(0), vector(2, Buffer.from('shop.example')))],
      [16, vector(2, vector(1, Buffer.from('h2')), vector(1, u16(0x3a3a)), vector(1, Buffer.from([0, 1])))],
      [10, vector(2, u16(0x11ec, 29))],
      [51, vector(2, u16(0x11ec), vector(2, Buffer.alloc(1216)), u16(29), vector(2, Buffer.alloc(32)))],
      [43, vector(1, u16(0x0304, 0x0303))],
      [45, vector(1, u8(1))],
      [42, Buffer.alloc(0)],
      [44, vector(2, Buffer.alloc(7))],
      [28, u16(16385)],
      [1, u8(3)],
      [35, Buffer.alloc(0)],
      [27, vector(1, u16(2, 3))],
      [0xfe0d, Buffer.concat([u8(0), Buffer.alloc(40)])],
      [41, Buffer.concat([vector(2, identity, identity), vector(2, vector(1, Buffer.alloc(32)), vector(1, Buffer.alloc(32)))])],
    ],
  })
  assert.equal(hello.malformed, undefined)
  assert.equal(hello.serverName, 'shop.example')
  assert.deepEqual(hello.alpn, ['h2', 'GREASE', '0x0001'])
  assert.deepEqual([hello.groups, hello.keyShares, hello.versions], [[0x11ec, 29], [0x11ec, 29], [0x0304, 0x0303]])
  assert.deepEqual([hello.pskModes, hello.pskIdentities, hello.cookieBytes, hello.ticketBytes], [[1], 2, 7, 0])
  assert.deepEqual([hello.recordSizeLimit, hello.maxFragmentLength, hello.certificateCompressions, hello.ech], [16385, 2048, [2, 3], 'outer'])
  assert.deepEqual([hello.renegotiationInfo, hello.fallback, hello.grease, hello.sessionId.length], [true, true, false, 32])
})

test('a hello without extensions is whole', () => {
  const hello = parse({ version: 0x0300, suites: [4, 5] })
  assert.deepEqual([hello.malformed, hello.extensions, hello.suites, hello.versions], [undefined, [], [4, 5], undefined])
})

test('lists are kept up to their bounds', () => {
  const hello = parse({
    suites: Array.from({ length: MAX_LIST + 3 }, (_, i) => i),
    extensions: [[16, vector(2, ...Array.from({ length: MAX_ALPN + 5 }, () => vector(1, Buffer.from('x'))))]],
  })
  assert.deepEqual([hello.suites.length, hello.cut, hello.alpn!.length], [MAX_LIST, true, MAX_ALPN])
})

test('what breaks its format says where, and keeps what was before', () => {
  const body = clientHelloBody({ extensions: [[0, vector(2, u8(0), vector(2, Buffer.from('shop.example')))], [10, vector(2, u16(29))]] })
  const fixed = parseClientHello(body, 0, 36)
  assert.match(fixed.malformed!, /fixed fields/)
  const extensions = parseClientHello(body, 0, body.length - 2)
  assert.match(extensions.malformed!, /extensions/)
  assert.equal(extensions.serverName, 'shop.example')
  const inner = parse({ extensions: [[10, Buffer.from([0, 9, 0, 29])]] })
  assert.match(inner.malformed!, /extension supported_groups/)
})

test('no bytes make the parsers throw or read beyond their end', () => {
  const guard = Buffer.alloc(64, 0xff)
  const good = clientHelloBody({ extensions: [[16, vector(2, vector(1, Buffer.from('h2')))], [51, vector(2, u16(29), vector(2, Buffer.alloc(32)))]] })
  const server = serverHelloBody(0x1301, { extensions: [[43, u16(0x0304)], [51, Buffer.concat([u16(29), vector(2, Buffer.alloc(32))])]] })
  const mutation = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 10 })
  fc.assert(fc.property(mutation, fc.nat(good.length), (changes, end) => {
    for (const [original, read] of [[good, parseClientHello], [server, parseServerHello]] as const) {
      const bytes = Buffer.concat([original, guard])
      for (const [at, value] of changes) bytes[at % original.length] = value
      const hello = read(bytes, 0, Math.min(end, original.length))
      assert.ok(hello.extensions.length <= MAX_LIST)
    }
  }), { numRuns: 500 })
})

test('a ServerHello that is a HelloRetryRequest, and the downgrade signal', () => {
  const retry = serverHelloBody(0x1301, {
    random: Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex'), extensions: [[43, u16(0x0304)], [51, u16(24)]],
  })
  const parsed = parseServerHello(retry, 0, retry.length)
  assert.deepEqual([parsed.isRetry, parsed.group, parsed.version, parsed.downgrade], [true, 24, 0x0304, false])
  const down = serverHelloBody(0xc02b, { random: Buffer.concat([Buffer.alloc(24), Buffer.from('DOWNGRD\x01')]) })
  const lesser = parseServerHello(down, 0, down.length)
  assert.deepEqual([lesser.isRetry, lesser.downgrade, lesser.version], [false, true, 0x0303])
})
