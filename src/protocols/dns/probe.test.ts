import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from '#property'
import { FROM_CLIENT, FROM_SERVER, NOBODY } from '../datagram.ts'
import { dns } from './dns.ts'
import { probeDatagram } from './probe.ts'
import { answer, ask, framed, message } from './wire.fixture.ts'

const NONE = new Uint8Array(0)
const OTHERS: Record<string, Uint8Array> = {
  'HTTP/1': Buffer.from('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n'),
  'an HTTP/1 answer': Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
  'the preface of HTTP/2': Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x12\x04\0\0\0\0\0', 'latin1'),
  'TLS': Buffer.from('16030100c8010000c403030102030405060708090a0b0c0d0e0f', 'hex'),
  'a TLS answer': Buffer.from('160303007a0200007603030102030405060708090a0b0c0d0e0f', 'hex'),
  'Redis': Buffer.from('*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n'),
  'Kafka': Buffer.from('00000023001200030000000100096d746c73636f70650000', 'hex'),
  'AMQP': Buffer.from('AMQP\0\0\x09\x01AMQP\0\0\x09\x01', 'latin1'),
  'PostgreSQL': Buffer.from('\0\0\0\x2a\0\x03\0\0user\0shop\0database\0shop\0\0', 'latin1'),
  'MySQL': Buffer.from('\x4a\0\0\0\x0a8.0.36\0\x0b\0\0\0abcdefgh\0\xff\xff', 'latin1'),
  'MongoDB': Buffer.from('3a00000001000000000000 00d40700000000000061646d696e'.replaceAll(' ', ''), 'hex'),
  'SSH': Buffer.from('SSH-2.0-OpenSSH_9.2\r\n'),
  'zeros': Buffer.alloc(64),
  'text': Buffer.from('hello, this is just some text that goes on and on\n'),
}

for (const [name, bytes] of Object.entries(OTHERS)) {
  test(`${name} is not claimed, from neither side, over neither transport`, () => {
    assert.equal(dns.probe(bytes, NONE), 'no')
    assert.equal(dns.probe(NONE, bytes), 'no')
    assert.equal(probeDatagram(bytes, 0, bytes.length, 0, false), NOBODY)
  })
}

test('random bytes are not claimed, and undecided only while they are few', () => {
  let claimed = 0
  fc.assert(fc.property(fc.uint8Array({ minLength: 40, maxLength: 120 }), (bytes) => {
    if (dns.probe(bytes, NONE) === 'yes' || dns.probe(NONE, bytes) === 'yes') claimed++
    if (probeDatagram(bytes, 0, bytes.length, 0, false) !== NOBODY) claimed++
  }), { numRuns: 3000 })
  assert.equal(claimed, 0)
})

test('queries and answers tell who speaks', () => {
  const query = framed(ask('A', 'web.example'))
  const reply = framed(answer('A', 'web.example', []))
  assert.deepEqual([dns.probe(query, NONE), dns.probe(NONE, reply), dns.probe(reply, NONE), dns.probe(NONE, query)], ['yes', 'yes', 'no', 'no'])
  assert.equal(probeDatagram(query, 2, query.length - 2, 0, false), FROM_CLIENT)
  assert.equal(probeDatagram(reply, 2, reply.length - 2, 0, false), FROM_SERVER)
})

test('on its own port also unusual messages are read', () => {
  const odd = message({ flags: 0x8401, questions: [] })
  assert.equal(probeDatagram(odd, 0, odd.length, 0, false), NOBODY)
  assert.equal(probeDatagram(odd, 0, odd.length, 0, true), FROM_SERVER)
  assert.equal(probeDatagram(Buffer.alloc(11), 0, 11, 0, true), NOBODY)
})
