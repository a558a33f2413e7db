import assert from 'node:assert/strict'
import test from 'node:test'
import { probe } from './probe.ts'

const client = (text: string) => probe(Buffer.from(text, 'latin1'), new Uint8Array(0))
const server = (text: string) => probe(new Uint8Array(0), Buffer.from(text, 'latin1'))

test('a whole request line of HTTP/1 is claimed, whatever the method and the form of the target', () => {
  for (const line of ['GET / HTTP/1.1', 'POST /a?b=c HTTP/1.0', 'OPTIONS * HTTP/1.1', 'CONNECT a:443 HTTP/1.1', 'M-SEARCH * HTTP/1.1',
    'GET http://a/b HTTP/1.1', 'get / HTTP/1.1', 'BREW /pot HTTP/1.1', 'GET  /a b HTTP/1.1']) {
    assert.equal(client(`${line}\r\n`), 'yes', line)
    assert.equal(client(`\r\n${line}\n`), 'yes', line)
  }
})

test('a whole status line is claimed', () => {
  for (const line of ['HTTP/1.1 200 OK', 'HTTP/1.0 404 Not Found', 'HTTP/1.1 204', 'HTTP/1.1 200 ']) assert.equal(server(`${line}\r\n`), 'yes', line)
})

test('other protocols of the same shape are refused', () => {
  for (const line of ['PRI * HTTP/2.0', 'GET /', 'GET / HTTP/0.9', 'GET / HTTP/2', 'GET / http/1.1', 'OPTIONS rtsp://a RTSP/1.0',
    'INVITE sip:a@b SIP/2.0', 'EHLO example.org', 'get key', 'SSH-2.0-OpenSSH_9', '*1', '{"a":1}', 'G(T / HTTP/1.1', ' GET / HTTP/1.1', 'GET HTTP/1.1']) {
    assert.equal(client(`${line}\r\n`), 'no', line)
  }
  for (const line of ['HTTP/2 200', 'HTTP/1.1 20x', 'HTTP/1.1 2000', 'HTTP/1.1 099 Low', 'HTTP/1.1200 OK', 'SIP/2.0 200 OK', 'ICY 200 OK', '220 ready']) {
    assert.equal(server(`${line}\r\n`), 'no', line)
  }
})

test('binary bytes are refused at once', () => {
  assert.equal(client('\x16\x03\x01\x02\x00\x01'), 'no')
  assert.equal(client('GET /\x00\x01'), 'no')
  assert.equal(client('\x00'), 'no')
  assert.equal(server('\x16\x03\x03'), 'no')
})

test('what may become one is undecided', () => {
  for (const part of ['', 'G', 'GET', 'GET ', 'GET /cart', 'GET / HTTP/1.1', 'GET / HTTP/1.1\r', '\r\n', 'PRI * HTTP/2.0']) assert.equal(client(part), 'more', part)
  for (const part of ['H', 'HTTP/1.', 'HTTP/1.1 2', 'HTTP/1.1 200 OK']) assert.equal(server(part), 'more', part)
})

test('a very long target is claimed before its end', () => {
  assert.equal(client(`GET /${'a'.repeat(1020)}`), 'yes')
  assert.equal(client('A'.repeat(2000)), 'no')
})

test('with an undecided client the server may tell', () => {
  assert.equal(probe(Buffer.from('GE'), Buffer.from('HTTP/1.1 400 Bad Request\r\n')), 'yes')
  assert.equal(probe(Buffer.from('\x16\x03\x01'), Buffer.from('HTTP/1.1 400 Bad Request\r\n')), 'no')
})
