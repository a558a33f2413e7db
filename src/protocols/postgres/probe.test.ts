import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { SAMPLES as HTTP } from '../http1/samples.fixture.ts'
import { SAMPLES as MYSQL, query as mysqlQuery } from '../mysql/samples.fixture.ts'
import { probe } from './probe.ts'
import { SYNC, bind, columns, describe, error, execute, parse, query, ready, request, row, startup, tag, u32 } from './samples.fixture.ts'

const NONE = new Uint8Array(0)
const client = (...parts: Uint8Array[]): string => probe(Buffer.concat(parts), NONE)
const server = (...parts: Uint8Array[]): string => probe(NONE, Buffer.concat(parts))
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

test('the first packet of a client', () => {
  assert.equal(client(startup('user', 'a')), 'yes')
  assert.equal(client(request(80877103)), 'yes')
  assert.equal(client(request(80877104)), 'yes')
  assert.equal(client(request(80877102, u32(1), u32(2))), 'yes')
  assert.equal(client(request(196610, Buffer.from('user\0a\0\0'))), 'yes')
})

test('messages from the middle of a connection', () => {
  assert.equal(client(query('SELECT 1')), 'yes')
  assert.equal(client(parse('', 'SELECT $1', 23), bind('', '', 'a'), describe('P', ''), execute(''), SYNC), 'yes')
  assert.equal(client(bind('', 's1', 'a'), execute(''), SYNC), 'yes')
  assert.equal(client(query(`SELECT '${'x'.repeat(100)}'`).subarray(0, 60)), 'yes')
  assert.equal(server(columns(['a', 23]), row('1'), tag('SELECT 1'), ready()), 'yes')
  assert.equal(server(error('42601', 'syntax error'), ready('E')), 'yes')
  assert.equal(server(columns(['a', 23]), row('1').subarray(0, 7)), 'yes')
})

test('what is alike and another', () => {
  // Kafka: Metadata, version 0, which has the bytes of version 3.0.
  assert.equal(client(hex('00000020 00030000 00000001 0007'), Buffer.from('console')), 'no')
  // DNS over TCP, TLS, HTTP/2, Redis, AMQP, MongoDB.
  assert.equal(client(hex('001d 1234 0100 0001')), 'no')
  assert.equal(client(hex('160301020001000100')), 'no')
  assert.equal(client(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')), 'no')
  assert.equal(client(Buffer.from('*1\r\n$4\r\nPING\r\n')), 'no')
  assert.equal(client(Buffer.from('AMQP\0\0\x09\x01')), 'no')
  assert.equal(client(hex('51000000 02000000 00000000 dd070000 00000000')), 'no')
  assert.equal(client(Buffer.from('Quit\r\n')), 'no')
  assert.equal(client(query('SELECT\x01 1')), 'no')
  assert.equal(client(request(80877105)), 'no')
  assert.equal(client(SYNC), 'no')
  assert.equal(client(mysqlQuery('SELECT 1')), 'no')
  assert.equal(server(row('1'), tag('SELECT 1')), 'no')
  assert.equal(server(Buffer.from('E1 ok\r\n')), 'no')
  for (const { steps } of [...HTTP, ...MYSQL]) for (const { side, bytes } of steps) assert.equal(side === 0 ? client(bytes) : server(bytes), 'no')
})

test('random bytes are soon refused', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 200 }), (bytes) => {
    assert.equal(client(bytes), 'no')
    assert.equal(server(bytes), 'no')
  }))
})
