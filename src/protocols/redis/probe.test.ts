import assert from 'node:assert/strict'
import test from 'node:test'
import { probe } from './probe.ts'
import { command } from './samples.fixture.ts'

const NONE = new Uint8Array(0)
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const client = (text: string) => probe(bytes(text), NONE)
const server = (text: string) => probe(NONE, bytes(text))

test('commands as arrays, and inline ones that are nobody else\'s', () => {
  for (const text of [command('GET', 'k'), command('JSON.SET', 'k', '$', '1'), 'PING\r\n', 'ping\r\n', 'INFO\r\n']) assert.equal(client(text), 'yes', text)
  for (const text of ['*', '*2', '*2\r\n$3', '*2\r\n$3\r\nG', 'PI', 'get x\r\n', 'SET a']) assert.equal(client(text), 'more', text)
})

test('first bytes of other protocols', () => {
  const others = ['GET / HTTP/1.1\r\n', 'GET /x HTTP/1.0\r\n', 'OPTIONS * RTSP/1.0\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '\x16\x03\x01\x02\x00\x01', 'AMQP\x00\x00\x09\x01',
    'EHLO shop\r\n', 'SSH-2.0-x\r\n', '\x00\x00\x00\x17\x00\x03\x00\x00', '*0\r\n', '*2\r\n:1\r\n', '*1\r\n$3\r\n\x00\x01\x02', 'some plain text\r\n', '*2\r\n$3\r\nGETx', '{"a":1}\n']
  for (const text of others) assert.equal(client(text), 'no', text)
})

test('an inline command that memcached has, too, waits for the answer', () => {
  assert.equal(probe(bytes('get x\r\n'), bytes('$1\r\n1\r\n')), 'yes')
  assert.equal(probe(bytes('get x\r\n'), bytes('$-1\r\n')), 'yes')
  assert.equal(probe(bytes('get x\r\n'), bytes('END\r\n')), 'no')
  assert.equal(probe(bytes('get x\r\n'), bytes('VALUE x 0 1\r\n')), 'no')
  assert.equal(probe(bytes('set x 1\r\n'), bytes('+OK\r\n')), 'yes')
  assert.equal(probe(bytes('auth x\r\n'), bytes('+OK ready to start\r\n')), 'no')
})

test('replies alone must be more than a status', () => {
  for (const text of ['$5\r\nhello\r\n', '+PONG\r\n', '-WRONGTYPE Operation\r\n', '*2\r\n$1\r\na\r\n$1\r\nb\r\n', '%1\r\n$1\r\na\r\n:1\r\n', '+OK\r\n$1\r\nx\r\n']) assert.equal(server(text), 'yes', text)
  for (const text of ['+OK\r\n', ':1\r\n', '$5\r\nhel', '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n']) assert.equal(server(text), 'more', text)
  for (const text of ['+OK POP3 ready\r\n', '-ERR\r\nx', '220 mail\r\n', 'HTTP/1.1 200 OK\r\n', '$x\r\n', '$5\r\nhelloworld']) assert.notEqual(server(text), 'yes', text)
})
