import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MtlscopeError } from '../base/errors.ts'
import { assumedProtocol, parseDecodeAs } from './decode-as.ts'

const hintOf = (word: string): string => {
  try {
    parseDecodeAs([word])
  } catch (error) {
    assert.ok(error instanceof MtlscopeError && error.code === 'usage')
    return `${error.message}; ${error.hint}`
  }
  return 'no error'
}

test('ports of TCP and UDP are told apart, and the last word counts', () => {
  assert.deepEqual(parseDecodeAs(['9999=http1', 'tcp:53=tls', 'udp:5300=dns', '9999=dns']), { tcp: { 9999: 'dns', 53: 'tls' }, udp: { 5300: 'dns' } })
})

test('what is wrong is told with the next thing to try', () => {
  assert.match(hintOf('9999=htp1'), /no protocol named htp1; did you mean http1\? over TCP there are: http1, .*dns/)
  assert.match(hintOf('udp:53=http1'), /no protocol named http1; over UDP there are: dns/)
  for (const word of ['redis', '9999', '70000=dns', '0=dns', 'sctp:1=dns', '9999:dns']) assert.match(hintOf(word), /^not a port and a protocol: .*; example: --decode-as/)
})

test('the server\'s port counts before the client\'s', () => {
  assert.equal(assumedProtocol({ 80: 'http1', 4000: 'tls' }, 80, 4000), 'http1')
  assert.equal(assumedProtocol({ 4000: 'tls' }, 80, 4000), 'tls')
  assert.equal(assumedProtocol({}, 80, 4000), undefined)
})
