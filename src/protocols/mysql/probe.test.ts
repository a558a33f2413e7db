import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { SAMPLES as HTTP } from '../http1/samples.fixture.ts'
import { SAMPLES as POSTGRES } from '../postgres/samples.fixture.ts'
import { probe } from './probe.ts'
import { bytes, column, eof, greeting, loginPacket, ok, packet, query, sized, sslRequest, u16, u32 } from './samples.fixture.ts'

const NONE = new Uint8Array(0)
const client = (...parts: Uint8Array[]): string => probe(Buffer.concat(parts), NONE)
const server = (...parts: Uint8Array[]): string => probe(NONE, Buffer.concat(parts))
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

test('what a server says first', () => {
  assert.equal(server(greeting()), 'yes')
  assert.equal(server(packet(0, bytes(0xff), u16(1040), Buffer.from('Too many connections'))), 'yes')
  assert.equal(probe(Buffer.from('x'), greeting()), 'yes')
})

test('a login where the greeting was missed, as inside TLS', () => {
  assert.equal(client(loginPacket()), 'yes')
  assert.equal(client(loginPacket(undefined, 2)), 'yes')
  assert.equal(client(sslRequest()), 'yes')
})

test('commands and results from the middle of a connection', () => {
  assert.equal(client(query('  select 1')), 'yes')
  assert.equal(client(packet(0, bytes(3, 0, 1), Buffer.from('SELECT 1'))), 'yes')
  assert.equal(client(packet(0, bytes(0x17), u32(1), bytes(0), u32(1))), 'yes')
  assert.equal(server(packet(1, bytes(1)), column(2, 'a', 3), eof(3), packet(4, sized('1')), eof(5)), 'yes')
})

test('what is alike and another', () => {
  assert.equal(server(ok(1)), 'no')
  assert.equal(client(packet(0, bytes(14))), 'no')
  assert.equal(client(query('hello there')), 'no')
  assert.equal(client(query('SELECT 1'), bytes(1)), 'no')
  assert.equal(server(packet(0, bytes(9), Buffer.alloc(30))), 'no')
  // TLS, DNS over TCP, MongoDB, Kafka, Redis, SMTP, SSH.
  assert.equal(client(hex('160301020001000100')), 'no')
  assert.equal(client(hex('001d 1234 0100 0001')), 'no')
  assert.equal(client(hex('3a000000 01000000 00000000 dd070000 00000000 00')), 'no')
  assert.equal(client(hex('00000020 00030000 00000001 0007')), 'no')
  assert.equal(client(Buffer.from('*1\r\n$4\r\nPING\r\n')), 'no')
  for (const line of ['220 mail ready\r\n', 'SSH-2.0-OpenSSH_9\r\n', '+OK\r\n', '-ERR no\r\n']) assert.equal(server(Buffer.from(line)), 'no')
  for (const { steps } of [...HTTP, ...POSTGRES]) for (const { side, bytes } of steps) if (bytes.length > 3) assert.equal(side === 0 ? client(bytes) : server(bytes), 'no')
})

test('random bytes are soon refused', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 64, maxLength: 200 }), (bytes) => {
    assert.equal(client(bytes), 'no')
    assert.equal(server(bytes), 'no')
  }))
})
