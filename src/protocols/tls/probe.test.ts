import assert from 'node:assert/strict'
import test from 'node:test'
import { probeTls } from './probe.ts'
import { changeCipherSpec, clientHello, data, recordOf, serverHello, u16, u8 } from './wire.fixture.ts'

const NONE = new Uint8Array(0)
const ssl2Hello = Buffer.concat([u16(0x802e), u8(1), u16(0x0301), u16(0x0015, 0, 0x0010), Buffer.alloc(37)])

test('hellos are TLS on the side they belong to', () => {
  assert.equal(probeTls(clientHello(), NONE), 'yes')
  assert.equal(probeTls(NONE, serverHello(0x1301)), 'yes')
  assert.equal(probeTls(ssl2Hello, NONE), 'yes')
  assert.equal(probeTls(clientHello(), Buffer.from('HTTP/1.1 400 Bad Request\r\n')), 'yes')
  assert.equal(probeTls(NONE, clientHello()), 'no')
  assert.equal(probeTls(serverHello(0x1301), NONE), 'no')
})

test('records of a connection in use are TLS, whoever sent them', () => {
  for (const bytes of [data(100), recordOf(22, Buffer.alloc(40, 0xee)), changeCipherSpec, recordOf(21, Buffer.from([1, 0])), recordOf(21, Buffer.alloc(26))]) {
    const padded = Buffer.concat([bytes, data(10)])
    assert.equal(probeTls(padded, NONE), 'yes')
    assert.equal(probeTls(NONE, padded), 'yes')
  }
})

test('too few bytes to tell', () => {
  assert.equal(probeTls(NONE, NONE), 'more')
  for (let size = 1; size <= 5; size++) assert.equal(probeTls(clientHello().subarray(0, size), NONE), 'more')
})

test('what is not TLS is refused at once', () => {
  const others = ['GET / HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'SSH-2.0-OpenSSH_9.2\r\n', '*1\r\n$4\r\nPING\r\n', '\x00\x00\x00\x08\x04\xd2\x16\x2f', '\x16\x04\x01\x00\x10abc', '\x17\x03\x03\xff\xff1', '\x80\x10\x07abcdef']
  for (const text of others) {
    assert.equal(probeTls(Buffer.from(text, 'latin1'), NONE), 'no', text)
    assert.equal(probeTls(NONE, Buffer.from(text, 'latin1')), 'no', text)
  }
})
