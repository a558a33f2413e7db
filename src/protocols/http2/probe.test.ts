import assert from 'node:assert/strict'
import test from 'node:test'
import fc from '#property'
import { SAMPLES as HTTP1 } from '../http1/samples.fixture.ts'
import { bytesOf, data, frame, get, goaway, headers, preface, settings, settingsAck, status, windowUpdate } from './frames.fixture.ts'
import { probe } from './probe.ts'

const NONE = new Uint8Array(0)
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

test('the preface, and what may become it', () => {
  assert.equal(probe(bytesOf(preface(), settings()), NONE), 'yes')
  for (let size = 0; size < 24; size++) assert.equal(probe(preface().subarray(0, size), NONE), 'more')
  assert.equal(probe(bytes('PRI * HTTP/1.1\r\n\r\n'), NONE), 'no')
})

test('frames in the middle of a connection, of either side', () => {
  const late: [string, string][] = [['x', 'y']]
  const request = headers(1001, get('/a', ['x', 'y']), true, { table: late })
  assert.equal(probe(request, NONE), 'yes')
  assert.equal(probe(windowUpdate(0, 4000), NONE), 'yes')
  assert.equal(probe(NONE, settings([3, 100])), 'yes')
  assert.equal(probe(NONE, settingsAck()), 'yes')
  assert.equal(probe(NONE, bytesOf(headers(7, status(200, ['x', 'y']), false, { table: late }), data(7, 'hello'))), 'yes')
  assert.equal(probe(NONE, bytesOf(data(7, 'a'), data(9, 'b'), data(7, 'c'))), 'yes')
  assert.equal(probe(NONE, goaway(7, 0)), 'yes')
})

test('what is not enough, or may be anything', () => {
  assert.equal(probe(NONE, data(7, 'alone')), 'no')
  assert.equal(probe(NONE, data(7, 'a long one'.repeat(100)).subarray(0, 500)), 'more')
  assert.equal(probe(headers(4, get('/')), NONE), 'no')
  assert.equal(probe(NONE, frame(1, 4, 1, '\xff\xff\xff\xff\xff\xff')), 'no')
})

test('other protocols are refused', () => {
  const others = {
    'TLS': '\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03', 'Redis': '*1\r\n$4\r\nPING\r\n', 'Kafka': '\0\0\0\x23\0\x12\0\x03\0\0\0\x01\0\x09my-client\0',
    'Kafka that looks like a frame': '\0\0\x04\x08\0\0\0\x0b\0\0\0\x01\0\x09my-client-with-a-name', 'PostgreSQL': '\0\0\0\x08\x04\xd2\x16\x2f', 'AMQP': 'AMQP\0\0\x09\x01',
    'PostgreSQL start-up': '\0\0\0\x54\0\x03\0\0user\0postgres\0', 'MySQL': '\x4a\0\0\0\x0a8.0.32\0', 'MongoDB': '\x3a\0\0\0\x01\0\0\0\0\0\0\0\xdd\x07\0\0',
    'DNS': '\0\x1d\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01', 'zeros': '\0'.repeat(40),
  }
  for (const [name, text] of Object.entries(others)) for (const verdict of [probe(bytes(text), NONE), probe(NONE, bytes(text))]) assert.equal(verdict, 'no', name)
  for (const { name, steps } of HTTP1) for (const step of steps) assert.equal(probe(step.bytes, NONE), 'no', name)
})

test('random bytes are not claimed', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 9, maxLength: 200 }), (junk) => {
    assert.notEqual(probe(junk, NONE), 'yes')
    assert.notEqual(probe(NONE, junk), 'yes')
  }), { numRuns: 1000 })
})
