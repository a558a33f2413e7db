import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { APIS } from './apis.ts'
import { encodeRequest } from './encode.fixture.ts'
import { probe } from './probe.ts'

const NONE = new Uint8Array(0)
const text = (bytes: string): Uint8Array => Buffer.from(bytes, 'latin1')
const hex = (bytes: string): Uint8Array => Buffer.from(bytes.replaceAll(' ', ''), 'hex')

const OTHERS: Readonly<Record<string, Uint8Array>> = {
  'HTTP/1': text('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  'HTTP/2': text('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  'TLS': hex('16030100c8010000c40303'),
  'Redis': text('*1\r\n$4\r\nPING\r\n'),
  'AMQP': text('AMQP\0\0\x09\x01'),
  'PostgreSQL start-up': Buffer.concat([hex('00000054 00030000'), text('user\0postgres\0database\0orders\0application_name\0psql\0client_encoding\0UTF8\0\0')]),
  'PostgreSQL SSLRequest': hex('00000008 04d2162f'),
  'MySQL query': hex('05000000 0373656c65'),
  'MongoDB': hex('d4000000 01000000 00000000 dd070000'),
  'DNS over TCP': hex('001d abcd 0100 0001 0000 0000 0000 076578616d706c6503636f6d0000010001'),
  'ZooKeeper connect': hex('0000002d 00000000 0000000000000000 00007530 0000000000000000 00000010 00000000000000000000000000000000 00'),
  'Cassandra': hex('0400000001 00000016'),
  'Thrift': hex('0000001e 80010001 00000004 70696e67'),
  'zeros': new Uint8Array(600),
}

for (const [name, bytes] of Object.entries(OTHERS)) {
  test(`${name} is refused`, () => {
    assert.equal(probe(bytes, NONE), 'no')
  })
}

test('an answer alone tells nothing', () => {
  assert.equal(probe(NONE, hex('00000010 00000001 0000')), 'no')
})

test('every version of every kind is recognised', () => {
  for (const api of APIS) {
    if (api === undefined || api.request === '' && api.response === '') continue
    for (let version = 0; version <= api.maxVersion; version++) {
      assert.equal(probe(encodeRequest(api.key, version, 7, 'client', {}), NONE), 'yes', `${api.name} v${version}`)
    }
  }
})

test('a version to come of ApiVersions is recognised, that of others is not', () => {
  const coming = encodeRequest(18, 4, 0, 'new', { clientSoftwareName: 'x', clientSoftwareVersion: '9' })
  coming[7] = 6
  assert.equal(probe(coming, NONE), 'yes')
  const metadata = encodeRequest(3, 13, 0, 'new', {})
  metadata[7] = 14
  assert.equal(probe(metadata, NONE), 'no')
})

test('a request whose fields do not fit its length is refused', () => {
  const bytes = encodeRequest(3, 1, 1, 'shop', { topics: [{ topic: 'orders' }] })
  const longer = Buffer.concat([bytes, Buffer.alloc(4)])
  longer.writeInt32BE(bytes.length)
  assert.equal(probe(longer, NONE), 'no')
})

test('random bytes are hardly ever taken for a request', () => {
  let taken = 0
  fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
    if (probe(bytes, NONE) !== 'no') taken++
  }), { numRuns: 2000 })
  assert.equal(taken, 0)
})
