import assert from 'node:assert/strict'
import test from 'node:test'
import { parseClientHello } from './client-hello.ts'
import type { ClientHello } from './client-hello.ts'
import { ja3, ja3Text, ja4 } from './fingerprint.ts'
import { clientHelloBody, u16, u8, vector } from './wire.fixture.ts'
import type { HelloParts } from './wire.fixture.ts'

function helloOf(parts: HelloParts): ClientHello {
  const body = clientHelloBody(parts)
  const hello = parseClientHello(body, 0, body.length)
  assert.equal(hello.malformed, undefined)
  return hello
}

const numbers = (text: string): number[] => text.split(',').map((value) => Number.parseInt(value, 16))
const ALPN_H2 = vector(2, vector(1, Buffer.from('h2')))

test('JA4 as in its specification: a Chrome that prefers h2', () => {
  const suites = numbers('1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035')
  const types = numbers('001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015')
  const schemes = u16(...numbers('0403,0804,0401,0503,0805,0501,0806,0601'))
  const bodies = new Map<number, Uint8Array>([
    [0x0d, vector(2, schemes)], [0x10, ALPN_H2], [0x2b, vector(1, u16(0x6a6a, 0x0304, 0x0303))], [0x0a, vector(2, u16(0x8a8a, 29, 23))],
    [0x33, vector(2, u16(29), vector(2, Buffer.alloc(32)))], [0x0b, vector(1, u8(0))], [0x1b, vector(1, u16(2))], [0x2d, vector(1, u8(1))],
  ])
  const extensions = [0x0a0a, ...types, 0xfafa].map((type): [number, Uint8Array] => [type, bodies.get(type) ?? Buffer.alloc(0)])
  extensions[2] = [0, vector(2, u8(0), vector(2, Buffer.from('a.example')))]
  const hello = helloOf({ suites: [0x2a2a, ...suites], extensions })
  assert.equal(ja4(hello), 't13d1516h2_8daaf6152771_e5627efa2ab1')
  assert.equal(hello.grease, true)
})

test('JA3 as in its specification', () => {
  const suites = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4]
  const hello = helloOf({
    version: 0x0301, suites,
    extensions: [[0, vector(2, u8(0), vector(2, Buffer.from('x')))], [10, vector(2, u16(23, 24, 25))], [11, vector(1, u8(0))]],
  })
  assert.equal(ja3Text(hello), '769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0')
  assert.equal(ja3(hello), 'ada70206e40642a3e4461f35503241d5')
  const bare = helloOf({ version: 0x0301, suites: [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99] })
  assert.equal(ja3Text(bare), '769,4-5-10-9-100-98-3-6-19-18-99,,,')
  assert.equal(ja3(bare), 'de350869b8c85de67a350c8d186f11e6')
})

test('JA4 without a name, without ALPN, of odd protocols', () => {
  assert.match(ja4(helloOf({})), /^t12i010000_[0-9a-f]{12}_000000000000$/)
  assert.equal(ja4(helloOf({ version: 0x0301, suites: [] })), 't10i000000_000000000000_000000000000')
  const alpn = (name: Buffer): string => ja4(helloOf({ extensions: [[16, vector(2, vector(1, name))]] })).slice(8, 10)
  assert.deepEqual([alpn(Buffer.from('http/1.1')), alpn(Buffer.from('h')), alpn(Buffer.from([0xab, 0xcd])), alpn(Buffer.from('-x'))], ['h1', 'hh', 'ad', '28'])
})
