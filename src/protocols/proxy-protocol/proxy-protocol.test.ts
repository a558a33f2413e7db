import assert from 'node:assert/strict'
import test from 'node:test'
import { CLIENT } from '../../model/side.ts'
import type { Message } from '../../model/message.ts'
import { Conversation } from '../conversation.ts'
import { DEFAULT_SETTINGS } from '../protocol.ts'
import { PROTOCOLS } from '../registry.ts'
import { parseProxyHeader } from './header.ts'

const V2 = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

test('version 1, for a client and for itself', () => {
  const line = bytes('PROXY TCP4 10.1.2.3 10.0.0.9 51234 443\r\n')
  assert.deepEqual(parseProxyHeader(Buffer.concat([line, bytes('rest')])), {
    version: 1, isLocal: false, source: '10.1.2.3:51234', destination: '10.0.0.9:443', bytes: line.length,
  })
  assert.deepEqual(parseProxyHeader(bytes('PROXY UNKNOWN\r\n')), { version: 1, isLocal: true, bytes: 15 })
  assert.equal(parseProxyHeader(bytes('PROXY TCP4 nonsense\r\n')), 'no')
  assert.equal(parseProxyHeader(bytes(`PROXY ${'x'.repeat(200)}`)), 'no')
})

test('version 2 of both families, and what else it may say', () => {
  const v4 = Buffer.concat([V2, Buffer.from('2111000c0a0102030a000009c82201bb', 'hex')])
  assert.deepEqual(parseProxyHeader(v4), { version: 2, isLocal: false, source: '10.1.2.3:51234', destination: '10.0.0.9:443', bytes: 28 })
  const v6 = Buffer.concat([V2, Buffer.from('21210024', 'hex'), Buffer.from('20010db8000000000000000000000001'.repeat(2), 'hex'), Buffer.from('c82201bb', 'hex')])
  assert.equal((parseProxyHeader(v6) as { source?: string }).source, '[2001:db8::1]:51234')
  assert.deepEqual(parseProxyHeader(Buffer.concat([V2, Buffer.from('20000000', 'hex')])), { version: 2, isLocal: true, bytes: 16 })
  assert.equal(parseProxyHeader(Buffer.concat([V2, Buffer.from('3111000c', 'hex')])), 'no')
  assert.equal(parseProxyHeader(Buffer.concat([V2, Buffer.from('2111ffff', 'hex')])), 'no')
})

test('each prefix waits for more, and none of it throws', () => {
  for (const whole of [bytes('PROXY TCP6 ::1 ::2 1 2\r\n'), Buffer.concat([V2, Buffer.from('2111000c0a0102030a000009c82201bb', 'hex')])]) {
    for (let length = 0; length < whole.length; length++) assert.equal(parseProxyHeader(whole.subarray(0, length)), 'more')
    assert.equal(typeof parseProxyHeader(whole), 'object')
  }
})

test('what follows the header is read as what it is, however it is cut', () => {
  const stream = Buffer.concat([bytes('PROXY TCP4 10.1.2.3 10.0.0.9 51234 80\r\n'), bytes('GET /cart HTTP/1.1\r\nHost: a\r\n\r\n')])
  for (const step of [1, 7, 40, stream.length]) {
    const seen: Message[] = []
    const conversation = new Conversation({ message: (m) => seen.push(m), malformed: () => assert.fail() }, {
      protocols: PROTOCOLS, settings: DEFAULT_SETTINGS, serverPort: 9999, joinedLate: () => false,
    })
    for (let at = 0; at < stream.length; at += step) conversation.data(CLIENT, stream.subarray(at, at + step), 1)
    conversation.end(CLIENT, 2)
    conversation.end(1, 2)
    assert.deepEqual(seen.map(({ protocol, what }) => `${protocol}: ${what}`), ['proxy: PROXY v1 10.1.2.3:51234 → 10.0.0.9:80', 'http1: GET /cart'])
  }
})
